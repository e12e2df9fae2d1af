"""PNM, JPEG 2000, JPEG XL and PSD: the luma is that of an independent reader or of the written numbers."""

from __future__ import annotations

import io
import struct
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pytest
from PIL import Image

from photochrom.errors import TooLargeError, UnreadableError, UnsupportedError
from photochrom.media import photo as media


def grey(deep: bool = False) -> Any:
    y, x = np.mgrid[:20, :30]
    return ((x * 8 + y) * 257 if deep else x * 8 + y).astype(np.uint16 if deep else np.uint8)


def color() -> Any:
    return np.stack([grey(), grey()[::-1], 255 - grey()], axis=-1)


def saved(pixels: Any, format: str, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format, **options)
    return out.getvalue()


def luma(rgb: Any) -> Any:
    return np.asarray(Image.fromarray(rgb).convert("L"))


def psd(planes: list[Any], depth: int = 8) -> bytes:
    """A Photoshop file with a flattened picture alone (Adobe Photoshop File Formats Specification)."""
    height, width = planes[0].shape
    mode = 3 if len(planes) == 3 else 1
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, len(planes), height, width, depth, mode)
    return head + bytes(12) + struct.pack(">H", 0) + b"".join(plane.tobytes() for plane in planes)


def pam(samples: Any, top: int | None = None) -> bytes:
    """A PAM (netpbm.sourceforge.net/doc/pam.html)."""
    height, width = samples.shape[:2]
    depth = samples.shape[2] if samples.ndim == 3 else 1
    top = top or int(np.iinfo(samples.dtype).max)
    kind = {1: "GRAYSCALE", 2: "GRAYSCALE_ALPHA", 3: "RGB", 4: "RGB_ALPHA"}.get(depth, "ANY")
    head = f"P7\n# a comment\nWIDTH {width}\nHEIGHT {height}\nDEPTH {depth}\nMAXVAL {top}\nTUPLTYPE {kind}\nENDHDR\n"
    return head.encode() + samples.astype(samples.dtype.newbyteorder(">")).tobytes()


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (saved(grey(), "PPM"), "PNM", grey()),
        (saved(color(), "PPM"), "PNM", luma(color())),
        (b"P5 30 20 65535\n" + grey(True).astype(">u2").tobytes(), "PNM", grey(True)),
        (b"P2\n# by hand\n2 2\n255\n0 85\n170 255\n", "PNM", np.array([[0, 85], [170, 255]], np.uint8)),
        (pam(grey()), "PNM", grey()),
        (pam(grey(True)), "PNM", grey(True)),
        (pam(color()), "PNM", luma(color())),
        (saved(grey(), "JPEG2000"), "JPEG 2000", grey()),
        (saved(color(), "JPEG2000"), "JPEG 2000", luma(color())),
        (imagecodecs.jpeg2k_encode(grey(True), level=0), "JPEG 2000", grey(True)),
        (imagecodecs.jpegxl_encode(grey(), lossless=True), "JPEG XL", grey()),
        (imagecodecs.jpegxl_encode(grey(True), lossless=True), "JPEG XL", grey(True)),
        (psd([grey()]), "PSD", grey()),
        (psd([color()[..., i] for i in range(3)]), "PSD", luma(color())),
    ],
)
def test_luma_in_its_own_depth(data: bytes, name: str, expected: Any) -> None:
    photo = media.open(data, name="a")
    page = photo.pages[0]
    assert (photo.format, photo.notes) == (name, [])
    assert page.pixels.dtype == expected.dtype
    np.testing.assert_array_equal(page.pixels, expected)
    assert (page.thumbnail is None) == (
        expected.dtype == np.uint16 or expected.tolist() != luma(color()).tolist()
    )


def test_lowered_depths_are_noted() -> None:
    numbers = " ".join(str(level) for level in grey(True).ravel() for _ in range(3))
    photo = media.open(f"P3\n30 20\n65535\n{numbers}\n".encode(), name="a")
    assert photo.notes == ["The picture has 16 bits a sample and was read at 8 bits."]
    assert np.abs(photo.pages[0].pixels.astype(int) - grey()).max() <= 1


