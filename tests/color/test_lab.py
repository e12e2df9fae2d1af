from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import skimage.color
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from photochrom.color.lab import (
    AB_SCALE,
    grey_to_lightness,
    lab_to_rgb,
    lab_to_xyz,
    lightness_to_grey,
    rgb_to_lab,
    xyz_to_lab,
)

Convert = Callable[[Any], Any]

channel = st.floats(0.0, 1.0)


def test_lab_equals_scikit_image(cube: NDArray[np.float64]) -> None:
    lab = skimage.color.rgb2lab(cube)
    np.testing.assert_allclose(rgb_to_lab(cube), lab, rtol=0, atol=1e-9)
    np.testing.assert_allclose(rgb_to_lab(torch.from_numpy(cube.copy())).numpy(), lab, rtol=0, atol=1e-9)
    np.testing.assert_allclose(lab_to_rgb(lab), skimage.color.lab2rgb(lab), rtol=0, atol=1e-9)
    xyz = skimage.color.rgb2xyz(cube)
    np.testing.assert_allclose(xyz_to_lab(xyz), skimage.color.xyz2lab(xyz), rtol=0, atol=1e-9)
    np.testing.assert_allclose(lab_to_xyz(lab), skimage.color.lab2xyz(lab), rtol=0, atol=1e-9)


def test_colors_outside_the_gamut_equal_scikit_image() -> None:
    lab = np.array([[50.0, 90.0, 60.0], [80.0, -100.0, 20.0], [30.0, -60.0, -60.0]])
    unclipped = lab_to_rgb(lab, clip=False)
    assert ((unclipped < 0) | (unclipped > 1)).any(axis=-1).all()
    np.testing.assert_allclose(lab_to_rgb(lab), skimage.color.lab2rgb(lab), rtol=0, atol=1e-9)


def test_a_photo_equals_scikit_image(chelsea: NDArray[np.uint8]) -> None:
    pixels = chelsea[::6, ::6] / 255
    np.testing.assert_allclose(rgb_to_lab(pixels), skimage.color.rgb2lab(pixels), rtol=0, atol=1e-9)


def test_known_colors() -> None:
    rgb = np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    # Lindbloom's calculator for sRGB D65.
    expected = [[100.0, 0.0, 0.0], [0.0, 0.0, 0.0], [53.24, 80.09, 67.20], [32.30, 79.19, -107.86]]
    np.testing.assert_allclose(rgb_to_lab(rgb), expected, atol=0.02)


def test_the_range_that_the_module_states(cube: NDArray[np.float64]) -> None:
    lab = rgb_to_lab(cube).reshape(-1, 3)
    np.testing.assert_allclose(lab.min(axis=0), [0.0, -86.2, -107.9], atol=0.1)
    np.testing.assert_allclose(lab.max(axis=0), [100.0, 98.3, 94.5], atol=0.1)
    assert np.abs(lab[:, 1:]).max() < AB_SCALE


@given(channel, channel, channel)
@settings(max_examples=30)
def test_round_trip(red: float, green: float, blue: float) -> None:
    rgb = np.array([red, green, blue])
    np.testing.assert_allclose(lab_to_rgb(rgb_to_lab(rgb)), rgb, rtol=0, atol=1e-5)


def test_greys_have_the_lightness_of_their_color() -> None:
    grey = np.linspace(0.0, 1.0, 101)
    lightness = rgb_to_lab(np.repeat(grey[:, None], 3, axis=1))[:, 0]
    np.testing.assert_allclose(grey_to_lightness(grey), lightness, rtol=0, atol=1e-9)
    np.testing.assert_allclose(lightness_to_grey(lightness), grey, rtol=0, atol=1e-6)
    single = grey_to_lightness(torch.from_numpy(grey).float())
    assert single.dtype == torch.float32
    np.testing.assert_allclose(single.numpy(), lightness, rtol=0, atol=1e-3)


@pytest.mark.parametrize("convert", [grey_to_lightness, lightness_to_grey])
def test_grey_conversions_refuse_integers(convert: Convert) -> None:
    with pytest.raises(TypeError, match="floating-point"):
        convert(np.arange(3))


@pytest.mark.parametrize(
    ("convert", "values"), [(grey_to_lightness, (0.2, 0.9)), (lightness_to_grey, (20.0, 90.0))]
)
def test_gradients_of_the_grey_conversions(convert: Convert, values: tuple[float, float]) -> None:
    assert torch.autograd.gradcheck(convert, (torch.tensor(values, dtype=torch.float64, requires_grad=True),))
