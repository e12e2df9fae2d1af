"""Optical flow between neighbouring frames, and pictures moved along it.

DIS (Kroeger et al. 2016, arXiv:1603.03590) in OpenCV's fast preset: 1.3 ms for a pair of about 128 x 128 pixels.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.engine.resize import Float, as_float

Grey = NDArray[np.uint8]

TOLERANCE = 0.5
"""Pixels by which a way there and back may miss its start, beside a tenth of its length (Sundaram et al. 2010)."""
SEEN_TOLERANCE = 24.0
"""Grey levels, of 255, by which the two ends of a way may differ: beyond that it does not lead to the same thing."""


class Flow:
    """Finds the flow between frames; not safe to share between threads."""

    def __init__(self) -> None:
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def between(self, first: Grey, second: Grey) -> tuple[Float, Float]:
        """The flow from each frame to the other.

        Parameters
        ----------
        first, second : (h, w) uint8, neighbours in time

        Returns
        -------
        to_second, to_first : (h, w, 2) float32
            Where each pixel of `first` goes in `second`, as x and y in pixels from where it is; and the same of
            `second` in `first`.
        """
        return self._one(first, second), self._one(second, first)

    def _one(self, first: Grey, second: Grey) -> Float:
        if min(first.shape) < SMALLEST:
            # DIS needs a patch of 8 pixels on its coarsest level; so narrow a picture is taken as still.
            return np.zeros((*first.shape, 2), np.float32)
        return as_float(self._dis.calc(first, second, None))  # type: ignore[call-overload]


SMALLEST = 16


def moved(picture: Float, flow: Float) -> Float:
    """`picture` of another frame, seen from the frame whose `flow` leads there; bilinear, borders repeated.

    Parameters
    ----------
    picture : (h, w) or (h, w, C)
    flow : (h, w, 2), see `Flow.between`
    """
    x, y = _grid(*flow.shape[:2])
    return as_float(
        cv2.remap(
            picture, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    )


def trusted(there: Float, back: Float, here_grey: Grey, there_grey: Grey) -> Float:
    """How far each pixel's way can be trusted, ``(h, w)`` of 0 or 1.

    A way is not trusted where the way back does not lead to its start, which is so where things are covered or
    uncovered, where it leaves the frame, or where its two ends look different.

    Parameters
    ----------
    there : (h, w, 2) the flow from this frame to the other
    back : (h, w, 2) the flow of the other frame to this one
    here_grey, there_grey : (h, w) uint8, the two frames
    """
    height, width = there.shape[:2]
    x, y = _grid(height, width)
    returned = there + moved(back, there)
    missed = returned[..., 0] ** 2 + returned[..., 1] ** 2
    length = there[..., 0] ** 2 + there[..., 1] ** 2
    at_x, at_y = x + there[..., 0], y + there[..., 1]
    inside = (at_x > -1) & (at_x < width) & (at_y > -1) & (at_y < height)
    unlike = np.abs(here_grey.astype(np.float32) - moved(as_float(there_grey), there))
    good = (missed < TOLERANCE**2 + 0.01 * length) & inside & (unlike < SEEN_TOLERANCE)
    return as_float(good)


@cache
def _grid(height: int, width: int) -> tuple[Float, Float]:
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x, y
