"""Convert a decoded picture to a page: luma in its own bit depth, alpha, and a small colour thumbnail."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from photochrom.media.icc import Profile, profile_of
from photochrom.media.model import Page, Pixels
from photochrom.media.strips import luma_16, strips, unturned

__all__ = ["THUMBNAIL", "page_from_array", "page_from_image", "page_from_samples"]

THUMBNAIL = 256


def page_from_image(
    image: Image.Image, icc: bytes | None = None, orientation: int = 1, notes: list[str] | None = None
) -> Page:
    """Make an 8-bit page from a Pillow picture of any mode with at most 8 bits per channel.

    The profile `icc` is applied first; None means sRGB. Then `convert("L")` gives the luma.
    """
    notes = [] if notes is None else notes
    if image.mode not in ("L", "RGB", "CMYK", "LAB", "LA", "RGBA", "P"):
        image = _plain(image)
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif "transparency" in image.info and image.mode in ("L", "RGB"):
        image = image.convert("LA" if image.mode == "L" else "RGBA")
    mode = {"LA": "L", "RGBA": "RGB"}.get(image.mode, image.mode)
    profile = profile_of(icc, mode, notes)
    lab = _lab_transform() if mode == "LAB" and profile is None else None
    transform = lab or (profile.to_rgb() if profile and mode != "L" else None)
    curve = profile.grey_curve(8).tolist() if profile and mode == "L" else None

    width, height = image.size
    shape = (width, height) if orientation >= 5 else (height, width)
    pixels = np.empty(shape, np.uint8)
    alpha = np.empty(shape, np.uint8) if image.mode in ("LA", "RGBA") else None
    pixels_as_stored = unturned(pixels, orientation)
    alpha_as_stored = None if alpha is None else unturned(alpha, orientation)
    image.load()
    for rows in strips(height, width):
        strip = image.crop((0, rows.start, width, rows.stop))
        if alpha_as_stored is not None:
            alpha_as_stored[rows] = np.asarray(strip.getchannel("A"))
        luma = _to_luma(strip, mode, transform)
        pixels_as_stored[rows] = np.asarray(luma.point(curve) if curve else luma)
    thumbnail = None if mode == "L" else _thumbnail(image, mode, transform, orientation)
    return Page(pixels, "luma", alpha, thumbnail)


def _plain(image: Image.Image) -> Image.Image:
    """Convert to the nearest mode that this module reads, with Pillow's conversion."""
    target = {"1": "L", "La": "LA", "PA": "RGBA", "RGBa": "RGBA"}.get(image.mode, "RGB")
    return image.convert(target)


def _to_luma(strip: Image.Image, mode: str, transform: ImageCms.ImageCmsTransform | None) -> Image.Image:
    if transform is not None:
        plain = strip if strip.mode == mode else strip.convert(mode)
        strip = ImageCms.applyTransform(plain, transform) or plain
    return strip if strip.mode == "L" else strip.convert("L")


def _lab_transform() -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(
        ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB"
    )


def _thumbnail(
    image: Image.Image, mode: str, transform: ImageCms.ImageCmsTransform | None, orientation: int
) -> NDArray[np.uint8] | None:
    scale = min(1.0, THUMBNAIL / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    small = small if small.mode == mode else small.convert(mode)
    if transform is not None:
        small = ImageCms.applyTransform(small, transform) or small
    return _if_coloured(np.asarray(small.convert("RGB")), orientation)


def _if_coloured(small: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8] | None:
    # One level apart is how rounding leaves a grey picture that went through a profile.
    if int((small.max(axis=2) - small.min(axis=2)).max()) <= 1:
        return None
    height, width = small.shape[:2]
    upright = np.empty((width, height, 3) if orientation >= 5 else (height, width, 3), np.uint8)
    unturned(upright, orientation)[...] = small
    return upright


def page_from_array(
    array: Any,
    icc: bytes | None = None,
    orientation: int = 1,
    notes: list[str] | None = None,
    alpha: Any = None,
) -> Page:
    """Make a 16-bit page from (H, W) grey or (H, W, 3) RGB of uint16; `alpha` is (H, W) uint16 or None."""
    notes = [] if notes is None else notes
    profile = profile_of(icc, "L" if array.ndim == 2 else "RGB", notes)
    height, width = array.shape[:2]
    shape = (width, height) if orientation >= 5 else (height, width)
    pixels = np.empty(shape, np.uint16)
    as_stored = unturned(pixels, orientation)
    curve = profile.grey_curve(16) if profile and array.ndim == 2 else None
    for rows in strips(height, width):
        as_stored[rows] = _luma_of(array[rows], profile, curve)
    upright_alpha: Pixels | None = None
    if alpha is not None:
        upright_alpha = np.empty(shape, np.uint16)
        unturned(upright_alpha, orientation)[...] = alpha
    thumbnail = None if array.ndim == 2 else _thumbnail_16(array, icc if profile else None, orientation)
    return Page(pixels, "luma", upright_alpha, thumbnail)


def page_from_samples(
    array: Any,
    bits: int,
    icc: bytes | None = None,
    orientation: int = 1,
    notes: list[str] | None = None,
    alpha: Any = None,
) -> Page:
    """Make a page from integers of `bits` bits: (H, W) grey or (H, W, 3) RGB, with `alpha` (H, W) or None.

    Up to 8 bits become uint8, more become uint16. The highest level becomes the highest level of the page.
    """
    if bits > 8:
        return page_from_array(
            _full_range(array, bits),
            icc,
            orientation,
            notes,
            None if alpha is None else _full_range(alpha, bits),
        )
    image = Image.fromarray(np.ascontiguousarray(_full_range(array, bits)))
    if alpha is not None:
        image.putalpha(Image.fromarray(np.ascontiguousarray(_full_range(alpha, bits))))
    return page_from_image(image, icc, orientation, notes)


def _full_range(array: Any, bits: int) -> Any:
    kind: Any = np.dtype(np.uint16 if bits > 8 else np.uint8)
    top, full = (1 << bits) - 1, int(np.iinfo(kind).max)
    if top == full:
        return np.asarray(array, kind)
    levels = np.arange(top + 1, dtype=np.uint64)
    return np.asarray(((levels * full + top // 2) // top).astype(kind)[np.minimum(array, top)])


def _luma_of(strip: NDArray[np.uint16], profile: Profile | None, curve: Any) -> NDArray[np.uint16]:
    if strip.ndim == 2:
        return strip if curve is None else np.asarray(curve[strip])
    return luma_16(strip) if profile is None else profile.luma_16(strip)


def _thumbnail_16(array: Any, icc: bytes | None, orientation: int) -> NDArray[np.uint8] | None:
    scale = min(1.0, THUMBNAIL / max(array.shape[:2]))
    size = (max(1, round(array.shape[1] * scale)), max(1, round(array.shape[0] * scale)))
    small = cv2.resize(array, size, interpolation=cv2.INTER_AREA)
    eight = Image.fromarray(np.round(small / 257.0).astype(np.uint8))
    profile = profile_of(icc, "RGB", [])
    if profile is not None:
        eight = ImageCms.applyTransform(eight, profile.to_rgb()) or eight
    return _if_coloured(np.asarray(eight), orientation)
