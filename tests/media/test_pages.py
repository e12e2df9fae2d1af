"""What is opened: every kind of pixel, held against Pillow, OpenCV and tifffile."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from photochrom.media import photo as media

WEIGHTS = np.array([19595, 38470, 7471], dtype=np.int64)


def exact_luma_16(rgb):
    return ((rgb.astype(np.int64) * WEIGHTS).sum(axis=-1) + 0x8000) >> 16


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_luma_is_what_pillow_gives(saved, colour, mode, progressive):
    data = saved(Image.fromarray(colour).convert(mode), "JPEG", progressive=progressive)
    photo = media.open(data)
    want = np.asarray(Image.open(BytesIO(data)).convert("L"))
    np.testing.assert_array_equal(photo.pages[0].pixels, want)
    assert photo.format == "JPEG"
    assert photo.jpeg.progressive is progressive
    assert (photo.pages[0].thumbnail is None) == (mode == "L")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_modes_of_8_bits(saved, colour, mode, format):
    image = Image.fromarray(colour).convert("RGBA")
    image.putalpha(Image.fromarray(colour[..., 0]))
    image = image.convert(mode) if mode != "P" else image.convert("RGB").quantize(50)
    photo = media.open(saved(image, format))
    page = photo.pages[0]
    np.testing.assert_array_equal(page.pixels, np.asarray(image.convert("L")))
    if mode in ("LA", "RGBA"):
        np.testing.assert_array_equal(page.alpha, colour[..., 0])
    else:
        assert page.alpha is None
    assert photo.bits == (1 if mode == "1" else 8)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_grey_png_of_every_depth(raw_png, bits):
    samples = np.random.default_rng(bits).integers(0, 1 << bits, (7, 9))
    photo = media.open(raw_png(samples, bits, 0))
    top = 65535 if bits == 16 else 255
    np.testing.assert_array_equal(photo.pages[0].pixels, samples * (top // ((1 << bits) - 1)))
    assert photo.bits == bits
    assert photo.pages[0].thumbnail is None


@pytest.mark.parametrize(("colour_type", "channels"), [(0, 1), (4, 2), (2, 3), (6, 4)])
def test_png_of_16_bits_keeps_them(raw_png, deep, colour_type, channels):
    planes = np.dstack([deep, deep[..., 0] ^ 0x5555])
    samples = {1: planes[..., :1], 2: planes[..., [0, 3]], 3: planes[..., :3], 4: planes}[channels]
    page = media.open(raw_png(samples, 16, colour_type)).pages[0]
    want = samples[..., 0] if channels < 3 else exact_luma_16(samples[..., :3])
    assert page.pixels.dtype == np.uint16
    np.testing.assert_array_equal(page.pixels, want)
    if channels in (2, 4):
        np.testing.assert_array_equal(page.alpha, planes[..., 3])
    else:
        assert page.alpha is None
    assert (page.thumbnail is not None) == (channels >= 3)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_transparent_level_becomes_alpha(raw_png, png_chunk, bits):
    samples = np.arange(12).reshape(3, 4)
    key = png_chunk(b"tRNS", struct.pack(">H", 5))
    page = media.open(raw_png(samples, bits, 0, key)).pages[0]
    top = 255 if bits == 8 else 65535
    np.testing.assert_array_equal(page.alpha, np.where(samples == 5, 0, top))


def test_palette_transparency(saved):
    image = Image.new("P", (4, 2))
    image.putpalette([0, 0, 0, 200, 200, 200])
    image.putpixel((1, 0), 1)
    page = media.open(saved(image, "PNG", transparency=1)).pages[0]
    assert page.alpha[0, 1] == 0
    assert page.alpha.min() == 0
    assert page.alpha[1].tolist() == [255] * 4


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_orientation_is_applied_once(request, grey, orientation, format):
    saved, coloured, orientation_exif = map(
        request.getfixturevalue, ("saved", "coloured", "orientation_exif")
    )
    options = {"lossless": True} if format == "WEBP" else {}
    data = saved(grey, format, exif=orientation_exif(orientation), **options)
    opened = Image.open(BytesIO(data))
    if format == "TIFF":
        opened.load()
    want = np.asarray(ImageOps.exif_transpose(opened).convert("L"))
    photo = media.open(data)
    np.testing.assert_array_equal(photo.pages[0].pixels, want)
    again = Image.open(BytesIO(media.encode(coloured(photo))))
    again.load()
    assert again.size == (want.shape[1], want.shape[0])
    assert again.getexif().get(0x0112, 1) == 1
    assert again.getexif()[0x013B] == "Grandmother"


@pytest.mark.parametrize("orientation", [3, 6])
def test_orientation_of_16_bits(saved, deep, orientation):
    out = BytesIO()
    tifffile.imwrite(out, deep, photometric="rgb", extratags=[(274, "H", 1, orientation, True)])
    turns = {3: 2, 6: -1}[orientation]
    np.testing.assert_array_equal(
        media.open(out.getvalue()).pages[0].pixels, np.rot90(exact_luma_16(deep), turns)
    )


def test_orientation_that_only_xmp_knows_is_not_applied(saved, grey):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    xmp += b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    data = saved(grey, "JPEG", xmp=xmp)
    photo = media.open(data)
    # Browsers, ImageMagick's -auto-orient and file managers go by Exif alone.
    np.testing.assert_array_equal(photo.pages[0].pixels, np.asarray(Image.open(BytesIO(data))))
    assert photo.xmp == xmp


def test_adobe_inverted_cmyk(saved, colour):
    cmyk = Image.fromarray(colour).convert("CMYK")
    data = saved(cmyk, "JPEG", quality=100, subsampling=0)
    assert b"Adobe" in data[:200]
    got = media.open(data).pages[0].pixels.astype(int)
    assert np.abs(got - np.asarray(cmyk.convert("L")).astype(int)).mean() < 2


@pytest.mark.parametrize("format", ["WEBP", "BMP", "AVIF", "GIF"])
def test_other_formats(saved, grey, colour, format):
    for picture in (grey, colour):
        data = saved(picture, format)
        photo = media.open(data)
        np.testing.assert_array_equal(
            photo.pages[0].pixels, np.asarray(Image.open(BytesIO(data)).convert("L"))
        )
        assert photo.format == format


def test_what_it_is_called_does_not_matter(tmp_path, saved, grey):
    path = tmp_path / "really a png.jpg"
    path.write_bytes(saved(grey, "PNG"))
    photo = media.open(path)
    assert photo.format == "PNG"
    assert photo.name == path.name
    assert media.extension_for(photo, None) == ".png"


@pytest.mark.parametrize("kind", ["path", "str", "bytes", "file", "pipe"])
def test_sources(tmp_path, saved, grey, kind):
    path = tmp_path / "a.png"
    path.write_bytes(saved(grey, "PNG"))

    class Pipe(BytesIO):
        def seekable(self):
            return False

    with path.open("rb") as file:
        source = {"path": path, "str": str(path), "bytes": path.read_bytes(), "file": file}.get(kind)
        photo = media.open(source if source is not None else Pipe(path.read_bytes()))
        assert kind != "file" or not file.closed
    np.testing.assert_array_equal(photo.pages[0].pixels, grey)


def test_thumbnail_is_small_and_upright(saved, orientation_exif):
    wide = np.zeros((200, 800, 3), np.uint8)
    wide[:, :400] = (200, 30, 30)
    photo = media.open(saved(wide, "PNG", exif=orientation_exif(6)))
    thumbnail = photo.pages[0].thumbnail
    assert thumbnail.shape == (256, 64, 3)
    assert thumbnail[10, 30].tolist() == [200, 30, 30]
    assert thumbnail[250, 30].tolist() == [0, 0, 0]


def test_grey_stored_as_rgb_has_no_thumbnail(saved, grey):
    assert media.open(saved(np.dstack([grey] * 3), "PNG")).pages[0].thumbnail is None
