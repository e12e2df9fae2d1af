"""A photo's luma at the sizes at which the network and the guided filter work."""

from __future__ import annotations

from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Float: TypeAlias = NDArray[np.float32]
Luma: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]

GUIDE_SIDE = 400
"""The photo is reduced to about this side squared for solving the guided filter."""


def reduced(luma: Luma, side: int = GUIDE_SIDE) -> Float:
    """The photo's luma in [0, 1] at about side x side pixels, areas averaged; never enlarged."""
    height, width = luma.shape
    scale = min(1.0, side / (height * width) ** 0.5)
    target = max(1, round(height * scale)), max(1, round(width * scale))
    small = luma
    # Halving has a fast path in OpenCV, averaging by other factors has none: 8 ms, not 22, at 12 megapixels.
    while small.shape[0] >= 2 * target[0] and small.shape[1] >= 2 * target[1] and scale < 0.5:
        half = (small.shape[1] // 2, small.shape[0] // 2)
        small = cv2.resize(small, half, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return resized(as_float(small), target) / np.float32(np.iinfo(luma.dtype).max)


def resized(luma: Float, shape: tuple[int, ...]) -> Float:
    """`luma` at another size: areas are averaged where it shrinks, else bilinear."""
    shrinks = luma.shape[0] >= shape[0] and luma.shape[1] >= shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return as_float(cv2.resize(luma, shape[1::-1], interpolation=how))


def as_float(x: NDArray[Any]) -> Float:
    """`x` as float32, copied only if it is not."""
    return np.asarray(x, np.float32)
