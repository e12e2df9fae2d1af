"""Warmer or cooler colours: the whole photo moves towards amber or towards blue, and its luma stays.

The shift is that of another white balance. In CIELAB, a von Kries scaling of the light moves a grey by a vector that is
proportional to the cube root of its luminance, which is (L* + 16) / 116 (CIE 15). So shadows move less than lights.
"""

from __future__ import annotations

import numpy as np

from photochrom.color.lab import grey_to_lightness
from photochrom.engine.plain import visible
from photochrom.engine.resize import Float, as_float, resized

__all__ = ["AMBER", "warmed"]

AMBER = (3.0, 14.0)
"""How far a warmth of 1 moves a and b of white, in Lab units."""


def warmed(ab: Float, luma: Float, warmth: float) -> Float:
    """Predicted colours, moved by `warmth`.

    Parameters
    ----------
    ab : (h, w, 2) in Lab units
    luma : of the photo in [0, 1], at any size
    warmth : -1 is the coolest, 0 changes nothing, 1 is the warmest

    Returns
    -------
    (h, w, 2). An area that shows nothing stays grey.
    """
    if warmth == 0:
        return ab
    weight = (np.asarray(grey_to_lightness(resized(luma, ab.shape))) + 16) / 116
    shown = visible(luma)
    if shown is not None:
        weight = weight * resized(shown, ab.shape)
    return as_float(ab + np.float32(warmth) * weight[..., None] * np.array(AMBER, np.float32))
