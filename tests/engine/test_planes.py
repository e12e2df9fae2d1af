"""Chroma planes against the same numbers worked out pixel by pixel in float64."""

from __future__ import annotations

import numpy as np
import pytest

from photochrom.color.ycbcr import BT601, BT709, Range
from photochrom.engine.planes import chroma_planes

RANGES = [Range(8), Range(8, full=True), Range(10), Range(10, full=True), Range(12)]


def constant(*values: float) -> np.ndarray:
    """Coefficients that are the same everywhere: a of Cb, b of Cb, a of Cr, b of Cr."""
    return np.broadcast_to(np.float32(values)[:, None, None], (4, 6, 8)).copy()


@pytest.mark.parametrize("held", RANGES)
def test_every_range(held: Range) -> None:
    # A grey ramp, each level twice across and down, so that halving it changes nothing.
    grey = np.linspace(0.2, 0.8, 40).repeat(2)[None].repeat(8, 0)
    luma = np.round(held.black + held.luma_levels * grey).astype(held.dtype)
    y = (luma[::2, ::2].astype(float) - held.black) / held.luma_levels
    u, v = chroma_planes(luma, constant(0.1, -0.02, -0.1, 0.03), BT709, held, centred=True)
    for plane, chroma in ((u, 0.1 * y - 0.02), (v, -0.1 * y + 0.03)):
        assert plane.dtype == held.dtype
        assert np.abs(plane - (held.neutral + held.chroma_levels * chroma)).max() <= 0.51


@pytest.mark.parametrize(("subsampling", "shape"), [((1, 1), (7, 9)), ((2, 1), (7, 5)), ((2, 2), (4, 5))])
def test_odd_sizes(subsampling: tuple[int, int], shape: tuple[int, int]) -> None:
    luma = np.full((7, 9), 120, np.uint8)
    u, v = chroma_planes(luma, constant(0, 0.1, 0, 0), BT601, Range(8), subsampling=subsampling)
    assert u.shape == v.shape == shape
    assert set(np.unique(u)) == {round(128 + 22.4)}
    assert set(np.unique(v)) == {128}


def test_samples_level_with_the_left_column_see_the_luma_there() -> None:
    """On a ramp, the mean of two columns is half a column too far right; the moved one is not."""
    held = Range(12, full=True)
    luma = np.arange(1000, 3000, 20, dtype=np.uint16)[None].repeat(4, 0)
    u, _ = chroma_planes(luma, constant(0.2, -0.1, 0, 0), BT709, held)
    expected = held.neutral + held.chroma_levels * (0.2 * luma[0, ::2] / held.luma_levels - 0.1)
    assert np.abs(u[0, 1:] - expected[1:]).max() <= 1


def test_colours_outside_the_cube_lose_chroma_in_proportion() -> None:
    held = Range(8, full=True)
    luma = np.full((4, 4), 250, np.uint8)
    u, v = (x[0, 0].astype(float) - 128 for x in chroma_planes(luma, constant(0, 0.3, 0, 0.3), BT709, held))
    assert abs(u - v) <= 1
    rgb = BT709.to_rgb(np.array(250 / 255), np.array(u / 255), np.array(v / 255))
    assert rgb.max() <= 1 + 0.01
    assert u > 0


def test_strength_and_other_depth() -> None:
    luma = np.full((4, 4), 120, np.uint8)
    grey, _ = chroma_planes(luma, constant(0, 0.2, 0, 0), BT709, Range(8), strength=0)
    assert set(np.unique(grey)) == {128}
    deep, _ = chroma_planes(luma, constant(0, 0.1, 0, 0), BT709, Range(8), wanted=Range(10), strength=0.5)
    assert set(np.unique(deep)) == {round(512 + 896 * 0.05)}
