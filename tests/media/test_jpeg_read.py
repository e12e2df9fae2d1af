"""JPEG files that end early, that hold more than one picture, or that are of rare kinds."""

from __future__ import annotations

import struct
import sys
from io import BytesIO

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from photochrom.errors import Remedy, UnreadableError, UnsupportedError
from photochrom.media import photo as media
from photochrom.media import provenance

HEAD = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
)
TAIL = b"</rdf:RDF></x:xmpmeta>"
MOTION = (
    HEAD + b'<rdf:Description xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MotionPhoto="1"'
    b' GCamera:MotionPhotoVersion="1" GCamera:SpecialTypeID="x"'
    b' xmlns:Container="http://ns.google.com/photos/1.0/container/"'
    b' xmlns:Item="http://ns.google.com/photos/1.0/container/item/">'
    b'<Container:Directory><rdf:Seq><rdf:li rdf:parseType="Resource">'
    b'<Container:Item Item:Mime="video/mp4" Item:Semantic="MotionPhoto" Item:Length="99"/></rdf:li></rdf:Seq>'
    b"</Container:Directory></rdf:Description>" + TAIL
)
GAIN_MAP = (
    HEAD
    + b'<rdf:Description xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"/>'
    + TAIL
)


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (320, 320), dtype=np.uint8)


def cut(data, share):
    start = data.index(b"\xff\xda") + 10
    return data[: start + int((len(data) - start) * share)].rstrip(b"\xff")


def reference(data):
    return np.asarray(Image.open(BytesIO(data)).convert("L"))


def test_an_end_marker_in_the_middle_is_noted(saved, noise):
    data = cut(saved(noise, "JPEG"), 0.5)
    for rest in (b"", b"\0" * 500, saved(noise, "JPEG")[-500:]):
        photo = media.open(data + b"\xff\xd9" + rest)
        np.testing.assert_array_equal(photo.pages[0].pixels, reference(data + b"\xff\xd9"))
        assert len(photo.notes) == 1
        assert "ends early" in photo.notes[0]
        share = int(photo.notes[0].split(": ")[1].split(" ")[0])
        assert share == pytest.approx(50, abs=5)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("progressive", [False, True])
def test_only_the_end_marker_is_missing(saved, noise, mode, progressive):
    data = saved(Image.fromarray(noise).convert(mode), "JPEG", progressive=progressive)
    photo = media.open(data[:-2])
    assert photo.notes == ["The end marker of the JPEG is missing; the picture is whole."]
    np.testing.assert_array_equal(photo.pages[0].pixels, reference(data))


def test_a_part_that_is_missing_needs_salvage(saved, noise):
    data = cut(saved(noise, "JPEG"), 0.6)
    with pytest.raises(UnreadableError, match="40 % of the picture is missing; salvage=True") as caught:
        media.open(data, name="half.jpg")
    assert (caught.value.code, caught.value.remedy) == ("incomplete", Remedy.SALVAGE)
    photo = media.open(data, salvage=True)
    np.testing.assert_array_equal(photo.pages[0].pixels, reference(data + b"\xff\xd9"))
    assert photo.notes == ["The JPEG ends early: 40 % of the picture is missing."]


def test_the_last_blocks_may_be_missing(saved, noise):
    photo = media.open(saved(noise, "JPEG")[:-60])
    assert photo.notes == ["The JPEG ends early: 1 % of the picture is missing."]


def test_salvage_does_not_make_a_picture_of_nothing(saved, noise):
    data = saved(noise, "JPEG")
    for size in (20, data.index(b"\xff\xda"), data.index(b"\xff\xda") + 12):
        with pytest.raises(UnreadableError, match="damaged"):
            media.open(data[:size], salvage=True)


def test_a_progressive_picture_loses_fine_detail(saved, noise):
    data = saved(np.kron(noise[:80, :80], np.ones((4, 4), np.uint8)), "JPEG", progressive=True)
    photo = media.open(data[: int(len(data) * 0.9)])
    assert "fine detail is missing" in photo.notes[0]
    with pytest.raises(UnreadableError, match="salvage=True"):
        media.open(data[: int(len(data) * 0.1)])


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_an_end_marker_between_the_scans_is_noted(saved, noise, share):
    data = saved(np.kron(noise[:80, :80], np.ones((4, 4), np.uint8)), "JPEG", progressive=True)
    photo = media.open(data[: int(share * len(data))] + b"\xff\xd9", salvage=True)
    (note,) = photo.notes
    assert note.startswith("The JPEG ends early: ")
    assert media.open(data).notes == []


def test_middle_grey_is_no_early_end(saved):
    assert media.open(saved(np.full((64, 64), 128, np.uint8), "JPEG")).notes == []


def test_a_motion_photo_says_that_its_video_is_left_out(saved, coloured, grey):
    film = struct.pack(">I4s4sI", 16, b"ftyp", b"mp42", 0) + bytes(500)
    photo = media.open(saved(grey, "JPEG", xmp=MOTION) + film)
    assert photo.notes == ["The video of this motion photo was left out."]
    out = media.encode(coloured(photo))
    for word in (b"MotionPhoto", b"Container", b"ftyp"):
        assert word not in out
    assert b"SpecialTypeID" in out


