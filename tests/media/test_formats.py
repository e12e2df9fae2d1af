"""The table of formats: first bytes, suffixes, and what is said of formats that are not read."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from photochrom.errors import Remedy, UnsupportedError
from photochrom.media import formats
from photochrom.media import photo as media


@pytest.mark.parametrize(
    ("head", "name", "format"),
    [
        (b"II*\0" + bytes(20), "a.NEF", "RAW"),
        (b"II*\0" + bytes(20), "a.tif", "TIFF"),
        (b"II*\0\x10\0\0\0CR\x02\0", "a", "RAW"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "a", "RAW"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", "a", "AVIF"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "a", "HEIF"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "a", "MP4"),
        (b"RIFF\0\0\0\0WAVE", "a", None),
        (b"BMW is a car, and this text says so", "a", None),
        (b"P5\n3 3\n255\n", "a.pgm", "PNM"),
        (b"\xff\x0a" + bytes(30), "a.jxl", "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a.jxl", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "a.jp2", "JPEG 2000"),
        (b"8BPS\0\1" + bytes(30), "a.psd", "PSD"),
        (b"%PDF-1.7", "a.pdf", "PDF"),
        (b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", "SVG"),
        (b"\x1a\x45\xdf\xa3" + bytes(30), "a.mkv", "MATROSKA OR WEBM"),
        (bytes(64), "a", None),
    ],
)
def test_what_it_is(head, name, format):
    found = formats.sniff(head, name)
    assert (found and found.name) == format


@pytest.mark.parametrize("format", [f for f in formats.readable() if not f.extra and f.name != "PSD"])
def test_what_pillow_writes_is_recognised(saved, grey, format):
    kind = {"PNM": "PPM", "JPEG 2000": "JPEG2000"}.get(format.name, format.name)
    assert formats.sniff(saved(grey, kind)[: formats.HEAD]) is format


def test_suffixes_and_names():
    assert formats.by_name("jpg") is formats.by_name("JPEG") is formats.by_suffix("a/B.JPEG")
    assert formats.by_name(".tif") is formats.by_suffix(".TIFF")
    assert formats.by_name("docx") is None
    assert formats.by_suffix("Smith, A. wedding") is None
    assert [format.name for format in formats.writable()] == ["JPEG", "PNG", "TIFF", "WEBP", "AVIF", "HEIF"]
    every = [
        suffix for format in formats.FORMATS.values() for suffix in (*format.suffixes, *format.other_suffixes)
    ]
    assert len(every) == len(set(every))
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in every)


def test_what_is_written_can_be_written():
    for format in formats.readable():
        target = formats.FORMATS[format.written_as or format.name]
        assert target.writes
        assert target.suffixes[0].startswith(".")


@pytest.mark.parametrize("name", ["a.jpg", "b.MPO", "c.hif", "d.NEF", ".gif"])
def test_a_scan_takes_photos(name):
    assert formats.is_photo_suffix(name)
    assert formats.left_out_reason(name) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.exr", "OpenEXR is not supported yet"),
        ("b.PSB", "PSB"),
        ("c.mkv", "Matroska or WebM is a video format"),
    ],
)
def test_a_scan_says_what_it_leaves_out(name, reason):
    assert not formats.is_photo_suffix(name)
    assert reason in formats.left_out_reason(name)


def test_a_scan_is_silent_about_other_files():
    assert not formats.is_photo_suffix("notes.txt")
    assert formats.left_out_reason("notes.txt") is None


@pytest.mark.parametrize(
    ("format", "words"), [("ICO", "ICO is not supported yet"), ("PCX", "PCX is not supported yet")]
)
def test_a_sound_file_of_another_format_is_called_by_its_name(saved, colour, format, words):
    with pytest.raises(UnsupportedError, match=f"x: {words}; convert it to PNG or TIFF first"):
        media.open(saved(colour, format), name="x")


def test_a_film_is_no_picture():
    with pytest.raises(UnsupportedError, match="video") as caught:
        media.open(b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(99), name="a.mp4")
    assert caught.value.remedy is Remedy.USE_FILM


def test_the_remedies_name_the_formats_of_the_table():
    for format in formats.writable():
        assert format.title in Remedy.CHOOSE_FORMAT
    for format in formats.readable():
        if not format.written_as:
            assert format.title in Remedy.GIVE_PICTURE


def test_reserved_bytes_of_a_bitmap_do_not_matter(saved, colour):
    # Windows says that the four bytes at 6 "must be zero"; ImageMagick and Pillow do not look at them.
    data = bytearray(saved(colour, "BMP"))
    data[6:10] = b"HELO"
    want = Image.open(BytesIO(data)).convert("L")
    assert media.open(bytes(data)).pages[0].pixels.tobytes() == want.tobytes()
