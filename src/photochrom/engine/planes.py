"""The U and V planes of a film's frame, from the coefficients of the guided filter and the frame's own Y plane."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color.gamut import chroma_limit
from photochrom.color.ycbcr import Matrix, Range
from photochrom.engine.merge import each_strip, enlarged_rows, strips
from photochrom.engine.resize import Float, as_float

__all__ = ["chroma_planes"]


def chroma_planes(
    luma: NDArray[Any],
    coefficients: Float,
    matrix: Matrix,
    held: Range,
    *,
    wanted: Range | None = None,
    subsampling: tuple[int, int] = (2, 2),
    centred: bool = False,
    strength: float = 1.0,
    pool: Executor | None = None,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Chroma at its own size.

    Parameters
    ----------
    luma : (H, W) integers as `held` says
    coefficients : (4, gh, gw), see `photochrom.engine.merge.solve_guided`
    wanted : how the chroma is to be held; as the luma, if None
    subsampling : how many pixels share a sample, across and down
    centred : whether a sample lies in the middle of its pixels; else level with the left column, as MPEG has it
    strength : 0 is grey, 1 as given

    Returns
    -------
    U, V : (ceil(H / down), ceil(W / across)) integers. Colours that would leave the R'G'B' cube lose chroma.
    """
    wanted = wanted or held
    across, down = subsampling
    height, width = luma.shape
    shape = (-(-height // down), -(-width // across))
    out = np.empty((2, *shape), wanted.dtype)

    def strip(top: int, bottom: int) -> None:
        rows = luma[top * down : min(height, bottom * down)]
        y = held.luma(_reduced(rows, across, down))
        if across > 1 and not centred:
            # The mean of two columns lies half a pixel right of the left one; this moves it back.
            y[:, 1:] = np.float32(0.75) * y[:, 1:] + np.float32(0.25) * y[:, :-1]
        np.clip(y, 0, 1, out=y)
        a_b, b_b, a_r, b_r = enlarged_rows(coefficients, top, bottom, shape)
        cb, cr = a_b * y, a_r * y
        cb += b_b
        cr += b_r
        if strength != 1:
            cb *= np.float32(strength)
            cr *= np.float32(strength)
        _keep_in_gamut(y, cb, cr, matrix)
        for plane, values in zip(out, (cb, cr), strict=True):
            plane[top:bottom] = _quantized(values, wanted)

    each_strip(strip, strips(shape[0], 1), pool)
    return out[0], out[1]


def _reduced(rows: NDArray[Any], across: int, down: int) -> NDArray[Any]:
    if across == down == 1:
        return rows
    height, width = rows.shape
    odd = ((0, -height % down), (0, -width % across))
    even = np.pad(rows, odd, mode="edge") if any(after for _, after in odd) else rows
    size = (even.shape[1] // across, even.shape[0] // down)
    return np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_AREA))


def _keep_in_gamut(y: Float, cb: Float, cr: Float, matrix: Matrix) -> None:
    red, blue = cr * np.float32(matrix.cr_to_red), cb * np.float32(matrix.cb_to_blue)
    green = as_float(cv2.addWeighted(cb, matrix.cb_to_green, cr, matrix.cr_to_green, 0))
    highest = as_float(cv2.max(cv2.max(red, green), blue))
    lowest = as_float(cv2.min(cv2.min(red, green), blue))
    highest += y
    lowest += y
    # Few samples leave the gamut; only those go through the exact limit.
    outside = np.flatnonzero((highest > 1) | (lowest < 0))
    if outside.size:
        flat_cb, flat_cr = cb.reshape(-1), cr.reshape(-1)
        scale = chroma_limit(y.reshape(-1)[outside], flat_cb[outside], flat_cr[outside], matrix)
        flat_cb[outside] *= scale
        flat_cr[outside] *= scale


def _quantized(values: Float, held: Range) -> NDArray[Any]:
    """Integers of Cb or Cr; full range has one level less above the neutral one than below."""
    kind = cv2.CV_8U if held.bits == 8 else cv2.CV_16U
    levels = cv2.addWeighted(values, held.chroma_levels, values, 0, held.neutral, dtype=kind)
    most = (1 << held.bits) - 1
    return np.asarray(np.minimum(levels, most) if held.full and held.bits > 8 else levels)
