"""Every bad file is one PhotoError: one line, the file's name, what to do."""

from __future__ import annotations

import os
import struct
import sys
import zlib
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from photochrom.errors import PhotoError, TooLargeError, UnreadableError, UnsupportedError
from photochrom.media import photo as media


def refused(source, kind=PhotoError, name="bad.jpg", **options):
    """The message with which `source` is refused; its form is checked."""
    with pytest.raises(kind) as caught:
        media.open(source, name=name, **options)
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert "\n" not in message
    assert ";" in message, "the remedy is missing"
    return message


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP", "BMP", "AVIF", "GIF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_truncated(saved, colour, format, share):
    data = saved(colour, format)
    refused(data[: int(len(data) * share)])


@pytest.mark.parametrize("share", [0.5, 0.98])
def test_truncated_16_bit_png(raw_png, deep, share):
    data = raw_png(deep, 16, 2)
    refused(data[: int(len(data) * share)])


def test_16_bit_png_with_a_flipped_bit(raw_png, deep):
    data = bytearray(raw_png(deep, 16, 2))
    data[len(data) // 2] ^= 1
    assert "damaged or incomplete; copy it again" in refused(bytes(data))


@pytest.mark.parametrize(
    "data", [b"", b"Dear diary,\nno picture today.\n", b"\xff\xd8\xff", b"%PDF-1.7", b"\0" * 500]
)
def test_no_picture(data):
    refused(data)


def test_empty_says_so():
    assert "empty" in refused(b"", UnreadableError)


def test_text_names_what_can_be_read():
    assert "JPEG, PNG, TIFF" in refused(b"hello", UnsupportedError)


def test_zero_sized(png_chunk):
    head = struct.pack(">IIBBBBB", 0, 5, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + png_chunk(b"IEND", b"")
    assert "zero pixels" in refused(data)


def test_a_folder_and_nothing(tmp_path):
    assert "folder" in refused(tmp_path, UnreadableError)
    assert "no such file" in refused(tmp_path / "lost.jpg", UnreadableError)
    with pytest.raises(UnreadableError, match=r"lost\.jpg: there is no such file"):
        media.open(tmp_path / "lost.jpg")


def test_no_permission(tmp_path, monkeypatch, saved, grey):
    path = tmp_path / "locked.png"
    path.write_bytes(saved(grey, "PNG"))
    path.chmod(0)
    if os.access(path, os.R_OK):  # root may read everything, so the system's answer is put in its place

        def denied(*args, **options):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("pathlib.Path.open", denied)
    assert "may not be read" in refused(path, UnreadableError)


def bomb(png_chunk, side):
    body = zlib.compress(bytes(1000))
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")
    )


def test_a_decompression_bomb_is_not_decoded(png_chunk, monkeypatch):
    def never(*args, **options):
        raise AssertionError("decoded")

    monkeypatch.setattr("photochrom.media.png_read.page_from_image", never)
    monkeypatch.setattr("photochrom.media.png_read.page_from_array", never)
    assert "max_pixels" in refused(bomb(png_chunk, 60_000), TooLargeError)


def test_limit_is_ours_alone(saved, grey, monkeypatch):
    before = Image.MAX_IMAGE_PIXELS
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)  # Pillow would raise at 21 pixels
    refused(saved(grey, "WEBP"), TooLargeError)  # the one plugin that cannot be told
    files = [saved(grey, format) for format in ("JPEG", "PNG", "TIFF", "BMP", "GIF", "AVIF")]
    files.append(cv2.imencode(".tif", grey.astype(np.uint16), [cv2.IMWRITE_TIFF_COMPRESSION, 5])[1].tobytes())
    for buffer in files:
        assert media.open(buffer).pages[0].pixels.shape == grey.shape
        refused(buffer, TooLargeError, max_pixels=grey.size - 1)
        assert media.open(buffer, max_pixels=grey.size).pages
    assert Image.MAX_IMAGE_PIXELS == 10
    monkeypatch.undo()
    assert before == Image.MAX_IMAGE_PIXELS


def test_pages_count_together(saved, grey):
    image = Image.fromarray(grey)
    data = saved(image, "TIFF", save_all=True, append_images=[image, image])
    refused(data, TooLargeError, max_pixels=grey.size * 3 - 1)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_animations(saved, grey, format):
    frames = [Image.fromarray(np.roll(grey, 3 * i)) for i in range(3)]
    data = saved(frames[0], format, save_all=True, append_images=frames[1:])
    assert "animation of 3 frames" in refused(data, UnsupportedError)


@pytest.mark.parametrize(("format", "module"), [("HEIF", "pillow_heif"), ("RAW", "rawpy")])
def test_the_extra_is_named(monkeypatch, format, module):
    monkeypatch.setitem(sys.modules, module, None)
    head = {"HEIF": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "RAW": b"FUJIFILMCCD-RAW 0201"}[format]
    assert 'pip install ".[photo]" in the folder' in refused_extra(head + bytes(100))


def refused_extra(data):
    with pytest.raises(UnsupportedError) as caught:
        media.open(data, name="x.heic")
    return str(caught.value)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP", "BMP", "AVIF"])
def test_damaged_anywhere_never_escapes(saved, colour, orientation_exif, format):
    """Random damage opens, or is a PhotoError; no other exception."""
    options = {} if format in ("BMP", "AVIF") else {"exif": orientation_exif(6)}
    data = saved(colour[:12, :16], format, **options)
    rng = np.random.default_rng(5)
    opened = 0
    for _ in range(60):
        broken = bytearray(data)
        for at in rng.integers(0, len(data), 4):
            broken[at] = rng.integers(0, 256)
        try:
            photo = media.open(bytes(broken), max_pixels=10_000)
            opened += 1
            assert len(media.encode(photo)) > 0
        except PhotoError:
            pass
    assert opened < 60


def test_too_large_for_the_format():
    photo = media.Photo([media.Page(np.zeros((1, 17_000), np.uint8))], "strip.png", "PNG")
    with pytest.raises(TooLargeError, match=r"strip\.png: WebP holds at most 16383"):
        media.encode(photo, format="webp")
    with pytest.raises(UnsupportedError, match=r"cannot be written as docx; choose JPEG, PNG"):
        media.encode(photo, format="docx")
    photo.pages = []
    with pytest.raises(PhotoError, match="no page"):
        media.encode(photo)


def test_no_memory_is_a_sentence(saved, grey, monkeypatch):
    def full(*args, **options):
        raise MemoryError

    monkeypatch.setattr("photochrom.media.png_read.page_from_image", full)
    assert "memory" in refused(saved(grey, "PNG"), TooLargeError)


def test_a_file_object_of_text(tmp_path):
    path = tmp_path / "notes.jpg"
    path.write_text("nothing")
    with path.open("rb") as file, pytest.raises(PhotoError, match=r"notes\.jpg: "):
        media.open(file)
    with pytest.raises(PhotoError, match=r"line break\.jpg"):
        media.open(BytesIO(b"x"), name="line\nbreak.jpg")
