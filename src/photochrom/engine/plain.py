"""Where a photo shows nothing: one grey all over, or a large area of one grey, such as the lost part of a damaged file.

Nothing tells what colour such an area has, and the network takes it for a sky. It stays grey.
"""

from __future__ import annotations

import cv2
import numpy as np

from photochrom.engine.resize import Float, as_float

__all__ = ["visible"]

CONTRAST = 4 / 255
"""Standard deviation of luma below which there is hardly a picture; fog and snow have more."""
EXACT = 0.1 / 255
"""What rounding leaves of differences in an area of one grey; grain, noise and gradients have more."""
AREA = 0.1
"""Share of the photo from which on such an area counts. Smaller ones are parts of things."""
WINDOW = 7


def visible(luma: Float) -> Float | None:
    """How much each place shows, from 0 to 1 ``(h, w)``; None where all of it shows something.

    Parameters
    ----------
    luma : (h, w) in [0, 1], some hundred pixels a side
    """
    contrast = float(min(1.0, luma.std() / CONTRAST))
    kernel = np.ones((WINDOW, WINDOW), np.uint8)
    exact = cv2.dilate(luma, kernel) - cv2.erode(luma, kernel) < EXACT
    plain = np.zeros_like(exact)
    if np.count_nonzero(exact) >= AREA * luma.size:
        _, labels, facts, _ = cv2.connectedComponentsWithStats(exact.astype(np.uint8))
        plain = exact & (facts[:, cv2.CC_STAT_AREA] >= AREA * luma.size)[labels]
    if not plain.any():
        return None if contrast == 1 else np.full(luma.shape, contrast, np.float32)
    # The windows at its border hold other places too, so the area is as much larger.
    whole = cv2.dilate(plain.astype(np.float32), kernel)
    return as_float(np.float32(contrast) * (1 - cv2.blur(whole, (3, 3))))