@pytest.mark.parametrize("data", [saved(grey(), "JPEG2000"), psd([grey()]), saved(grey(), "PPM")])
def test_damage_and_size_are_errors(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        media.open(data[: len(data) // 2], name="a")
    with pytest.raises(TooLargeError):
        media.open(data, name="a", max_pixels=100)


@pytest.mark.parametrize(
    ("top", "kind", "full"), [(1, np.uint8, 255), (100, np.uint8, 255), (999, np.uint16, 65_535)]
)
def test_the_maximum_of_a_pam_is_white(top: int, kind: Any, full: int) -> None:
    levels = np.arange(600).reshape(20, 30) % (top + 1)
    photo = media.open(pam(levels.astype(kind), top), name="a.pam")
    assert photo.bits == top.bit_length()
    np.testing.assert_array_equal(photo.pages[0].pixels, np.floor(levels * full / top + 0.5))


@pytest.mark.parametrize("deep", [False, True])
def test_a_pam_keeps_its_alpha(deep: bool) -> None:
    picture = np.dstack([grey(deep), grey(deep)[::-1]])
    page = media.open(pam(picture), name="a.pam").pages[0]
    np.testing.assert_array_equal(page.pixels, picture[..., 0])
    assert page.alpha is not None
    np.testing.assert_array_equal(page.alpha, picture[..., 1])


def test_opencv_reads_a_grey_pam_as_we_do() -> None:
    data = pam(grey(True))
    other = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(media.open(data).pages[0].pixels, other)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (pam(grey())[:-1], "is damaged"),
        (b"P7\nWIDTH 2\nENDHDR\n", "is damaged"),
        (b"P7\nWIDTH x\nHEIGHT 2\nDEPTH 1\nMAXVAL 255\nENDHDR\n    ", "is damaged"),
        (pam(np.zeros((2, 2, 5), np.uint8)), "5 channels and a maximum of 255 is not supported yet"),
    ],
)
def test_a_pam_that_cannot_be_read_says_why(data: bytes, words: str) -> None:
    with pytest.raises((UnreadableError, UnsupportedError), match=words):
        media.open(data, name="a.pam")


@pytest.mark.parametrize("bits", [10, 12, 16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_deep_jpeg_2000_keeps_its_depth(bits: int, channels: int) -> None:
    # The pixels are those that were encoded. Pillow makes black of the white of 16-bit colours.
    levels = np.linspace(0, (1 << bits) - 1, 32 * 48).reshape(32, 48).round().astype(np.uint16)
    array = levels if channels == 1 else np.dstack([levels] * 3 + [np.full_like(levels, (1 << bits) - 1)])
    array = np.ascontiguousarray(array[..., :channels]) if channels > 1 else array
    photo = media.open(imagecodecs.jpeg2k_encode(array, level=0, bitspersample=bits), name="a.jp2")
    assert (photo.bits, photo.notes) == (bits, [])
    wanted = levels.astype(float) * 65_535 / ((1 << bits) - 1)
    assert np.abs(photo.pages[0].pixels - wanted).max() <= 1
    assert (photo.pages[0].alpha is not None) == (channels == 4)


def test_deep_jpeg_2000_with_other_channels_is_not_supported() -> None:
    array = np.zeros((32, 48, 2), np.uint16)
    with pytest.raises(
        UnsupportedError, match="JPEG 2000 with 16 bits a sample in these colors is not supported yet"
    ):
        media.open(imagecodecs.jpeg2k_encode(array, level=0), name="a.jp2")


@pytest.mark.parametrize("top", [1023, 65_535])
def test_deep_colors_of_a_ppm_keep_their_depth(top: int) -> None:
    levels = np.linspace(0, top, 32 * 48).reshape(32, 48).round().astype(">u2")
    data = b"P6\n# a comment\n48 32\n%d\n" % top + np.dstack([levels] * 3).astype(">u2").tobytes()
    photo = media.open(data, name="a.ppm")
    assert (photo.bits, photo.notes) == (top.bit_length(), [])
    assert np.abs(photo.pages[0].pixels - levels.astype(float) * 65_535 / top).max() <= 1
