"""AVIF and HEIC of more than 8 bits, several pictures in a HEIC, and the XMP and comment of a GIF."""

from __future__ import annotations

import sys
from io import BytesIO

import imagecodecs
import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image

from photochrom.errors import UnreadableError
from photochrom.media import photo as media
from photochrom.media import provenance

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="album 4"/></rdf:RDF></x:xmpmeta>'
)


@pytest.fixture
def ramp():
    y, x = np.mgrid[0:64, 0:96]
    return (x * 9 + y * 2).astype(np.uint16)


@pytest.mark.parametrize("bits", [10, 12])
@pytest.mark.parametrize("channels", [1, 3])
def test_avif_keeps_its_depth(ramp, bits, channels):
    levels = ramp << (bits - 10)
    picture = levels if channels == 1 else np.dstack([levels] * 3)
    data = imagecodecs.avif_encode(picture, bitspersample=bits, level=100)
    photo = media.open(data)
    want = np.asarray(imagecodecs.avif_decode(data)).astype(np.int64)
    want = want if want.ndim == 2 else want @ [299, 587, 114] / 1000
    assert (photo.bits, photo.pages[0].pixels.dtype, photo.notes) == (bits, np.uint16, [])
    assert np.abs(photo.pages[0].pixels - want / ((1 << bits) - 1) * 65535).max() <= 1
    notes: list[str] = []
    media.encode(photo, notes=notes)
    assert notes == [f"AVIF was written with 8 bits a sample; the photo has {bits}."]
    notes.clear()
    assert tifffile.imread(BytesIO(media.encode(photo, format="tiff", notes=notes))).dtype == np.uint16
    assert notes == []


def test_avif_without_the_extra_says_that_it_lost_depth(ramp, monkeypatch):
    data = imagecodecs.avif_encode(ramp, bitspersample=10, level=100)
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    photo = media.open(data)
    assert photo.notes == ["The picture has 10 bits a sample and was read at 8 bits."]
    np.testing.assert_array_equal(photo.pages[0].pixels, np.asarray(Image.open(BytesIO(data)).convert("L")))


def test_avif_of_8_bits_is_read_by_pillow(saved, colour):
    photo = media.open(saved(colour, "AVIF"))
    assert (photo.bits, photo.notes) == (8, [])


@pytest.mark.parametrize("alpha", [False, True])
def test_heic_keeps_ten_bits(ramp, alpha):
    wide = (ramp << 6).astype(np.uint16)
    planes = np.dstack([wide] * 3 + ([wide] if alpha else []))
    mode = "RGBA;16" if alpha else "RGB;16"
    out = BytesIO()
    pillow_heif.from_bytes(mode=mode, size=(96, 64), data=planes.tobytes()).save(out, quality=-1)
    photo = media.open(out.getvalue())
    assert (photo.bits, photo.pages[0].pixels.dtype) == (10, np.uint16)
    assert np.abs(photo.pages[0].pixels - ramp / 1023 * 65535).max() <= 2 * 64
    assert (photo.pages[0].alpha is not None) is alpha
    notes: list[str] = []
    provenance.mark(photo, "m", "1")
    again = media.encode(photo, notes=notes)
    assert notes == []
    assert pillow_heif.open_heif(BytesIO(again), convert_hdr_to_8bit=False).info["bit_depth"] == 10
    assert provenance.read(again).model == "m"


def test_further_pictures_of_a_heic_are_noted(colour):
    image = pillow_heif.from_pillow(Image.fromarray(colour))
    image.add_from_pillow(Image.fromarray(colour[::-1].copy()))
    out = BytesIO()
    image.save(out)
    assert media.open(out.getvalue()).notes == ["A further picture in the same file was left out."]


def test_xmp_and_comment_of_a_gif(saved, coloured, grey):
    data = saved(grey, "GIF", comment=b"from the attic")
    trailer = (
        b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    )  # XMP part 3, 1.1.2: lets other readers skip the packet
    at = data.index(b"\x21\xfe")  # before the comment
    data = data[:at] + b"\x21\xff\x0bXMP DataXMP" + XMP + trailer + data[at:]
    assert Image.open(BytesIO(data)).size == (44, 30)
    photo = media.open(data)
    assert photo.xmp == XMP
    out = media.encode(coloured(photo))
    assert Image.open(BytesIO(out)).info["Comment"] == "from the attic"
    assert b"album 4" in out
    provenance.mark(photo, "m", "1")
    assert provenance.read(media.encode(photo)).model == "m"


def test_a_raw_that_ends_early_prints_nothing(capfd):
    tags = [
        (50706, "B", 4, (1, 4, 0, 0), True),
        (33421, "H", 2, (2, 2), True),
        (33422, "B", 4, (0, 1, 1, 2), True),
        (50708, "s", 0, "Test Cam", True),
        (50714, "I", 1, 0, True),
        (50717, "I", 1, 4095, True),
        (50721, "2i", 9, (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1), True),
        (50728, "2I", 3, (1, 1, 1, 1, 1, 1), True),
    ]
    out = BytesIO()
    pattern = np.random.default_rng(0).integers(200, 4000, (64, 80)).astype(np.uint16)
    tifffile.imwrite(out, pattern, photometric="cfa", extratags=tags, metadata=None)
    photo = media.open(out.getvalue(), name="a.dng")
    assert (photo.format, photo.pages[0].pixels.shape) == ("RAW", (64, 80))
    with pytest.raises(UnreadableError, match=r"a\.dng: is damaged"):
        media.open(out.getvalue()[:6000], name="a.dng")
    assert capfd.readouterr() == ("", "")
