import numpy as np
import skimage.color
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from photochrom.color.luma import LUMA_WEIGHTS, rgb_to_luma, rgb_to_ycbcr, ycbcr_to_rgb

channel = st.floats(0.0, 1.0)


def test_ycbcr_equals_scikit_image(cube: NDArray[np.float64]) -> None:
    # scikit-image has the studio range of BT.601: luma in 16 to 235, chroma in 16 to 240.
    studio = skimage.color.rgb2ycbcr(cube)
    full = np.stack([(studio[..., 0] - 16) / 219, *((studio[..., i] - 128) / 224 for i in (1, 2))], axis=-1)
    np.testing.assert_allclose(rgb_to_ycbcr(cube), full, rtol=0, atol=1e-5)
    np.testing.assert_allclose(rgb_to_luma(cube), full[..., 0], rtol=0, atol=1e-5)


def test_luma_is_what_pillow_calls_grey(chelsea: NDArray[np.uint8]) -> None:
    grey = np.asarray(Image.fromarray(chelsea).convert("L")).astype(float)
    exact = rgb_to_luma(chelsea / 255) * 255
    # Half a level of rounding, and Pillow's weights are rounded to 16 bits.
    assert np.abs(grey - exact).max() <= 0.5 + 255 * 3 * 2**-17


def test_ycbcr_is_what_pillow_puts_into_a_jpeg(chelsea: NDArray[np.uint8]) -> None:
    theirs = np.asarray(Image.fromarray(chelsea).convert("YCbCr")).astype(float)
    ours = rgb_to_ycbcr(chelsea / 255) * 255 + [0.0, 128.0, 128.0]
    # Pillow cuts off the sum of three table entries, each of them rounded to 1/64 of a level.
    assert np.abs(theirs - ours).max() <= 1 + 1.5 / 64


def test_the_primaries() -> None:
    ycbcr = rgb_to_ycbcr(np.eye(3))
    np.testing.assert_allclose(ycbcr[:, 0], LUMA_WEIGHTS)
    np.testing.assert_allclose([ycbcr[0, 2], ycbcr[2, 1]], 0.5)


def test_greys_have_no_chroma() -> None:
    grey = np.linspace(0.0, 1.0, 11)
    ycbcr = rgb_to_ycbcr(np.repeat(grey[:, None], 3, axis=1))
    np.testing.assert_allclose(ycbcr, np.stack([grey, 0 * grey, 0 * grey], axis=-1), atol=1e-15)


def test_ranges(cube: NDArray[np.float64]) -> None:
    ycbcr = rgb_to_ycbcr(cube).reshape(-1, 3)
    np.testing.assert_allclose(ycbcr.min(axis=0), [0.0, -0.5, -0.5], atol=1e-12)
    np.testing.assert_allclose(ycbcr.max(axis=0), [1.0, 0.5, 0.5], atol=1e-12)


@given(channel, channel, channel)
@settings(max_examples=30)
def test_round_trip(red: float, green: float, blue: float) -> None:
    rgb = np.array([red, green, blue])
    ycbcr = rgb_to_ycbcr(rgb)
    np.testing.assert_allclose(ycbcr_to_rgb(ycbcr), rgb, rtol=0, atol=1e-14)
    # Chroma of any size leaves the luma alone: what the merge of colour and photo rests on.
    ycbcr[1:] *= 1.7
    np.testing.assert_allclose(rgb_to_luma(ycbcr_to_rgb(ycbcr)), ycbcr[0], rtol=0, atol=1e-14)
