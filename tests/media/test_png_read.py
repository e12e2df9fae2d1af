"""PNG: colours as its tags say, and metadata in every place where programs put it."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from photochrom.errors import UnreadableError
from photochrom.media import photo as media
from photochrom.media.exif import orientation

ADOBE = (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)  # the primaries of Adobe RGB (1998)


def encoded(light):
    """sRGB's transfer function (IEC 61966-2-1), written out."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)


def gamma(value):
    return struct.pack(">I", value)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("value", [100000, 55556, 25000])
def test_grey_with_a_gamma_is_shown_as_its_tag_says(raw_png, png_chunk, bits, value):
    # PNG (3rd edition), 13.13: light = sample ** (1 / gamma).
    top = (1 << bits) - 1
    samples = np.linspace(0, top, 40 * 40).astype(np.int64).reshape(40, 40)
    photo = media.open(raw_png(samples, bits, 0, png_chunk(b"gAMA", gamma(value))))
    want = encoded((samples / top) ** (100000 / value)) * top
    assert np.abs(photo.pages[0].pixels - want).max() <= (1 if bits == 8 else 2)
    assert photo.notes == []


@pytest.mark.parametrize("bits", [8, 16])
def test_rgb_with_a_gamma_and_primaries(raw_png, png_chunk, bits):
    top = (1 << bits) - 1
    samples = np.random.default_rng(3).integers(top // 4, 3 * top // 4, (30, 30, 3))
    extra = png_chunk(b"gAMA", gamma(45455)) + png_chunk(b"cHRM", struct.pack(">8I", *ADOBE))
    photo = media.open(raw_png(samples, bits, 2, extra))
    # Adobe RGB to XYZ and XYZ to sRGB, as published (Adobe RGB (1998), 4.3.5.3; IEC 61966-2-1); both have D65.
    to_xyz = [[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529], [0.02703, 0.07069, 0.99134]]
    to_srgb = [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
    value = samples / top
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)  # 0.45455 means sRGB
    rgb = encoded(np.clip(light @ np.transpose(to_xyz) @ np.transpose(to_srgb), 0, 1))
    want = rgb @ [0.299, 0.587, 0.114] * top
    assert np.abs(photo.pages[0].pixels - want).max() <= (2 if bits == 8 else 100)


@pytest.mark.parametrize("tags", ["sRGB", "gAMA of sRGB", "iCCP"])
def test_tags_that_change_nothing(raw_png, png_chunk, tags):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    extra = {
        "sRGB": png_chunk(b"sRGB", b"\0") + png_chunk(b"gAMA", gamma(100000)),
        "gAMA of sRGB": png_chunk(b"gAMA", gamma(45455)),
        "iCCP": png_chunk(b"iCCP", b"x\0\0" + zlib.compress(profile)) + png_chunk(b"gAMA", gamma(100000)),
    }[tags]
    samples = np.arange(64 * 3).reshape(8, 8, 3)
    data = raw_png(samples, 8, 2, extra)
    want = np.asarray(Image.open(BytesIO(data)).convert("L"))
    np.testing.assert_array_equal(media.open(data).pages[0].pixels, want)


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        (b"gAMA", gamma(0), "make no sense"),
        (b"cHRM", bytes(32), "make no sense"),
        (b"iCCP", b"x\0\0nothing", "ICC profile is broken"),
        (b"cICP", b"\x09\x10\0\1", "not supported"),
    ],
)
def test_tags_that_cannot_be_followed_are_noted(raw_png, png_chunk, kind, body, words):
    samples = np.arange(64 * 3).reshape(8, 8, 3)
    photo = media.open(raw_png(samples, 8, 2, png_chunk(kind, body)))
    assert len(photo.notes) == 1
    assert words in photo.notes[0]


