"""Process pictures in strips. A full-size intermediate of a 100-megapixel scan would take 300 MB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["luma_16", "strips", "unturned"]

STRIP_PIXELS = 1 << 20


def strips(height: int, width: int, pixels: int = STRIP_PIXELS) -> Iterator[slice]:
    """Slices of rows that cover a picture, each of about `pixels` pixels."""
    rows = max(1, pixels // max(width, 1))
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))


def luma_16(rgb: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Rec. 601 luma of (h, w, 3) uint16, with Pillow's 16-bit integer weights. The sums just fit into uint32."""
    r, g, b = (rgb[..., i].astype(np.uint32) for i in range(3))
    return ((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16).astype(np.uint16)


def unturned(upright: NDArray[Any], orientation: int) -> NDArray[Any]:
    """A view of `upright` in the orientation of the file. Pixels written to the view become upright.

    This saves the second copy that `Image.transpose` makes.
    """
    view = upright
    if orientation in (5, 6, 7, 8):
        view = view.swapaxes(0, 1)
    if orientation in (3, 4, 6, 7):
        view = view[::-1]
    if orientation in (2, 3, 7, 8):
        view = view[:, ::-1]
    return view
