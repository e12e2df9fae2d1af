"""How photos are brought to one size."""

from typing import Any

import numpy as np
import pytest

from photochrom.bench.protocol import Protocol


@pytest.mark.parametrize("fit", ["crop", "stretch"])
def test_protocol_brings_photos_to_its_size(fit: Any) -> None:
    wide = np.zeros((50, 90, 3), np.uint8)
    wide[:, :20] = 255
    square = Protocol(size=40, fit=fit).fitted(wide)
    assert square.shape == (40, 40, 3)
    assert (square[20, 0].mean() > 200) == (fit == "stretch")
    same = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    assert np.array_equal(Protocol(size=40, fit=fit).fitted(same), same)


def test_a_crop_is_the_middle_and_an_odd_pixel_is_cut_below() -> None:
    rng = np.random.default_rng(1)
    wide, high = rng.integers(0, 256, (40, 60, 3), np.uint8), rng.integers(0, 256, (45, 40, 3), np.uint8)
    protocol = Protocol(size=40)
    assert np.array_equal(protocol.fitted(wide), wide[:, 10:50])
    assert np.array_equal(protocol.fitted(high), high[2:42])


def test_a_smaller_size_averages_the_pixels() -> None:
    photo = np.random.default_rng(2).integers(0, 256, (80, 80, 3), np.uint8)
    means = photo.reshape(40, 2, 40, 2, 3).mean(axis=(1, 3))
    assert np.abs(Protocol(size=40).fitted(photo) - means).max() <= 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 31}, "size must be at least 32 pixels, not 31"),
        ({"fit": "squash"}, "fit is crop or stretch, not squash"),
        ({"merge": "rgb"}, "merge is luma or lab, not rgb"),
    ],
)
def test_a_wrong_option_is_a_sentence(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Protocol(**options)


def test_a_table_states_all_that_makes_it_comparable() -> None:
    stated = Protocol(size=64, fit="stretch", merge="lab", seed=3).stated(files=7)
    assert stated == {"files": 7, "size": 64, "fit": "stretch", "merge": "lab", "seed": 3}
