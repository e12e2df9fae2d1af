"""Flow of a picture that moves by a known amount."""

from __future__ import annotations

import numpy as np
import skimage.data
from numpy.typing import NDArray
from scipy import ndimage

from photochrom.engine.flow import Flow, moved, trusted

GREY = skimage.data.camera()[::4, ::4].astype(np.uint8)


def shifted(x: float, y: float) -> NDArray[np.uint8]:
    """What lay at (row, column) lies at (row + y, column + x): scipy's spline, not OpenCV's remap."""
    return np.asarray(np.clip(ndimage.shift(GREY.astype(float), (y, x), mode="nearest"), 0, 255), np.uint8)


def test_flow_of_a_shift_is_the_shift_both_ways() -> None:
    there, back = Flow().between(GREY, shifted(3, -2))
    middle = np.s_[16:-16, 16:-16]
    assert np.abs(np.median(there[middle], axis=(0, 1)) - (3, -2)).max() < 0.3
    assert np.abs(np.median(back[middle], axis=(0, 1)) - (-3, 2)).max() < 0.3


def test_moving_along_the_flow_brings_the_picture_back() -> None:
    there = np.broadcast_to(np.float32((3, -2)), (*GREY.shape, 2)).copy()
    returned = moved(shifted(3, -2).astype(np.float32), there)
    middle = np.s_[8:-8, 8:-8]
    assert np.abs(returned[middle] - GREY[middle]).max() < 2


def test_still_pictures_are_trusted_everywhere() -> None:
    there, back = Flow().between(GREY, GREY)
    assert trusted(there, back, GREY, GREY).mean() == 1


def test_what_leaves_the_frame_or_looks_different_is_not_trusted() -> None:
    there = np.zeros((*GREY.shape, 2), np.float32)
    there[:, -10:, 0] = 20
    assert trusted(there, -there, GREY, GREY)[:, -10:].max() == 0
    still = np.zeros_like(there)
    assert trusted(still, still, GREY, (255 - GREY).astype(np.uint8)).mean() < 0.3


def test_ways_that_do_not_return_are_not_trusted() -> None:
    there = np.zeros((*GREY.shape, 2), np.float32)
    back = there.copy()
    back[..., 0] = 5
    assert trusted(there, back, GREY, GREY).max() == 0


def test_a_very_narrow_picture_is_taken_as_still() -> None:
    thin = GREY[:8]
    assert Flow().between(thin, thin)[0].shape == (8, GREY.shape[1], 2)
