"""PNG chunks and pixels, against Pillow and OpenCV."""

from __future__ import annotations

import zlib
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from photochrom.media import png
from photochrom.media.icc import srgb


def test_chunks_are_those_of_the_file(raw_png, png_chunks):
    data = raw_png(np.zeros((3, 4), int), 8, 0, png.chunk(b"tEXt", b"Title\0Pier"))
    assert list(png.chunks(data, check=True)) == png_chunks(data)[:-1]


def test_a_wrong_checksum_and_an_early_end(raw_png):
    data = bytearray(raw_png(np.zeros((3, 4), int), 8, 0))
    data[20] ^= 1
    assert [kind for kind, _ in png.chunks(bytes(data))] == [b"IHDR", b"IDAT"]
    with pytest.raises(ValueError, match="checksum"):
        list(png.chunks(bytes(data), check=True))
    # Cut within the last chunk, only the end marker is missing. Cut within the one before, pixels are.
    assert [kind for kind, _ in png.chunks(bytes(data[:-1]))] == [b"IHDR", b"IDAT"]
    assert (png.has_end(bytes(data)), png.has_end(bytes(data[:-5]))) == (True, False)
    for size in (8, 15, len(data) - 13):
        with pytest.raises(ValueError, match="too soon"):
            list(png.chunks(bytes(data[:size])))


def test_a_bare_picture_has_the_pixels_alone(saved, colour, png_chunks):
    image = Image.fromarray(colour).quantize(20)
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "Pier")
    data = png.bare(saved(image, "PNG", pnginfo=text, dpi=(300, 300), icc_profile=srgb(), transparency=3))
    assert {kind for kind, _ in png_chunks(data)} == {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(data))), np.asarray(image))


@pytest.mark.parametrize("compressed", [False, True])
def test_xmp_and_profile_are_those_that_pillow_wrote(saved, grey, compressed):
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta/>", zip=compressed)
    chunks = list(png.chunks(saved(grey, "PNG", pnginfo=text, icc_profile=srgb())))
    assert [xmp for kind, body in chunks if (xmp := png.xmp_of(kind, body)) is not None] == [b"<x:xmpmeta/>"]
    assert png.icc_of(dict(chunks)[b"iCCP"]) == srgb()
    assert png.icc_of(b"name\0\0damaged") is None


def test_our_text_is_read_by_pillow(saved, grey, raw_png):
    data = raw_png(np.zeros((3, 4), int), 8, 0, png.text_chunk(png.XMP_KEY, "<x>Brücke</x>".encode()))
    assert Image.open(BytesIO(data)).text["XML:com.adobe.xmp"] == "<x>Brücke</x>"


def test_hexadecimal_metadata():
    body = b"Raw profile type iptc\0\niptc\n       4\n1c0201ff\n"
    assert png.raw_profile(b"tEXt", body) == ("iptc", b"\x1c\x02\x01\xff")
    key, _, rest = body.partition(b"\0")
    assert png.raw_profile(b"zTXt", key + b"\0\0" + zlib.compress(rest)) == ("iptc", b"\x1c\x02\x01\xff")
    assert png.raw_profile(b"tEXt", b"Title\0Pier") is None
    assert png.raw_profile(b"tEXt", b"Raw profile type iptc\0\niptc\n 4\nnot digits\n") is None


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_go_round_through_opencv(deep, bits, channels, alpha):
    pixels = deep if channels == 3 else deep[..., 0]
    see_through = deep[..., 1] if alpha else None
    if bits == 8:
        pixels = (pixels >> 8).astype(np.uint8)
        see_through = None if see_through is None else (see_through >> 8).astype(np.uint8)
    data = png.encode(pixels, see_through, [png.chunk(b"tEXt", b"Title\0Pier")])
    assert Image.open(BytesIO(data)).info["Title"] == "Pier"
    got = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    colours = got if got.ndim == 2 else got[..., 2::-1]
    want = pixels if got.ndim == 2 or channels == 3 else np.dstack([pixels] * 3)
    np.testing.assert_array_equal(colours, want)
    if alpha:
        np.testing.assert_array_equal(got[..., 3], see_through)


@pytest.mark.parametrize(("colour_type", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_16_bits_are_read_from_their_definition(raw_png, colour_type, channels):
    samples = np.random.default_rng(colour_type).integers(0, 65536, (5, 7, channels))
    pixels, alpha = png.read_16(raw_png(samples, 16, colour_type))
    np.testing.assert_array_equal(pixels, samples[..., 0] if channels < 3 else samples[..., :3])
    if channels in (2, 4):
        np.testing.assert_array_equal(alpha, samples[..., -1])
    else:
        assert alpha is None
