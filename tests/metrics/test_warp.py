"""The warp error of pictures whose change is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from photochrom.metrics.warp import chroma_warp_error

AB = ndimage.gaussian_filter(np.random.default_rng(0).normal(0, 400, (40, 50, 2)), (4, 4, 0)).astype(
    np.float32
)
STILL = np.zeros((40, 50, 2), np.float32)


def test_still_colours_have_none() -> None:
    assert chroma_warp_error(AB, AB, STILL) == 0


def test_a_change_is_its_distance_in_lab_units() -> None:
    assert chroma_warp_error(AB, AB + np.float32((3, 4)), STILL) == pytest.approx(5, abs=1e-4)


def test_what_moves_along_the_flow_has_none() -> None:
    moved = np.stack([ndimage.shift(AB[..., i], (2, -3), mode="nearest", order=1) for i in range(2)], -1)
    flow = np.broadcast_to(np.float32((-3, 2)), STILL.shape).copy()
    trust = np.zeros((40, 50), np.float32)
    trust[5:-5, 5:-5] = 1
    assert chroma_warp_error(AB, moved, flow, trust) < 1e-3
    assert chroma_warp_error(AB, moved, STILL, trust) > 1


def test_half_a_pixel_is_the_mean_of_two() -> None:
    """Against scipy's spline of order 1."""
    flow = np.broadcast_to(np.float32((0.5, 0.25)), STILL.shape).copy()
    seen = np.stack([ndimage.shift(AB[..., i], (-0.25, -0.5), mode="nearest", order=1) for i in range(2)], -1)
    expected = np.hypot(*np.moveaxis(seen - AB, -1, 0)).mean()
    assert chroma_warp_error(AB, AB, flow) == pytest.approx(expected, rel=0.01)


def test_what_is_not_trusted_does_not_count() -> None:
    trust = np.zeros((40, 50), np.float32)
    assert chroma_warp_error(AB, AB + 10, STILL, trust) == 0
    trust[0, 0] = 0.5
    assert chroma_warp_error(AB, AB + np.float32((10, 0)), STILL, trust) == pytest.approx(10, abs=1e-4)
