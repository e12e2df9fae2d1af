import colorsys

import numpy as np
import skimage.color
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from photochrom.color.hsl import hsl_to_rgb, rgb_to_hsl

channel = st.floats(0.0, 1.0)


def test_hsl_equals_colorsys(cube: NDArray[np.float64]) -> None:
    flat = cube.reshape(-1, 3)
    hls = np.array([colorsys.rgb_to_hls(*color) for color in flat.tolist()])
    np.testing.assert_allclose(rgb_to_hsl(flat), hls[:, [0, 2, 1]], rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        rgb_to_hsl(torch.from_numpy(flat.copy())).numpy(), hls[:, [0, 2, 1]], atol=1e-12
    )


def test_rgb_equals_colorsys(cube: NDArray[np.float64]) -> None:
    # The cube read as hue, saturation, lightness: it has every corner case of those too.
    flat = cube.reshape(-1, 3)
    expected = [
        colorsys.hls_to_rgb(hue, lightness, saturation) for hue, saturation, lightness in flat.tolist()
    ]
    np.testing.assert_allclose(hsl_to_rgb(flat), expected, rtol=0, atol=1e-12)


def test_hue_equals_scikit_image(cube: NDArray[np.float64]) -> None:
    np.testing.assert_allclose(
        rgb_to_hsl(cube)[..., 0], skimage.color.rgb2hsv(cube)[..., 0], rtol=0, atol=1e-12
    )


@given(channel, channel, channel)
@settings(max_examples=30)
def test_round_trip(red: float, green: float, blue: float) -> None:
    rgb = np.array([red, green, blue])
    np.testing.assert_allclose(hsl_to_rgb(rgb_to_hsl(rgb)), rgb, rtol=0, atol=1e-12)


@given(st.lists(st.floats(0.0, 1.0, width=32), min_size=3, max_size=3))
@settings(max_examples=30)
def test_ranges_hold_in_single_precision(color: list[float]) -> None:
    hue, saturation, lightness = rgb_to_hsl(np.array(color, dtype=np.float32))
    assert 0 <= hue < 1
    assert 0 <= saturation <= 1 + 1e-6
    assert 0 <= lightness <= 1


def test_one_step_from_white_and_from_the_seam_of_hue() -> None:
    below_one = np.nextafter(np.float32(1), np.float32(0))
    hue, saturation, _ = rgb_to_hsl(np.array([1, 1, below_one], dtype=np.float32))
    np.testing.assert_allclose([hue, saturation], [1 / 6, 1.0], rtol=1e-6)
    # A red a trace towards blue: its hue is just below 1, which float32 would round to 1.
    assert rgb_to_hsl(np.array([1, 0, 1e-9], dtype=np.float32))[0] < 1


def test_hue_wraps() -> None:
    color = np.array([0.3, 0.6, 0.4])
    for turns in (-2.0, 1.0, 5.0):
        np.testing.assert_allclose(
            hsl_to_rgb(color + np.array([turns, 0.0, 0.0])), hsl_to_rgb(color), atol=1e-12
        )


def test_greys_have_finite_gradients() -> None:
    greys = torch.linspace(0, 1, 9).repeat(3, 1).T.clone().requires_grad_()
    hsl = rgb_to_hsl(greys)
    assert (hsl[:, :2] == 0).all()
    hsl_to_rgb(hsl + torch.tensor([0.1, 0.2, 0.0])).sum().backward()
    assert torch.isfinite(greys.grad).all()
