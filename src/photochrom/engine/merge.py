"""Upsample the predicted colour to full size, and merge it with the luma without changing the luma.

The fast guided filter (He, Sun, Tang 2013; fast form: He, Sun 2015, arXiv:1505.00996) upsamples the chroma. It solves
the local linear model chroma = a * luma + b at a moderate size, and only the coefficients are enlarged. The
full-size photo is processed once, in strips.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color.gamut import ab_to_chroma, reduce_chroma
from photochrom.color.luma import CB_TO_BLUE, CB_TO_GREEN, CR_TO_GREEN, CR_TO_RED
from photochrom.engine.resize import Float, Luma, as_float, resized

REGULARIZATION = 0.03**2
"""A region with a smaller luma variance counts as flat. The standard deviation is about 8 levels of 255."""
NOTICEABLE = 0.1
"""A smaller change by hints, in ab units, is left out."""
_STRIP = 64


def guided_coefficients(ab: Float, guide: Float) -> Float:
    """Solve the guided filter for Cb and Cr.

    Parameters
    ----------
    ab : (h, w, 2) in Lab units, at the network's scale
    guide : (gh, gw) the photo's luma in [0, 1], see `reduced`

    Returns
    -------
    (4, gh, gw) : a of Cb, b of Cb, a of Cr, b of Cr, for luma in [0, 1].
    """
    chroma = np.stack(ab_to_chroma(ab, resized(guide, ab.shape)), axis=-1)
    return solve_guided(chroma, guide, window(guide.shape, ab.shape))


def changed_coefficients(coefficients: Float, ab: Float, change: Float, guide: Float) -> Float:
    """Return the coefficients ``(4, gh, gw)`` after hints. Where there is no change, they stay as they are.

    Parameters
    ----------
    coefficients : (4, gh, gw), those of `ab` by `guided_coefficients`
    ab : (h, w, 2) in Lab units, at the network's scale
    change : (ch, cw, 2) in Lab units, what is added to `ab`; at a finer scale
    """
    shape = change.shape[:2]
    before = as_float(cv2.resize(ab, shape[::-1], interpolation=cv2.INTER_LINEAR)).reshape(*shape, 2)
    luma = resized(guide, shape)
    chroma = np.zeros_like(change)
    # The conversion is slow, and most hints change a small part of the photo.
    where = np.abs(change).max(axis=-1) > NOTICEABLE
    if not where.any():
        return coefficients
    after = ab_to_chroma(before[where] + change[where], luma[where])
    chroma[where] = np.stack(after, axis=-1) - np.stack(ab_to_chroma(before[where], luma[where]), axis=-1)
    return coefficients + solve_guided(chroma, guide, window(guide.shape, shape))


def enlarged_mask(mask: Float, guide: Float, shape: tuple[int, ...]) -> Float:
    """Enlarge a mask ``(h, w)`` in [0, 1] to `shape` as `changed_coefficients` enlarges a change: along the luma."""
    slope, level, *_ = solve_guided(np.stack([mask, mask], axis=-1), guide, window(guide.shape, mask.shape))
    return np.clip(resized(slope * guide + level, shape), 0, 1)


def window(guide: tuple[int, ...], cells: tuple[int, ...]) -> int:
    """The guided filter's radius in pixels of the guide.

    The window covers about two cells of the network. The network's colour edges may be misplaced by this much.
    """
    return max(1, round(max(guide[0] / cells[0], guide[1] / cells[1])))


def solve_guided(chroma: Float, guide: Float, radius: int) -> Float:
    """The coefficients ``(4, gh, gw)`` of `guided_coefficients` for Cb and Cr ``(h, w, 2)`` of any matrix."""
    shape = guide.shape

    def mean(x: Float) -> Float:
        side = 2 * radius + 1
        return as_float(cv2.blur(x, (side, side), borderType=cv2.BORDER_REFLECT))

    mean_guide = mean(guide)
    variance = mean(guide * guide) - mean_guide**2
    coefficients = np.empty((4, *shape), np.float32)
    for i in range(2):
        # Nearest-neighbour interpolation would leave visible blocks.
        part = as_float(cv2.resize(chroma[..., i], shape[::-1], interpolation=cv2.INTER_LINEAR))
        mean_part = mean(part)
        slope = (mean(guide * part) - mean_guide * mean_part) / (variance + REGULARIZATION)
        coefficients[2 * i] = mean(slope)
        coefficients[2 * i + 1] = mean(mean_part - slope * mean_guide)
    return coefficients


def merge_rgb(luma: Luma, coefficients: Float, strength: float, pool: Executor | None = None) -> Luma:
    """Merge luma and chroma at full size into ``(H, W, 3)`` sRGB of the luma's dtype.

    The Rec. 601 luma of the result differs from the input by 1 level at most.
    """
    full = float(np.iinfo(luma.dtype).max)
    out = np.empty((*luma.shape, 3), luma.dtype)

    def strip(top: int, bottom: int) -> None:
        y = luma[top:bottom].astype(np.float32)
        y *= np.float32(1 / full)
        cb, cr = _chroma(y, enlarged_rows(coefficients, top, bottom, luma.shape), strength)
        y *= np.float32(full)
        y += np.float32(0.5)  # the conversion to integers truncates, so this rounds
        for channel, (from_cb, from_cr) in enumerate(
            ((0.0, CR_TO_RED), (CB_TO_GREEN, CR_TO_GREEN), (CB_TO_BLUE, 0.0))
        ):
            value = as_float(cv2.addWeighted(cb, from_cb * full, cr, from_cr * full, 0))
            value += y
            # The gamut limit keeps the values in range. The clip only removes floating-point error at 0 and `full`.
            np.clip(value, 0, full, out=value)
            out[top:bottom, :, channel] = value

    each_strip(strip, strips(luma.shape[0], 1), pool)
    return out


def merge_ycbcr(
    luma: NDArray[np.uint8],
    coefficients: Float,
    strength: float,
    *,
    halved: bool,
    pool: Executor | None = None,
) -> NDArray[np.uint8]:
    """Merge luma and chroma for a JPEG into ``(H, W, 3)`` full-range Y'CbCr. The Y plane equals the input.

    With `halved` the chroma is computed at half the size, and each 2x2 pixels share one value, as in 4:2:0 files.
    The result is a view of ``(H, W, 4)``. Pillow stores a pixel in four bytes, so the encoder need not copy it.
    """
    height, width = luma.shape
    out = np.empty((height, width, 4), np.uint8)
    step = 2 if halved else 1

    def strip(top: int, bottom: int) -> None:
        rows = luma[top:bottom]
        if halved:
            size = (-(-width // 2), -(-len(rows) // 2))
            small = rows if len(rows) % 2 == 0 and width % 2 == 0 else _padded_even(rows)
            y = as_float(cv2.resize(small, size, interpolation=cv2.INTER_AREA))
        else:
            y = rows.astype(np.float32)
        y *= np.float32(1 / 255)
        shape = (-(-height // step), -(-width // step))
        cb, cr = _chroma(y, enlarged_rows(coefficients, top // step, top // step + len(y), shape), strength)
        chroma = cv2.merge([cv2.addWeighted(x, 255, x, 0, 128, dtype=cv2.CV_8U) for x in (cb, cr)])
        if halved:
            # Each pair of bytes is enlarged as one 16-bit number. This is twice as fast as two 8-bit planes.
            pairs = chroma.view(np.uint16)[..., 0]
            doubled = cv2.resize(pairs, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
            chroma = np.ascontiguousarray(doubled[: len(rows), :width]).view(np.uint8)
        chroma = chroma.reshape(len(rows), width, 2)
        cv2.mixChannels([np.ascontiguousarray(rows), chroma], [out[top:bottom]], [0, 0, 1, 1, 2, 2])

    each_strip(strip, strips(height, 2), pool)
    return out[..., :3]


def _chroma(y: Float, coefficients: Float, strength: float) -> tuple[Float, Float]:
    cb = coefficients[0] * y
    cb += coefficients[1]
    cr = coefficients[2] * y
    cr += coefficients[3]
    if strength != 1:
        cb *= np.float32(strength)
        cr *= np.float32(strength)
    red, blue = cr * np.float32(CR_TO_RED), cb * np.float32(CB_TO_BLUE)
    green = as_float(cv2.addWeighted(cb, CB_TO_GREEN, cr, CR_TO_GREEN, 0))
    highest = as_float(cv2.max(cv2.max(red, green), blue))
    lowest = as_float(cv2.min(cv2.min(red, green), blue))
    highest += y
    lowest += y
    # Few pixels are outside the gamut. The exact limit is computed only for them.
    outside = np.flatnonzero((highest > 1) | (lowest < 0))
    if outside.size:
        flat_cb, flat_cr = cb.reshape(-1), cr.reshape(-1)
        flat_cb[outside], flat_cr[outside] = reduce_chroma(
            y.reshape(-1)[outside], flat_cb[outside], flat_cr[outside]
        )
    return cb, cr


def enlarged_rows(coefficients: Float, top: int, bottom: int, shape: tuple[int, ...]) -> Float:
    """Enlarge the coefficients to `shape` (bilinear, pixel centres aligned), and return the rows `top` to `bottom`."""
    height, width = shape[:2]
    count = coefficients.shape[1]
    position = np.clip((np.arange(top, bottom) + 0.5) * (count / height) - 0.5, 0, count - 1)
    lower = position.astype(int)
    upper = np.minimum(lower + 1, count - 1)
    share = (position - lower).astype(np.float32)[:, None]
    # The vertical interpolation comes first, while the rows are short. OpenCV's vector code does the horizontal one.
    enlarged = np.empty((4, bottom - top, width), np.float32)
    for i, plane in enumerate(coefficients):
        rows = plane[lower] * (1 - share) + plane[upper] * share
        enlarged[i] = cv2.resize(rows, (width, bottom - top), interpolation=cv2.INTER_LINEAR)
    return enlarged


def strips(height: int, multiple: int) -> Iterator[tuple[int, int]]:
    step = _STRIP * multiple
    for top in range(0, height, step):
        yield top, min(height, top + step)


def each_strip(
    work: Callable[[int, int], None], strips: Iterator[tuple[int, int]], pool: Executor | None
) -> None:
    if pool is None:
        for top, bottom in strips:
            work(top, bottom)
    else:
        # list() waits for all strips and raises the first error.
        list(pool.map(lambda ends: work(*ends), list(strips)))


def _padded_even(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = rows.shape
    return np.pad(rows, ((0, height % 2), (0, width % 2)), mode="edge")
