"""Metadata that is made true of the pixels that are written."""

from __future__ import annotations

import pytest
from PIL import Image

from photochrom.media.metadata import bare_exif, clean, merge_extended, set_upright
from photochrom.media.model import Photo
from photochrom.media.xmp import DC, EXIF, NOTE, PHOTOSHOP, TIFF, Packet


def test_an_extension_is_merged_and_the_main_packet_counts():
    main, other = Packet(None), Packet(None)
    main.set(NOTE, "HasExtendedXMP", "A" * 32)
    main.set(DC, "source", "new")
    other.set(DC, "source", "old")
    other.set(PHOTOSHOP, "Headline", "x" * 1000)
    body = other.to_bytes()
    head = b"http://ns.adobe.com/xmp/extension/\0"

    def part(digest, start, stop):
        return head + digest + len(body).to_bytes(4, "big") + start.to_bytes(4, "big") + body[start:stop]

    segments = [part(b"A" * 32, 500, None), part(b"B" * 32, 0, 20), part(b"A" * 32, 0, 500)]
    merged = Packet(merge_extended(main.to_bytes(), segments))
    assert merged.get(DC, "source") == "new"
    assert merged.get(PHOTOSHOP, "Headline") == "x" * 1000
    assert merged.get(NOTE, "HasExtendedXMP") is None
    assert merge_extended(main.to_bytes(), segments[:1]) == main.to_bytes()


@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0", b"\0\0\0\6Exif\0\0", b"Exif\0\0Exif\0\0"])
def test_what_stands_before_an_exif_block_goes(prefix, orientation_exif):
    block = orientation_exif(6).removeprefix(b"Exif\0\0")
    assert bare_exif(prefix + block).removeprefix(b"Exif\0\0") == block


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_pixels_have_upright_metadata(orientation_exif, orientation):
    packet = Packet(None)
    for space, name, value in (
        (TIFF, "Orientation", str(orientation)),
        (TIFF, "ImageWidth", "40"),
        (TIFF, "ImageLength", "30"),
        (EXIF, "PixelXDimension", "40"),
        (EXIF, "PixelYDimension", "30"),
    ):
        packet.set(space, name, value)
    block = bare_exif(orientation_exif(orientation))
    photo = Photo([], "a.jpg", "JPEG", exif=block, xmp=packet.to_bytes(), dpi=(300, 600))
    assert set_upright(photo, size=(40, 30)) == orientation
    read = Image.Exif()
    read.load(photo.exif)
    assert read.get(0x0112, 1) == 1
    assert read[0x013B] == "Grandmother"
    after = Packet(photo.xmp)
    assert after.get(TIFF, "Orientation") == "1"
    # The orientations from 5 on lay the picture on its side (Exif 2.32, tag 274).
    wide, high = ("30", "40") if orientation >= 5 else ("40", "30")
    assert (after.get(TIFF, "ImageWidth"), after.get(TIFF, "ImageLength")) == (wide, high)
    assert (after.get(EXIF, "PixelXDimension"), after.get(EXIF, "PixelYDimension")) == (wide, high)
    assert photo.dpi == ((600, 300) if orientation >= 5 else (300, 600))


def test_what_a_decoder_has_turned_is_not_turned_again(orientation_exif):
    photo = Photo([], "a.heic", "HEIF", exif=bare_exif(orientation_exif(6)), dpi=(300, 600))
    assert set_upright(photo, size=(40, 30), applied=True) == 1
    assert photo.dpi == (300, 600)


def test_without_metadata_nothing_is_to_be_turned():
    photo = Photo([], "a.png", "PNG")
    assert set_upright(photo, size=(4, 3)) == 1
    assert clean(photo) == set()
    assert (photo.exif, photo.xmp, photo.notes) == (None, None, [])


def test_what_speaks_of_parts_that_go_goes_and_the_rest_stays():
    packet = Packet(None)
    packet.set("http://ns.google.com/photos/1.0/camera/", "MotionPhoto", "1")
    packet.set("http://ns.adobe.com/hdr-gain-map/1.0/", "Version", "1.0")
    packet.set(DC, "source", "album 4")
    photo = Photo([], "a.jpg", "JPEG", xmp=packet.to_bytes())
    assert clean(photo) == {"video", "gain map"}
    assert Packet(photo.xmp).names() == {(DC, "source")}
    assert photo.notes == []


def test_exif_beyond_reading_is_left_out_and_noted():
    photo = Photo([], "a.jpg", "JPEG", exif=b"no block", xmp=b"")
    assert clean(photo) == set()
    assert (photo.exif, photo.xmp) == (None, None)
    assert photo.notes == ["The EXIF metadata is too damaged to be read and was left out."]
