"""Is it a black-and-white photograph, a toned one (sepia, cyanotype, faded), or one in real colour?"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import rgb_to_lab
from photochrom.media.photo import Page

TONE_RESIDUAL = 12.0
"""Chroma, in Lab units, that 5 % of a photo must have beyond its tone to count as being in colour."""
_GREY = 3.0


def kind_of(thumbnail: NDArray[np.uint8] | None) -> Literal["grey", "toned", "colour"]:
    """Classify a small sRGB picture ``(h, w, 3)``; None means all channels were equal.

    Toning gives every grey of a print its own tint, so in a toned print colour is a function of lightness. What
    is left after that function has been taken away is real colour.
    """
    if thumbnail is None or thumbnail.size == 0:
        return "grey"
    lab = rgb_to_lab(thumbnail.reshape(-1, 3).astype(np.float32) / 255)
    lightness, ab = lab[:, 0], lab[:, 1:]
    if np.percentile(np.hypot(ab[:, 0], ab[:, 1]), 95) < _GREY:
        return "grey"
    level = np.clip(lightness / 100 * 16, 0, 15).astype(int)
    residual = np.empty(len(ab), np.float32)
    for i in np.unique(level):
        here = level == i
        off = ab[here] - np.median(ab[here], axis=0)
        residual[here] = np.hypot(off[:, 0], off[:, 1])
    return "colour" if np.percentile(residual, 95) > TONE_RESIDUAL else "toned"


def is_colored(page: Page) -> bool:
    """Whether a page is already in real colour (toned prints are not)."""
    return kind_of(page.thumbnail) == "colour"
