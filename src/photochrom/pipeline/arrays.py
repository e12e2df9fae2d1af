"""PIL images and NumPy arrays as photos, and back."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.errors import UnsupportedError
from photochrom.media.photo import Page, Photo

__all__ = ["array_of", "from_array", "from_pil", "pil_of", "small_picture"]


def from_pil(image: Image.Image) -> Photo:
    """A PIL image as a photo.

    Raises
    ------
    UnsupportedError
        If its mode has more than 8 bits: PIL has no mode for such a picture in colour.
    """
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        what = f"a PIL image of mode {image.mode} cannot come back in colour; pass a uint16 array instead"
        raise UnsupportedError("image", what)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        return from_array(np.asarray(image.convert("RGBA")))
    if image.mode in ("1", "L"):
        return from_array(np.asarray(image.convert("L")))
    return from_array(np.asarray(image.convert("RGB")))


def pil_of(version: Photo, source: Image.Image) -> Image.Image:
    """A colorized photo as a PIL image, with what `source` says of its resolution and its EXIF."""
    image = Image.fromarray(array_of(version))
    image.info.update({key: value for key, value in source.info.items() if key in ("dpi", "exif")})
    image.info["xmp"] = version.xmp
    return image


def from_array(array: NDArray[Any]) -> Photo:
    """An array ``(H, W)`` or ``(H, W, 3 or 4)`` of uint8 or uint16, RGB order, as a photo.

    Raises
    ------
    UnsupportedError
        If its type or shape is another.
    """
    if array.dtype not in (np.uint8, np.uint16):
        raise UnsupportedError("array", f"its type is {array.dtype}; give uint8 or uint16")
    if array.ndim not in (2, 3) or array.size == 0 or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise UnsupportedError("array", f"its shape is {array.shape}; give (H, W), (H, W, 3) or (H, W, 4)")
    if array.ndim == 2:
        return Photo([Page(np.ascontiguousarray(array))], name="array", format="PNG")
    alpha = np.ascontiguousarray(array[..., 3]) if array.shape[2] == 4 else None
    rgb = array[..., :3]
    luma = _luma(rgb)
    thumbnail = None
    if (rgb != rgb[..., :1]).any():
        scale = min(1.0, 256 / max(luma.shape))
        size = max(1, round(luma.shape[1] * scale)), max(1, round(luma.shape[0] * scale))
        small = cv2.resize(np.ascontiguousarray(rgb), size, interpolation=cv2.INTER_AREA)
        thumbnail = (small // (257 if array.dtype == np.uint16 else 1)).astype(np.uint8)
    return Photo([Page(luma, "luma", alpha, thumbnail)], name="array", format="PNG")


def array_of(version: Photo) -> NDArray[Any]:
    """A colorized photo's first page ``(H, W, 3)``, or ``(H, W, 4)`` with its alpha."""
    page = version.pages[0]
    return page.pixels if page.alpha is None else np.dstack([page.pixels, page.alpha])


def small_picture(page: Page, side: int) -> Image.Image:
    """A page as an 8-bit RGB picture, at most `side` pixels a side."""
    pixels: Any = page.pixels
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    mode = {"luma": "L", "rgb": "RGB", "ycbcr": "YCbCr"}[page.space]
    height, width = pixels.shape[:2]
    picture = Image.frombuffer(mode, (width, height), np.ascontiguousarray(pixels), "raw", mode, 0, 1)
    # reducing_gap shrinks by a whole number first: a page of 100 megapixels takes a moment, not seconds.
    picture.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return picture.convert("RGB")


def _luma(rgb: NDArray[Any]) -> NDArray[Any]:
    """Rec. 601 luma in the input's depth: Pillow's fixed-point weights, so that 8 bit equals ``convert("L")``."""
    red, green, blue = (rgb[..., i].astype(np.uint32) for i in range(3))
    # At 16 bit the sum reaches exactly 2^32 - 2^15: it still fits.
    return ((19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16).astype(rgb.dtype)
