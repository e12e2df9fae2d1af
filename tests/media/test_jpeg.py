"""JPEG: the same quality, the same luma, the same segments."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import OptionError, PhotoError
from photochrom.media import jpeg, provenance
from photochrom.media import photo as media


def segments(data):
    """(marker, payload) up to the first scan."""
    at, found = 2, []
    while data[at + 1] != 0xDA:
        marker, size = struct.unpack_from(">xBH", data, at)
        found.append((marker, data[at + 4 : at + 2 + size]))
        at += 2 + size
    return found


def insert(data, marker, payload):
    return data[:2] + struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload + data[2:]


def as_ycbcr(photo):
    page = photo.pages[0]
    chroma = np.full(page.pixels.shape, 128, np.uint8)
    page.pixels, page.space = np.dstack([page.pixels, chroma, chroma + 20]), "ycbcr"
    return photo


@pytest.mark.parametrize("quality", [20, 50, 75, 90, 96])
@pytest.mark.parametrize("progressive", [False, True])
def test_grey_keeps_its_table_and_luma_bit_for_bit(saved, grey, quality, progressive):
    data = saved(grey, "JPEG", quality=quality, progressive=progressive)
    photo = media.open(data)
    luma = photo.pages[0].pixels.copy()
    out = Image.open(BytesIO(media.encode(as_ycbcr(photo))))
    reference = Image.open(BytesIO(saved(np.dstack([grey] * 3), "JPEG", quality=quality)))
    assert out.quantization == reference.quantization
    assert bool(out.info.get("progressive")) is progressive
    out.draft("YCbCr", None)
    got = np.asarray(out)[..., 0].astype(int)
    # The same tables on a plane that they have already quantised: only clipping at 0 and 255 moves it.
    assert np.abs(got - luma)[(luma > 3) & (luma < 252)].mean() < 0.6


@pytest.mark.parametrize(("sampling", "number"), [("4:4:4", 0), ("4:2:2", 1), ("4:2:0", 2)])
def test_colour_keeps_both_tables_and_sampling(saved, coloured, colour, sampling, number):
    tables = [list(range(1, 65)), list(range(65, 129))]
    photo = media.open(saved(colour, "JPEG", qtables=tables, subsampling=sampling))
    assert photo.jpeg.subsampling == number
    out = Image.open(BytesIO(media.encode(coloured(photo))))
    assert out.quantization == {0: tables[0], 1: tables[1]}
    from PIL.JpegImagePlugin import get_sampling

    assert get_sampling(out) == number


def test_quality_overrides_the_tables(saved, coloured, grey):
    photo = coloured(media.open(saved(grey, "JPEG", quality=30)))
    out = Image.open(BytesIO(media.encode(photo, jpeg_quality=95)))
    want = Image.open(BytesIO(saved(np.dstack([grey] * 3), "JPEG", quality=95)))
    assert out.quantization == want.quantization
    with pytest.raises(OptionError, match="jpeg_quality 0 is not in 1 to 100"):
        media.encode(photo, jpeg_quality=0)


@pytest.mark.parametrize("quality", [5, 30, 60, 85, 99])
def test_chroma_table_is_that_of_the_quality(saved, colour, quality):
    tables = Image.open(BytesIO(saved(colour, "JPEG", quality=quality))).quantization
    derived = np.array(jpeg.chroma_table_for(list(tables[0])))
    assert np.abs(derived - tables[1]).max() <= max(1, 0.06 * max(tables[1]))


def test_everything_else_survives(saved, coloured, grey):
    thumbnail = b"8BIM" + struct.pack(">HHI", 1036, 0, 5) + b"GREY!\0"
    caption = b"8BIM" + struct.pack(">HHI", 1028, 0, 6) + b"\x1c\x02x\0\1A"
    data = insert(saved(grey, "JPEG", dpi=(300, 300)), 0xED, b"Photoshop 3.0\0" + thumbnail + caption)
    data = insert(data, 0xFE, b"from the attic")
    out = media.encode(coloured(media.open(data)))
    found = segments(out)
    assert (0xED, b"Photoshop 3.0\0" + caption) in found
    assert [body for marker, body in found if marker == 0xFE] == [b"from the attic"]
    assert Image.open(BytesIO(out)).info["dpi"] == (300, 300)


def test_a_stale_thumbnail_goes(saved, coloured, grey):
    small = saved(grey[:8, :8], "JPEG")
    block = b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, 1, 0, 26)
    block += struct.pack(">HHHIIHHII", 2, 0x0201, 4, 1, 56, 0x0202, 4, 1, len(small)) + b"\0" * 4
    data = saved(grey, "JPEG", exif=b"Exif\0\0" + block + small)
    assert Image.open(BytesIO(data)).getexif().get_ifd(-1)[0x0201] == 56
    out = media.encode(coloured(media.open(data)))
    assert small not in out
    assert Image.open(BytesIO(out)).getexif().get_ifd(-1) == {}


def test_long_xmp_is_split_and_its_mark_stays_readable(saved, coloured, grey):
    photo = media.open(saved(grey, "JPEG"))
    photo.xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:a="urn:a"><a:long>'
        + b"y" * 150_000
        + b"</a:long></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    provenance.mark(photo, "m", "1")
    out = media.encode(coloured(photo))
    assert provenance.read(out).model == "m"
    head = b"http://ns.adobe.com/xmp/extension/\0"
    parts = [body for _, body in segments(out) if body.startswith(head)]
    body = b"".join(part[len(head) + 40 :] for part in parts)
    assert body.count(b"y") >= 150_000
    assert struct.unpack(">I", parts[0][len(head) + 32 : len(head) + 36])[0] == len(body)
    again = media.open(out)
    assert again.xmp.count(b"y") >= 150_000
    assert b"HasExtendedXMP" not in again.xmp
    assert media.open(media.encode(again)).xmp.count(b"y") >= 150_000
    assert media.open(media.encode(again, format="png")).xmp.count(b"y") >= 150_000


def test_mpo_opens_as_its_first_picture(saved, grey):
    out = BytesIO()
    Image.fromarray(grey).save(out, "MPO", save_all=True, append_images=[Image.fromarray(grey[::-1])])
    photo = media.open(out.getvalue())
    assert photo.format == "JPEG"
    assert len(photo.pages) == 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (17, 9)])
@pytest.mark.parametrize("progressive", [False, True])
def test_awkward_sizes_of_noise(saved, coloured, shape, progressive):
    noise = np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)
    photo = coloured(media.open(saved(noise, "JPEG", quality=100, progressive=progressive)))
    assert Image.open(BytesIO(media.encode(photo))).size == (shape[1], shape[0])


def test_conversion_between_spaces(saved, grey):
    photo = as_ycbcr(media.open(saved(grey, "JPEG")))
    out = Image.open(BytesIO(media.encode(photo, format="png")))
    want = Image.frombytes("YCbCr", out.size, photo.pages[0].pixels.tobytes()).convert("RGB")
    np.testing.assert_array_equal(np.asarray(out), np.asarray(want))


def test_luma_encodes_as_grey(saved, grey):
    out = Image.open(BytesIO(media.encode(media.open(saved(grey, "JPEG")))))
    assert out.mode == "L"


def test_transparency_is_refused(saved, colour):
    photo = media.open(saved(np.dstack([colour, colour[..., 0]]), "PNG"), name="cut-out.png")
    with pytest.raises(PhotoError, match=r"cut-out\.png: JPEG has no transparency; choose PNG"):
        media.encode(photo, format="JPEG")
    photo.pages[0].alpha[...] = 255
    assert media.encode(photo, format="jpg")[:2] == b"\xff\xd8"
