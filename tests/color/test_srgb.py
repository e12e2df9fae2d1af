import numpy as np
import skimage.color
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from photochrom.color.srgb import (
    RGB_TO_XYZ,
    XYZ_TO_RGB,
    linear_to_srgb,
    linear_to_xyz,
    srgb_to_linear,
    xyz_to_linear,
)


def test_xyz_equals_scikit_image(cube: NDArray[np.float64]) -> None:
    xyz = skimage.color.rgb2xyz(cube)
    np.testing.assert_allclose(linear_to_xyz(srgb_to_linear(cube)), xyz, rtol=0, atol=1e-12)
    np.testing.assert_allclose(linear_to_srgb(xyz_to_linear(xyz)), skimage.color.xyz2rgb(xyz), atol=1e-10)


def test_known_values_of_the_standard() -> None:
    # IEC 61966-2-1: code value 118 is about the 18 % grey card; 10 and below lie on the straight piece.
    np.testing.assert_allclose(
        srgb_to_linear(np.array([0.0, 10 / 255, 118 / 255, 1.0])), [0.0, 0.0030353, 0.1811642, 1.0], atol=1e-7
    )


def test_the_two_pieces_meet() -> None:
    below, above = srgb_to_linear(np.array([0.04045, np.nextafter(0.04045, 1.0)]))
    assert abs(above - below) < 1e-7


def test_the_matrices_are_inverses() -> None:
    np.testing.assert_allclose(np.array(RGB_TO_XYZ) @ np.array(XYZ_TO_RGB), np.eye(3), atol=1e-14)


@given(st.floats(0.0, 1.0))
@settings(max_examples=30)
def test_round_trip(value: float) -> None:
    # 1e-7: the standard's two thresholds are each other's images to seven digits only.
    assert abs(float(linear_to_srgb(srgb_to_linear(np.asarray([value])))[0]) - value) < 1e-7


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
@settings(max_examples=30)
def test_lighter_stays_lighter(one: float, two: float) -> None:
    low, high = srgb_to_linear(np.array(sorted((one, two))))
    assert low <= high
