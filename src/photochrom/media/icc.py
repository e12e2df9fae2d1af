"""ICC profiles: inputs are converted to sRGB, and outputs contain an sRGB profile.

The rendering intent is relative colorimetric with black point compensation, the default of photo editors.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from photochrom.color.srgb import linear_to_srgb
from photochrom.media.codecs import codecs
from photochrom.media.icc_matrix import D50, SRGB_TO_D50, grey_table, matrix_profile, to_d50
from photochrom.media.strips import luma_16, strips

__all__ = ["Profile", "cmyk_to_rgb_16", "gamma_profile", "grey_srgb", "lab_to_rgb_16", "profile_of", "srgb"]

INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
SPACES = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK", "LAB": "LAB"}
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
CREATED = struct.pack(">6H", 2020, 1, 1, 0, 0, 0)  # the current time would make equal outputs differ


@cache
def srgb() -> bytes:
    """The sRGB profile in every colour output."""
    data = bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    return data[:24] + CREATED + data[36:]


@cache
def grey_srgb() -> bytes:
    """A grey profile with the tone curve of sRGB, for pages of luma."""
    return _written("Grey with the sRGB tone curve", b"GRAY", {b"kTRC": _parametric(*SRGB_CURVE)})


def gamma_profile(gamma: float | None, primaries: tuple[float, ...] | None) -> bytes | None:
    """Make a profile from a power curve and primaries, as in PNG's gAMA and cHRM.

    Parameters
    ----------
    gamma : the exponent from samples to light; None for the curve of sRGB
    primaries : x and y of the white point, of red, of green and of blue; None for grey

    Returns
    -------
    bytes or None
        None if the numbers do not describe a color space.
    """
    if gamma is not None and not 0.1 <= gamma <= 10:
        return None
    curve = _parametric(*SRGB_CURVE) if gamma is None else _parametric(gamma)
    if primaries is None:
        return _written("Grey with a power curve", b"GRAY", {b"kTRC": curve})
    columns = to_d50(primaries)
    if columns is None:
        return None
    tags = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns.T, strict=True):
        tags[name] = b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(float(v) * 65536) for v in column))
    return _written("RGB with a power curve", b"RGB ", tags)


def _parametric(*numbers: float) -> bytes:
    """A curve. One number is an exponent. Five numbers are those of ICC.1:2022, 10.18, function type 3."""
    kind = 0 if len(numbers) == 1 else 3
    return b"para\0\0\0\0" + struct.pack(f">HH{len(numbers)}i", kind, 0, *(round(v * 65536) for v in numbers))


def _written(description: str, space: bytes, own: dict[bytes, bytes]) -> bytes:
    """The bytes of a display profile with the given tags."""
    words = description.encode("utf-16-be")
    text = b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(words), 28) + words
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    tags = {b"desc": text, b"cprt": text, b"wtpt": white, **own}
    table, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    head = (
        struct.pack(">I4sI4s4s4s", start + len(body), b"lcms", 0x04200000, b"mntr", space, b"XYZ ") + CREATED
    )
    head += b"acsp".ljust(28, b"\0") + struct.pack(">I3i", 1, 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + body


def _build(source: Any, target: Any, mode: str, output: str) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(source, target, mode, output, INTENT, FLAGS)


@dataclass(frozen=True, slots=True)
class Profile:
    """A usable input profile for pictures of one Pillow mode ("L", "RGB", "CMYK" or "LAB")."""

    data: bytes
    mode: str
    opened: ImageCms.ImageCmsProfile

    def to_rgb(self) -> ImageCms.ImageCmsTransform:
        """A transform from 8-bit pictures in `mode` to sRGB. `ImageCms.applyTransform` applies it."""
        return _build(self.opened, ImageCms.createProfile("sRGB"), self.mode, "RGB")

    def grey_curve(self, bits: int) -> Any:
        """The table from grey in this profile to sRGB grey: 256 entries of uint8 or 65,536 of uint16.

        If a grey picture has an RGB profile, the neutral axis of the profile is used. Curves are computed here, because
        LittleCMS combines two curves with an error of 350 levels of 65,535 near black.
        """
        exact = grey_table(self.data) if self.mode == "L" else None
        if exact is not None:
            return (
                np.round(exact[::257] * 255).astype(np.uint8)
                if bits == 8
                else np.round(exact * 65535).astype(np.uint16)
            )
        if self.mode == "L":
            target = ImageCms.ImageCmsProfile(BytesIO(grey_srgb()))
            side, kind, mode = (16, np.uint8, "L") if bits == 8 else (256, np.uint16, "I;16")
            ramp = Image.fromarray(np.arange(side * side, dtype=kind).reshape(side, side))
            return np.asarray(ImageCms.applyTransform(ramp, _build(self.opened, target, mode, mode))).reshape(
                -1
            )
        if bits == 8:
            neutral = Image.fromarray(np.arange(256, dtype=np.uint8)[None, :]).convert("RGB")
            out = ImageCms.applyTransform(neutral, self.to_rgb()) or neutral
            return np.asarray(out.convert("L")).reshape(-1)
        levels = np.arange(65536, dtype=np.uint16)
        return self.luma_16(np.repeat(levels[:, None, None], 3, axis=2))[:, 0]

    def luma_16(self, rgb: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """The sRGB luma of a strip (h, w, 3) of uint16 RGB in this profile.

        A profile of curves and a matrix (nearly every RGB profile) is computed in float32. Pillow's binding does not
        accept 16-bit RGB. So a table profile is sampled at 33 x 33 x 33 points with 8-bit output and interpolated. The
        result is smooth. Its error is 0.3 levels of 255 on average, and 5 levels where colours are clipped.
        """
        matrix = matrix_profile(self.data)
        if matrix is not None:
            return luma_16(matrix.to_srgb_16(rgb))
        return _interpolate(_luma_grid(self.data), rgb)


@cache
def _luma_grid(data: bytes) -> NDArray[np.float32]:
    levels = np.round(np.linspace(0, 255, 33)).astype(np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(33 * 33, 33, 3)
    transform = _build(ImageCms.ImageCmsProfile(BytesIO(data)), ImageCms.createProfile("sRGB"), "RGB", "RGB")
    out = np.asarray(ImageCms.applyTransform(Image.fromarray(cube), transform)).reshape(33, 33, 33, 3)
    return np.asarray(out @ np.array([19595, 38470, 7471]) / 65536, dtype=np.float32)


def _interpolate(grid: NDArray[np.float32], rgb: NDArray[np.uint16]) -> NDArray[np.uint16]:
    nodes = np.round(np.linspace(0, 255, 33)) * 257
    place = np.interp(rgb, nodes, np.arange(33)).astype(np.float32)
    low = np.minimum(place.astype(np.intp), 31)
    part = place - low
    total = np.zeros(rgb.shape[:2], np.float32)
    for corner in range(8):
        step = np.array([corner >> 2 & 1, corner >> 1 & 1, corner & 1])
        at = low + step
        weight = np.where(step, part, 1 - part).prod(axis=-1)
        total += weight * grid[at[..., 0], at[..., 1], at[..., 2]]
    return np.clip(np.round(total * 257), 0, 65535).astype(np.uint16)


def cmyk_to_rgb_16(array: Any, icc: bytes | None) -> NDArray[np.uint16] | None:
    """Convert (H, W, 4) CMYK to sRGB, both uint16; None if this needs the `codecs` extra and it is missing.

    Without a profile, Pillow's formula is used: red is (1 - K)(1 - C).
    """
    if icc and codecs() is not None:
        return np.asarray(
            codecs().cms_transform(
                np.ascontiguousarray(array),
                icc,
                srgb(),
                colorspace="cmyk",
                outcolorspace="rgb",
                outdtype="uint16",
                intent=int(INTENT),
                flags=int(FLAGS),
            )
        )
    if icc:
        return None
    out = np.empty((*array.shape[:2], 3), np.uint16)
    for rows in strips(*array.shape[:2]):
        light = 65535 - array[rows].astype(np.uint32)
        out[rows] = (light[..., :3] * light[..., 3:] + 32767) // 65535
    return out


def lab_to_rgb_16(array: Any, icc_encoding: bool) -> NDArray[np.uint16]:
    """Convert (H, W, 3) CIE L*a*b* (D50) to sRGB, both uint16.

    Parameters
    ----------
    icc_encoding : whether the encoding is that of ICC profiles (TIFF's ICCLab), not of TIFF 6.0, section 23
    """
    out = np.empty(array.shape, np.uint16)
    to_linear = np.linalg.inv(SRGB_TO_D50)
    for rows in strips(*array.shape[:2]):
        lab = array[rows].astype(np.float64)
        signed = array[rows][..., 1:].astype(np.uint16).view(np.int16)
        light = lab[..., 0] * 100 / (65280 if icc_encoding else 65535)
        ab = lab[..., 1:] / 256 - 128 if icc_encoding else signed / 256
        y = (light + 16) / 116
        f = np.stack([y + ab[..., 0] / 500, y, y - ab[..., 1] / 200], axis=-1)
        xyz = np.where(f > 6 / 29, f**3, (f - 4 / 29) * 3 * (6 / 29) ** 2) * D50
        linear = np.clip(xyz @ to_linear.T, 0.0, 1.0)
        out[rows] = np.round(np.asarray(linear_to_srgb(linear)) * 65535)
    return out


def profile_of(data: bytes | None, mode: str, notes: list[str]) -> Profile | None:
    """The input profile to apply to a picture of Pillow mode `mode`, or None if its pixels are already sRGB.

    A profile that is broken or belongs to another kind of picture is ignored, and `notes` reports this. A profile that
    changes no colour by more than one level of 255 counts as sRGB. So the luma of an sRGB picture is rounded only once.
    """
    if not data:
        return None
    try:
        opened = ImageCms.ImageCmsProfile(BytesIO(data))
        space = SPACES.get(opened.profile.xcolor_space.strip().upper(), "")
        if space != mode and not (mode == "L" and space == "RGB"):
            notes.append("The ICC profile is for another kind of picture; sRGB was assumed.")
            return None
        profile = Profile(data, space, opened)
        return None if mode in ("L", "RGB") and _is_srgb(profile) else profile
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        notes.append("The ICC profile is broken; sRGB was assumed.")
        return None


def _is_srgb(profile: Profile) -> bool:
    if profile.mode == "L":
        return bool(np.abs(profile.grey_curve(8).astype(int) - np.arange(256)).max() <= 1)
    levels = np.array([0, 32, 64, 96, 128, 192, 255], dtype=np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(49, 7, 3)
    out = np.asarray(ImageCms.applyTransform(Image.fromarray(cube), profile.to_rgb()))
    return bool(np.abs(out.astype(int) - cube).max() <= 1)