@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
def test_exif_with_the_prefix_of_a_jpeg(raw_png, png_chunk, png_chunks, coloured, orientation_exif, prefix):
    block = orientation_exif(6)[6:]
    samples = np.arange(35).reshape(5, 7)
    photo = media.open(raw_png(samples, 8, 0, png_chunk(b"eXIf", prefix + block)))
    np.testing.assert_array_equal(photo.pages[0].pixels, np.rot90(samples, -1))
    chunks = dict(png_chunks(media.encode(coloured(photo))))
    assert chunks[b"eXIf"][:2] in (b"II", b"MM")
    assert orientation(chunks[b"eXIf"]) == 1
    read = Image.Exif()
    read.load(chunks[b"eXIf"])
    assert read[0x013B] == "Grandmother"


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt"])
def test_metadata_as_hexadecimal_text(raw_png, png_chunk, orientation_exif, kind):
    # As ImageMagick wrote it before PNG had eXIf; the format is in ExifTool's documentation of PNG tags.
    block = orientation_exif(8)
    digits = block.hex()
    text = (
        f"\nexif\n{len(block):8}\n" + "\n".join(digits[i : i + 72] for i in range(0, len(digits), 72)) + "\n"
    )
    body = text.encode() if kind == b"tEXt" else b"\0" + zlib.compress(text.encode())
    extra = png_chunk(kind, b"Raw profile type exif\0" + body)
    samples = np.arange(35).reshape(5, 7)
    photo = media.open(raw_png(samples, 8, 0, extra))
    np.testing.assert_array_equal(photo.pages[0].pixels, np.rot90(samples))
    assert photo.png_text == []
    assert b"Grandmother" in photo.exif


@pytest.mark.parametrize("size", [8, 20, 33])
def test_short_files_are_damaged_in_plain_words(raw_png, size):
    data = raw_png(np.zeros((4, 4), int), 8, 0)[:size]
    with pytest.raises(UnreadableError) as caught:
        media.open(data, name="short.png")
    assert str(caught.value) == "short.png: is damaged or incomplete; copy it again from where it came from"


def test_a_bad_profile_of_16_bits_prints_nothing(raw_png, png_chunk, capfd):
    extra = png_chunk(b"iCCP", b"x\0\0" + zlib.compress(b"no profile")) + png_chunk(b"gAMA", gamma(100))
    media.open(raw_png(np.zeros((4, 4, 3), int), 16, 2, extra))
    assert capfd.readouterr() == ("", "")


def test_pixels_of_16_bits_that_are_damaged_print_nothing(raw_png, png_chunk, capfd):
    data = raw_png(np.zeros((40, 40, 3), int), 16, 2)
    start = data.index(b"IDAT") - 4
    data = data[:start] + png_chunk(b"IDAT", b"x\x9cnonsense") + png_chunk(b"IEND", b"")
    with pytest.raises(UnreadableError, match="damaged"):
        media.open(data)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("kept", [0, 5])
def test_a_missing_end_marker_is_noted(raw_png, bits, kept):
    # The pixels are a zlib stream with a checksum (PNG specification, 10.1), so it is known that they are whole.
    samples = np.random.default_rng(0).integers(0, 2**bits, (20, 30))
    data = raw_png(samples, bits, 0)
    whole, cut = media.open(data), media.open(data[: len(data) - 12 + kept])
    assert np.array_equal(whole.pages[0].pixels, cut.pages[0].pixels)
    assert cut.notes == [*whole.notes, "The end marker of the PNG is missing; the picture is whole."]


@pytest.mark.parametrize("bits", [8, 16])
def test_missing_pixels_are_damage_with_and_without_an_end_marker(raw_png, png_chunk, bits):
    samples = np.random.default_rng(0).integers(0, 2**bits, (20, 30))
    data = raw_png(samples, bits, 0)
    at = data.index(b"IDAT") - 4
    (size,) = struct.unpack_from(">I", data, at)
    half = data[:at] + png_chunk(b"IDAT", data[at + 8 : at + 8 + size // 2])
    for broken in (half, half + png_chunk(b"IEND", b"")):
        with pytest.raises(UnreadableError, match="damaged"):
            media.open(broken)
