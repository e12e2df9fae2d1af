"""Every kind of picture is read rightly, or is refused in one line."""

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from photochrom.data.decode import BrokenPhoto, decode

Pixels = NDArray[np.uint8]


def color(seed: int, height: int = 12, width: int = 16) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def encoded(pixels: Pixels | Image.Image, format: str = "PNG", **more: Any) -> bytes:
    file = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(file, format, **more)
    return file.getvalue()


PNG = encoded(color(0))
FLAT = (200, 60, 30)


def flat(mode: str, value: Any, **info: Any) -> bytes:
    format = {"CMYK": "JPEG", "F": "TIFF", "I": "TIFF", "LAB": "TIFF"}.get(mode, "PNG")
    image = Image.new(mode, (20, 10), value)
    return encoded(image, format, **({"quality": 100} if format == "JPEG" else {}), **info)


def palette() -> Image.Image:
    return Image.new("RGB", (20, 10), FLAT).quantize(4)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (flat("RGB", FLAT), FLAT),
        (flat("L", 70), (70, 70, 70)),
        (flat("1", 1), (255, 255, 255)),
        (flat("I;16", 70 * 256), (70, 70, 70)),
        (flat("F", 70.0), (70, 70, 70)),
        (flat("CMYK", (0, 100, 200, 50)), (205, 125, 44)),
        (flat("LAB", (255, 128, 128)), (255, 255, 255)),
        (flat("RGBA", (*FLAT, 255)), FLAT),
        (flat("RGBA", (*FLAT, 0)), (255, 255, 255)),
        (flat("RGBA", (100, 0, 200, 51)), (224, 204, 244)),
        (flat("LA", (0, 51)), (204, 204, 204)),
        (encoded(palette()), FLAT),
        (encoded(palette(), transparency=0), (255, 255, 255)),
        (encoded(palette(), "BMP"), FLAT),
        (encoded(Image.new("RGB", (20, 10), FLAT), "WEBP", lossless=True), FLAT),
        (encoded(Image.new("RGB", (20, 10), FLAT), "TIFF"), FLAT),
    ],
)
def test_kinds_of_pictures(data: bytes, expected: tuple[int, int, int]) -> None:
    pixels = decode(data, "a")
    assert pixels.shape == (10, 20, 3)
    assert pixels.dtype == np.uint8
    assert np.abs(pixels.astype(int) - expected).max() <= 2


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stands_upright(format: str, orientation: int) -> None:
    upright = np.zeros((32, 48, 3), np.uint8)
    upright[:16, :24], upright[16:, :24], upright[:16, 24:] = (250, 0, 0), (0, 250, 0), (0, 0, 250)
    # What the camera stored, by the EXIF standard's words for where row 0 and column 0 are.
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(np.ascontiguousarray(stored), format, exif=exif, quality=95)
    for short_side in (None, 16):
        pixels = decode(data, "a", short_side)
        expected = upright if short_side is None else upright[::2, ::2]
        assert pixels.shape == expected.shape
        assert np.abs(pixels.astype(int) - expected).mean() < 5


def test_damaged_tags_do_not_cost_the_photo() -> None:
    data = encoded(Image.new("RGB", (20, 10), FLAT), "JPEG", exif=b"Exif\0\0not tags at all")
    assert decode(data, "a").shape == (10, 20, 3)


def test_wide_gamut_profiles_are_converted() -> None:
    # A profile with red and green exchanged shows that it is obeyed.
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    tags = {srgb[at : at + 4]: at for at in range(132, 132 + 12 * struct.unpack(">I", srgb[128:132])[0], 12)}
    swapped = bytearray(srgb)
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    swapped[red : red + 4], swapped[green : green + 4] = b"gXYZ", b"rXYZ"
    name = "sRGB".encode("utf-16-be")
    assert name in swapped
    swapped = swapped.replace(name, "none".encode("utf-16-be"))
    picture = Image.new("RGB", (20, 10), FLAT)
    assert decode(encoded(picture, icc_profile=srgb), "a")[0, 0].tolist() == list(FLAT)
    turned = decode(encoded(picture, icc_profile=bytes(swapped)), "a")[0, 0].astype(int)
    assert np.abs(turned - (FLAT[1], FLAT[0], FLAT[2])).max() <= 2
    assert decode(encoded(picture, icc_profile=b"no profile" * 20), "a")[0, 0].tolist() == list(FLAT)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((80, 40), (20, 40)), ((40, 81), (40, 20)), ((20, 30), (30, 20)), ((10, 90), (90, 10))],
)
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_short_side_reduces_larger_photos_only(
    size: tuple[int, int], expected: tuple[int, int], format: str
) -> None:
    pixels = decode(encoded(Image.new("RGB", size, FLAT), format, quality=100), "a", 20)
    assert pixels.shape[:2] == expected
    assert np.abs(pixels.astype(int) - FLAT).max() <= 2


def test_short_side_averages() -> None:
    pixels = np.full((4, 4, 3), [200, 40, 80], np.uint8)
    pixels[::2, ::2] = 0
    np.testing.assert_array_equal(decode(encoded(pixels), "a", 2), np.broadcast_to([150, 30, 60], (2, 2, 3)))


@pytest.mark.parametrize("short_side", [30, 50, 100, 200])
def test_a_large_jpeg_is_reduced_as_if_it_were_decoded_whole(astronaut: Pixels, short_side: int) -> None:
    data = encoded(astronaut, "JPEG", quality=95)
    whole = cv2.resize(
        np.asarray(Image.open(io.BytesIO(data))), (short_side,) * 2, interpolation=cv2.INTER_AREA
    )
    pixels = decode(data, "a", short_side)
    difference = pixels.astype(int) - whole
    # An eighth of the JPEG is 64 px: what lies across two of its blocks is a little softer at 30 px.
    assert np.abs(difference).mean() < 2.6
    assert abs(difference.mean()) < 0.3


def bomb(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000)))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"not a picture", "not a JPEG, PNG, WebP, BMP or TIFF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a JPEG"),
        (b"RIFF\x04\0\0\0WAVEfmt ", "."),
        (PNG[:200], "."),
        (PNG[:20], "."),
        (encoded(color(1, 64, 64), "JPEG")[:2000], "truncated"),
        (encoded(color(1, 64, 64), "JPEG")[:3], "."),
        (encoded(color(1, 64, 64), "WEBP")[:900], "."),
        (encoded(color(1, 64, 64), "TIFF")[:900], "."),
        (encoded(color(1, 64, 64), "BMP")[:900], "truncated"),
        (bomb(50_000, 40_000), "50000 x 40000 pixels are too many"),
        (bomb(4_000_000_000, 1), "."),
    ],
)
def test_broken_pictures_are_refused_in_one_line(data: bytes, reason: str) -> None:
    with pytest.raises(BrokenPhoto, match=reason) as caught:
        decode(data, "some/photo.jpg")
    assert str(caught.value).startswith("some/photo.jpg: ")
    assert "\n" not in str(caught.value)
    assert caught.value.name == "some/photo.jpg"