def test_a_gain_map_is_left_out(saved, coloured, grey):
    photo = media.open(saved(grey, "JPEG", xmp=GAIN_MAP) + saved(grey[:8, :8], "JPEG"))
    assert photo.notes == ["The gain map for HDR displays was left out."]
    assert b"hdrgm" not in media.encode(coloured(photo))


@pytest.mark.parametrize(("count", "words"), [(1, "A further picture"), (2, "2 further pictures")])
def test_further_pictures_are_noted(grey, count, words):
    out = BytesIO()
    more = [Image.fromarray(grey[::-1])] * count
    Image.fromarray(grey).save(out, "MPO", save_all=True, append_images=more)
    photo = media.open(out.getvalue(), name="a.mpo")
    assert photo.format == "JPEG"
    assert media.extension_for(photo) == ".jpg"
    assert len(photo.notes) == 1
    assert photo.notes[0].startswith(words)
    np.testing.assert_array_equal(photo.pages[0].pixels, reference(out.getvalue()))


def test_an_ordinary_file_has_no_notes(saved, colour, orientation_exif):
    assert media.open(saved(colour, "JPEG", exif=orientation_exif(6), dpi=(300, 300))).notes == []


@pytest.mark.parametrize("channels", [1, 3])
def test_12_bits_are_kept(channels):
    y, x = np.mgrid[0:32, 0:48]
    levels = (x * 80 + y * 5).astype(np.uint16)
    picture = levels if channels == 1 else np.dstack([levels] * 3)
    data = imagecodecs.jpeg_encode(picture, level=98, bitspersample=12)
    want = np.asarray(imagecodecs.jpeg_decode(data), dtype=np.int64)
    photo = media.open(data, name="scan.jpg")
    assert (photo.bits, photo.pages[0].pixels.dtype) == (12, np.uint16)
    luma = want if channels == 1 else want @ [299, 587, 114] / 1000
    assert np.abs(photo.pages[0].pixels - luma * 65535 / 4095).max() <= 2
    assert media.extension_for(photo) == ".tif"
    notes: list[str] = []
    media.encode(photo, format="jpeg", notes=notes)
    assert notes == ["JPEG was written with 8 bits a sample; the photo has 12."]
    assert media.encode(photo, notes=notes)[:2] == b"II"
    assert len(notes) == 1


def test_jpeg_ls_is_lossless(deep):
    data = imagecodecs.jpegls_encode(deep[..., 0])
    photo = media.open(data, name="scan.jls")
    np.testing.assert_array_equal(photo.pages[0].pixels, deep[..., 0])
    assert media.extension_for(photo) == ".png"


def test_lossless_jpeg(grey):
    data = imagecodecs.jpeg_encode(grey, lossless=True)
    assert b"\xff\xc3" in data
    np.testing.assert_array_equal(media.open(data).pages[0].pixels, grey)


def test_without_the_extra_it_is_named(monkeypatch, grey):
    data = imagecodecs.jpeg_encode(grey.astype(np.uint16), bitspersample=12)
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(UnsupportedError, match=r"12-bit JPEG needs .*\.\[codecs\]") as caught:
        media.open(data)
    assert caught.value.remedy is Remedy.INSTALL_CODECS


def test_a_hierarchical_jpeg_is_not_damaged(saved, grey):
    data = bytearray(saved(grey, "JPEG"))
    data[data.index(b"\xff\xc0") + 1] = 0xC5
    with pytest.raises(UnsupportedError, match="not supported yet"):
        media.open(bytes(data))


@pytest.mark.parametrize("quality", [1, 3])
def test_tables_of_16_bits_are_kept_in_silence(saved, coloured, grey, capfd, quality):
    tables = [[min(v * 40, 2000) for v in range(1, 65)]]
    data = saved(grey, "JPEG", qtables=tables, progressive=True)
    photo = media.open(data)
    out = media.encode(coloured(photo))
    assert list(Image.open(BytesIO(out)).quantization[0]) == tables[0]
    provenance.mark(photo, "m", str(quality))
    assert capfd.readouterr() == ("", "")


def test_iptc_becomes_xmp_where_there_is_no_iim(saved, coloured, grey):
    iim = b"".join(
        b"\x1c\2" + bytes([number]) + struct.pack(">H", len(text)) + text
        for number, text in ((120, b"The pier"), (25, b"sea"), (25, b"boats"), (80, b"Ida"), (116, b"Family"))
    )
    block = (
        b"Photoshop 3.0\0" + b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(iim)) + iim + b"\0" * (len(iim) % 2)
    )
    segment = struct.pack(">BBH", 0xFF, 0xED, len(block) + 2) + block
    data = saved(grey, "JPEG")
    data = data[:2] + segment + data[2:]
    photo = coloured(media.open(data))
    provenance.mark(photo, "m", "1")
    assert b"dc:description" not in photo.xmp  # the caption is there, in IIM
    assert iim in media.encode(photo)
    with tifffile.TiffFile(BytesIO(media.encode(photo, format="tiff"))) as file:
        assert file.pages[0].tags[33723].value == iim
    again = media.open(media.encode(photo, format="tiff"))
    assert iim in media.encode(again, format="jpeg")
    for format in ("png", "webp", "avif"):
        xmp = media.encode(photo, format=format)
        assert b">The pier</rdf:li>" in xmp
        assert b"<dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>boats</rdf:li></rdf:Bag>" in xmp
        assert b"<dc:creator><rdf:Seq><rdf:li>Ida</rdf:li></rdf:Seq>" in xmp
