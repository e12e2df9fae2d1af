"""What comes in goes out: depth, format, alpha, EXIF, resolution, texts; and luma, exactly, where it can."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from photochrom.errors import PhotoError
from photochrom.media import encode
from photochrom.media import photo as media
from photochrom.media.exif import add_text, orientation, parse, text, upright


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP", "BMP", "GIF"])
def test_luma_of_a_lossless_output_is_the_input(saved, coloured, grey, format):
    options = {"lossless": True} if format == "WEBP" else {}
    data = saved(grey, format, **options)
    out = Image.open(BytesIO(media.encode(coloured(media.open(data)))))
    assert out.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(out.convert("L")), grey)


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("space", ["luma", "rgb"])
def test_alpha_is_untouched(saved, coloured, colour, format, space):
    image = Image.fromarray(colour)
    image.putalpha(Image.fromarray(colour[..., 0]))
    options = {"lossless": True, "exact": True} if format == "WEBP" else {}
    photo = media.open(saved(image, format, **options))
    out = Image.open(BytesIO(media.encode(coloured(photo) if space == "rgb" else photo)))
    np.testing.assert_array_equal(np.asarray(out.getchannel("A")), colour[..., 0])
    np.testing.assert_array_equal(np.asarray(out.convert("RGBA"))[..., 1], np.asarray(image.convert("L")))


def test_lossy_webp_keeps_alpha(saved, coloured, colour):
    image = Image.fromarray(colour)
    image.putalpha(Image.fromarray(colour[..., 0]))
    photo = media.open(saved(image, "WEBP", quality=80))
    assert photo.lossless is False
    out = media.encode(coloured(photo))
    assert b"VP8 " in out
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(out)).getchannel("A")), colour[..., 0])


def test_lossless_webp_stays_lossless(saved, coloured, grey, orientation_exif):
    for options in ({}, {"exif": orientation_exif(1)}):
        photo = media.open(saved(grey, "WEBP", lossless=True, **options))
        assert photo.lossless is True
        assert b"VP8L" in media.encode(coloured(photo))


@pytest.mark.parametrize("colour_type", [0, 2, 4, 6])
@pytest.mark.parametrize("space", ["luma", "rgb"])
def test_16_bit_png_goes_round(raw_png, coloured, deep, colour_type, space):
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour_type]
    samples = np.dstack([deep, deep[..., 0]])[..., -channels:]
    photo = media.open(raw_png(samples, 16, colour_type))
    before = photo.pages[0].pixels.copy()
    out = media.encode(coloured(photo) if space == "rgb" else photo)
    assert out[24] == 16
    got = cv2.imdecode(np.frombuffer(out, np.uint8), cv2.IMREAD_UNCHANGED)
    assert got.dtype == np.uint16
    np.testing.assert_array_equal(got if got.ndim == 2 else got[..., 0], before)
    if channels in (2, 4):
        np.testing.assert_array_equal(got[..., -1], deep[..., 0])
    assert media.open(out).bits == 16


def test_16_bit_png_channel_order(coloured, raw_png, deep):
    photo = coloured(media.open(raw_png(deep, 16, 2)))
    photo.pages[0].pixels = deep
    got = cv2.imdecode(np.frombuffer(media.encode(photo), np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(got[..., ::-1], deep)


@pytest.mark.parametrize("bits", [8, 16])
def test_png_chunks(request, raw_png, png_chunk, deep, bits):
    fixtures = ("png_chunks", "coloured", "orientation_exif")
    png_chunks, coloured, orientation_exif = map(request.getfixturevalue, fixtures)
    exif = orientation_exif(1)[6:]
    extra = png_chunk(b"pHYs", struct.pack(">IIB", 11811, 5906, 1)) + png_chunk(b"eXIf", exif)
    extra += png_chunk(b"tEXt", b"Title\0The pier") + png_chunk(b"gAMA", struct.pack(">I", 45455))
    extra += png_chunk(b"iTXt", b"Comment\0\0\0de\0\0" + "Brücke".encode())
    extra += png_chunk(b"zTXt", b"Author\0\0" + zlib.compress(b"Ida")) + png_chunk(b"tIME", bytes(range(7)))
    samples = deep[..., :1] if bits == 16 else deep[..., :1] >> 8
    photo = media.open(raw_png(samples, bits, 0, extra))
    out = media.encode(coloured(photo))
    kinds = [kind for kind, _ in png_chunks(out)]
    assert kinds.index(b"iCCP") < kinds.index(b"IDAT")
    assert b"gAMA" not in kinds
    found = png_chunks(out)
    assert (b"pHYs", struct.pack(">IIB", 11811, 5906, 1)) in found
    assert (b"eXIf", exif) in found
    assert (b"tIME", bytes(range(7))) in found
    back = Image.open(BytesIO(out))
    back.load()
    assert isinstance(back, PngImagePlugin.PngImageFile)
    assert {k: str(v) for k, v in back.text.items()} == {
        "Title": "The pier",
        "Comment": "Brücke",
        "Author": "Ida",
    }


def test_exif_is_edited_in_place(orientation_exif):
    block = orientation_exif(6)[6:]
    turned = upright(block, swapped=True)
    assert (orientation(block), orientation(turned)) == (6, 1)
    assert sum(a != b for a, b in zip(block, turned, strict=True)) == 1
    added = add_text(turned, 0x010E, "words")
    assert added.endswith(b"words\0")
    read = Image.Exif()
    read.load(added)
    assert (read[0x010E], read[0x013B]) == ("words", "Grandmother")
    assert read.get_ifd(0x8769)[0x829A] == 0.5
    assert add_text(added, 0x010E, "more") != added
    assert text(add_text(added, 0x010E, "more"), 0x010E) == "more"


def test_sizes_in_exif_change_places(saved):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769).update({0xA002: 44, 0xA003: 30, 0xA001: 65535})
    block = upright(exif.tobytes()[6:], swapped=True)
    read = Image.Exif()
    read.load(block)
    inner = read.get_ifd(0x8769)
    assert (inner[0xA002], inner[0xA003], inner[0xA001]) == (30, 44, 1)


@given(data=st.binary(max_size=120), head=st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
@settings(max_examples=25, deadline=None)
def test_damaged_exif_never_raises(data, head):
    block = head + data
    parse(block)
    assert len(upright(block, swapped=True)) <= len(block)
    assert text(add_text(block, 0x010E, "hello"), 0x010E) in ("hello", "")


@pytest.mark.parametrize("target", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_metadata_changes_formats(saved, coloured, orientation_exif, source, target):
    grey = np.arange(24 * 16, dtype=np.uint8).reshape(24, 16)
    options = {"exif": orientation_exif(6)} | ({} if source == "WEBP" else {"dpi": (300, 600)})
    photo = coloured(media.open(saved(grey, source, **options), name="a.JPG"))
    out = Image.open(BytesIO(media.encode(photo, format=target)))
    assert out.format == target
    assert out.size == (24, 16)
    assert out.getexif()[0x013B] == "Grandmother"
    assert out.getexif().get_ifd(0x8769)[0x9003] == "1938:07:01 12:00:00"
    assert out.getexif().get(0x0112, 1) == 1
    assert len(out.info["icc_profile"]) > 400
    if source != "WEBP" and target in ("JPEG", "PNG", "TIFF"):
        assert out.info["dpi"] == pytest.approx((600, 300), rel=1e-3)


@pytest.mark.parametrize(
    ("name", "suffix"), [("a.JPG", ".JPG"), ("a.jpeg", ".jpeg"), ("a", ".jpg"), ("a.png", ".jpg")]
)
def test_suffixes(saved, grey, name, suffix):
    photo = media.open(saved(grey, "JPEG"), name=name)
    assert media.extension_for(photo, None) == suffix
    assert media.extension_for(photo, "tiff") == ".tif"


@pytest.mark.parametrize("target", ["JPEG", "WEBP", "AVIF"])
def test_16_bits_are_rounded_where_8_are_all_there_is(raw_png, coloured, target):
    levels = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    photo = coloured(media.open(raw_png(levels, 16, 0)))
    out = np.asarray(Image.open(BytesIO(media.encode(photo, format=target))).convert("L")).astype(int)
    assert np.abs(out - np.round(levels / 257)).max() <= 4


SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 40))


@given(shape=SHAPES, format=st.sampled_from(["PNG", "TIFF", "BMP"]), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_any_size_goes_round(shape, format, seed):
    grey = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(grey).save(file, format)
    photo = media.open(file.getvalue())
    np.testing.assert_array_equal(photo.pages[0].pixels, grey)
    np.testing.assert_array_equal(media.open(media.encode(photo)).pages[0].pixels, grey)


@given(
    shape=SHAPES,
    channels=st.sampled_from([1, 3]),
    format=st.sampled_from(["PNG", "TIFF"]),
    seed=st.integers(0, 99),
)
@settings(max_examples=25, deadline=None)
def test_any_size_goes_round_at_16_bits(shape, channels, format, seed):
    pixels = np.random.default_rng(seed).integers(0, 65536, (*shape, channels), dtype=np.uint16)
    page = media.Page(pixels[..., 0] if channels == 1 else pixels, "luma" if channels == 1 else "rgb")
    data = media.encode(media.Photo([page], "a", format))
    got = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(got if channels == 1 else got[..., ::-1], page.pixels)


def test_strips_join(saved, coloured, monkeypatch):
    monkeypatch.setattr("photochrom.media.tiff_write.STRIP_PIXELS", 100)
    monkeypatch.setattr("photochrom.media.strips.strips.__defaults__", (50,))
    pixels = np.random.default_rng(0).integers(0, 256, (50, 31, 3), dtype=np.uint8)
    photo = media.open(saved(pixels, "TIFF", compression="tiff_lzw"))
    np.testing.assert_array_equal(photo.pages[0].pixels, np.asarray(Image.fromarray(pixels).convert("L")))
    out = Image.open(BytesIO(media.encode(coloured(photo))))
    assert len(out.tag_v2[273]) > 10
    np.testing.assert_array_equal(np.asarray(out), photo.pages[0].pixels)


def test_outputs_are_the_same_every_time(saved, coloured, grey):
    for format in ("JPEG", "PNG", "TIFF", "WEBP"):
        data = saved(grey, format)
        assert media.encode(coloured(media.open(data))) == media.encode(coloured(media.open(data)))


@pytest.mark.parametrize("target", ["JPEG", "WEBP"])
def test_what_is_rounded_is_noted(deep, target):
    notes: list[str] = []
    photo = media.Photo([media.Page(deep, "rgb")], "a.png", "PNG", bits=16)
    data = media.encode(photo, format=target, notes=notes)
    assert Image.open(BytesIO(data)).size == (44, 30)
    (note,) = notes
    assert note.endswith("was written with 8 bits a sample; the photo has 16.")
    notes.clear()
    media.encode(photo, format="TIFF", notes=notes)
    assert notes == []


def test_exif_that_no_jpeg_can_hold_is_noted(grey):
    notes: list[str] = []
    block = add_text(None, 0x010E, "x" * 70_000)
    data = media.encode(media.Photo([media.Page(grey)], "a", "JPEG", exif=block), notes=notes)
    assert notes == ["The EXIF metadata is larger than a JPEG can hold and was left out."]
    assert dict(Image.open(BytesIO(data)).getexif()) == {}


@pytest.mark.parametrize(
    ("photo", "format", "words"),
    [
        (media.Photo([], "a", "PNG"), None, "a: there is no page to write"),
        (media.Photo([media.Page(np.zeros((2, 2), np.uint8))] * 2, "a", "PNG"), None, "2 pages do not fit"),
        (
            media.Photo([media.Page(np.zeros((2, 2), np.uint8))], "a", "PNG"),
            "GIF",
            "cannot be written as GIF",
        ),
        (
            media.Photo([media.Page(np.zeros((2, 2), np.uint8))], "a", "PNG"),
            "txt",
            "cannot be written as txt",
        ),
    ],
)
def test_what_cannot_be_written_says_why(photo, format, words):
    with pytest.raises(PhotoError, match=words):
        media.encode(photo, format=format)


def test_ycbcr_is_converted_as_pillow_does(colour):
    data = media.encode(media.Photo([media.Page(colour, "ycbcr")], "a", "JPEG"), format="PNG")
    want = Image.frombytes("YCbCr", (44, 30), colour.tobytes()).convert("RGB")
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(data))), np.asarray(want))


def test_ycbcr_of_four_bytes_is_encoded_without_a_copy(colour):
    whole = np.dstack([colour, np.full(colour.shape[:2], 77, np.uint8)])
    image = encode._image(whole[..., :3], "YCbCr")
    assert (image.mode, image.size) == ("YCbCr", (44, 30))
    np.testing.assert_array_equal(np.asarray(image), colour)
    whole[0, 0, :3] = 1, 2, 3
    assert image.getpixel((0, 0)) == (1, 2, 3)
    files = [
        media.encode(media.Photo([media.Page(pixels, "ycbcr")], "a", "JPEG"))
        for pixels in (whole[..., :3], whole[..., :3].copy())
    ]
    assert files[0] == files[1]
    for other in (whole[..., 1:], whole[:, ::-1, :3], whole[::2, :, :3], whole[:, :4, :3]):
        np.testing.assert_array_equal(np.asarray(encode._image(other, "YCbCr")), other)
