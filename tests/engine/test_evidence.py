"""What speaks for real colour, measured on pictures whose colours are known."""

import cv2
import numpy as np
import pytest
import skimage.color
from numpy.typing import NDArray
from PIL import Image

from photochrom.engine.evidence import measure


def patches(ab: list[list[float]]) -> NDArray[np.uint8]:
    """Four patches, 240 x 240 pixels in all; in each the lightness goes from 45 to 70."""
    lab = np.zeros((240, 240, 3))
    lab[..., 0] = np.tile(np.linspace(45, 70, 120), 2)
    lab[..., 1:] = np.kron(np.array(ab).reshape(2, 2, 2), np.ones((120, 120, 1)))
    return np.uint8(np.round(255 * skimage.color.lab2rgb(lab)))


def test_the_spread_across_the_main_direction_is_in_lab_units() -> None:
    measured = measure(patches([[40, 0], [-40, 0], [0, 25], [0, -25]]))
    # No tone explains colours that are there at every lightness. b alone is 0, 0, 25, -25.
    assert measured.second == pytest.approx(np.std([0, 0, 25, -25]), rel=0.15)


def test_one_line_of_colors_has_no_spread_across() -> None:
    assert measure(patches([[0, 0], [4, 15], [8, 30], [12, 45]])).second < 1


def test_hues_of_stains_are_not_strange_and_others_are() -> None:
    brown, pink, green = (
        measure(patches([[0, 0]] * 3 + [ab])).strange for ab in ([10, 30], [25, 5], [-30, 10])
    )
    assert brown < 1
    assert min(pink, green) > 4


def test_channels_that_are_shifted_are_put_back(astronaut: NDArray[np.uint8]) -> None:
    grey = np.asarray(Image.fromarray(astronaut[::2, ::2]).convert("L"))
    shifted = np.dstack([np.roll(grey, 2, axis=1), grey, np.roll(grey, -1, axis=0)])
    assert measure(shifted).second < 0.3
    # Without the alignment the fringes are there: a shift beyond its reach has them.
    assert measure(np.dstack([np.roll(grey, 9, axis=1), grey, np.roll(grey, -9, axis=0)])).second > 1


def test_noise_is_rough_and_patches_are_not() -> None:
    noise = np.random.default_rng(0).normal(128, 40, (240, 240, 3))
    coarse = cv2.resize(noise[::6, ::6].astype(np.float32), (240, 240), interpolation=cv2.INTER_CUBIC)
    smooth = patches([[0, 0], [25, 5], [0, 0], [25, 5]])
    assert measure(np.uint8(np.clip(coarse, 0, 255))).rough > 2 * measure(smooth).rough
