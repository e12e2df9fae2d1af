"""Measure the evidence for real colour in a photo.

A toned print has one tint for each grey. If this tone curve is subtracted, the rest is real colour or damage. Damage
differs from real colour in three ways. A stain has one colour, so its chroma varies along one line; the chroma of a
colour photo varies in two dimensions. Stains are yellow, brown or blue like ink; colour photos also have reds, greens
and purples. Errors of scanners and of JPEG are fine-grained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import rgb_to_lab

Float = NDArray[np.float32]

# Fitted by `benchmarks/in_color.py --fit` on half of the photos; docs/in-color.md has the errors on the other half.
WEIGHTS = (2.37, 2.76, -1.60)
BIAS = -0.88
SOFT = 0.15
"""Added to each measure before its logarithm, because smaller differences are rounding errors."""
_LEVELS = 24
_SIDE = 128
_STAIN_HUE, _STAIN_WIDTH = np.deg2rad(-57.0), np.deg2rad(22.0)
"""The hues of rust, foxing, yellowed paper, mould and (opposite) of ink, in the plane of `_log_chroma`."""


_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Evidence:
    """The evidence for real colour in one photo.

    Attributes
    ----------
    second
        The standard deviation of chroma across its main direction, in Lab units, without the tone curve.
    strange
        The 99th percentile of the distance from the hues of stains, in units of about one Lab unit.
    rough
        The mean of the same distance in fine detail. It is high for noise, fringes and JPEG blocks.
    """

    second: float
    strange: float
    rough: float

    @property
    def score(self) -> float:
        """The logarithm of the odds that the photo is in colour."""
        logs = np.log(np.array([self.second, self.strange, self.rough]) + SOFT)
        return float(logs @ WEIGHTS + BIAS)


def measure(rgb: NDArray[np.uint8]) -> Evidence:
    """Measure one photo ``(h, w, 3)`` uint8 sRGB without card around it."""
    rgb = _align(rgb)
    shorter = min(rgb.shape[:2])
    # The median removes lines of up to half its width: stamps, dates, scratches and remaining fringes.
    side = 7 if shorter >= 160 else 5 if shorter >= 48 else 3
    rgb = np.asarray(cv2.medianBlur(np.ascontiguousarray(rgb), side), np.uint8)
    margin = max(3, shorter // 40)
    if shorter > 4 * margin:
        rgb = rgb[margin:-margin, margin:-margin]
    float_rgb = shrink(np.asarray(rgb / 255, np.float32), _SIDE)
    luma = float_rgb @ _LUMA
    ab = shrink(_without_tone(luma, np.asarray(rgb_to_lab(float_rgb), np.float32)[..., 1:]), 20).reshape(
        -1, 2
    )
    second = np.sqrt(max(float(np.linalg.eigvalsh(np.cov(ab.T))[0]), 0.0)) if len(ab) > 1 else 0.0
    chroma = _without_tone(luma, _log_chroma(float_rgb))
    rough = _off_stains(shrink(_without_neighbors(luma, chroma), 48)).mean()
    strange = np.percentile(_off_stains(shrink(chroma, 20)), 99)
    return Evidence(float(second), float(strange), float(rough))


def _align(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Shift red and blue onto green by up to 4 pixels. Scanners and old colour presses misalign the channels."""
    height, width = rgb.shape[:2]
    if min(height, width) < 32:
        return rgb
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    edges = [_edges(rgb[..., channel]) for channel in range(3)]
    aligned = rgb.copy()
    for channel in (0, 2):
        (x, y), _ = cv2.phaseCorrelate(edges[1], edges[channel], window)
        if not 0.1 < max(abs(x), abs(y)) < 4:
            continue
        off, still_off = (
            np.abs(e - edges[1]).mean() for e in (edges[channel], _shifted(edges[channel], x, y))
        )
        # If the shift does not align the edges, the scanner was not the cause, or the photo is too small to tell.
        if still_off < 0.9 * off:
            aligned[..., channel] = _shifted(np.ascontiguousarray(rgb[..., channel]), x, y)
    return aligned


def _shifted(channel: NDArray[Any], x: float, y: float) -> NDArray[Any]:
    matrix, size = np.array([[1, 0, x], [0, 1, y]], np.float32), channel.shape[::-1]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(channel, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))


_LOGS = np.log(np.arange(256, dtype=np.float32) / 255 + 0.1)


def _edges(channel: NDArray[np.uint8]) -> Float:
    logs = _LOGS[channel]
    return np.hypot(cv2.Sobel(logs, cv2.CV_32F, 1, 0), cv2.Sobel(logs, cv2.CV_32F, 0, 1))


def _log_chroma(rgb: Float) -> Float:
    """Logarithms of red against green, and of blue against both. A stain adds the same vector at every grey."""
    red, green, blue = np.moveaxis(np.log(rgb + 0.1), -1, 0)
    return np.stack([40 * (red - green), 20 * (blue - (red + green) / 2)], axis=-1)


def _off_stains(chroma: Float) -> Float:
    """The distance (h, w) of chroma (h, w, 2) from the cone of the hues of stains and its opposite."""
    along = chroma @ np.array([np.cos(_STAIN_HUE), np.sin(_STAIN_HUE)], np.float32)
    across = chroma @ np.array([-np.sin(_STAIN_HUE), np.cos(_STAIN_HUE)], np.float32)
    off = np.abs(across) * np.cos(_STAIN_WIDTH) - np.abs(along) * np.sin(_STAIN_WIDTH)
    return np.asarray(np.maximum(off, 0), np.float32)


def _without_tone(luma: Float, chroma: Float) -> Float:
    """Subtract from chroma (h, w, 2) its median at each level of luma (h, w)."""
    level = np.clip(luma * _LEVELS, 0, _LEVELS - 1).astype(np.uint8).reshape(-1)
    flat = chroma.reshape(-1, 2)
    counts = np.bincount(level, minlength=_LEVELS)
    groups = np.split(flat[np.argsort(level, kind="stable")], np.cumsum(counts)[:-1])
    # A level with few pixels has no reliable tone. It takes the tone of its neighbours.
    held = np.flatnonzero(counts >= min(counts.max(), max(8, 0.001 * len(flat))))
    medians = np.array([np.median(groups[i], axis=0) for i in held])
    position = luma.reshape(-1) * _LEVELS - 0.5
    tone = np.stack([np.interp(position, held, medians[:, i]) for i in (0, 1)], axis=-1)
    return np.asarray(flat - tone, np.float32).reshape(chroma.shape)


def _without_neighbors(luma: Float, chroma: Float) -> Float:
    """Subtract from chroma a straight line in luma, fitted around each pixel. Detail remains (He et al., 2013)."""
    side = 2 * max(3, max(luma.shape) // 12) + 1
    guide = luma * 100
    product = guide[..., None] * chroma
    mean, square, means, products = (
        cv2.blur(x, (side, side), borderType=cv2.BORDER_REFLECT_101)
        for x in (guide, guide * guide, chroma, product)
    )
    slope = (products - mean[..., None] * means) / (square - mean * mean + 4)[..., None]
    offset = means - slope * mean[..., None]
    slope, offset = (cv2.blur(x, (side, side), borderType=cv2.BORDER_REFLECT_101) for x in (slope, offset))
    return np.asarray(chroma - slope * guide[..., None] - offset, np.float32)


def shrink(picture: Float, side: int) -> Float:
    """Reduce a picture by area averaging, so that its longer side is `side` at most."""
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
