"""Warmer and cooler colours: a shift like that of another white balance, which leaves hints and plain areas alone."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.color

from photochrom.engine.hints import Hint
from photochrom.engine.models import DEFAULT, resolve
from photochrom.engine.options import Options
from photochrom.engine.predict import predict
from photochrom.engine.session import Session
from photochrom.engine.warmth import AMBER, warmed
from photochrom.errors import OptionError


def ramp() -> np.ndarray:
    return np.linspace(0, 1, 64, dtype=np.float32)[None].repeat(48, axis=0)


def test_the_shift_of_a_grey_is_that_of_a_scaled_light() -> None:
    luma = ramp()
    moved = warmed(np.zeros((48, 64, 2), np.float32), luma, 0.5)
    # Lightness from scikit-image; the law from the definition of L*, a* and b* (CIE 15).
    lightness = skimage.color.rgb2lab(np.dstack([luma] * 3).astype(np.float64))[..., 0]
    expected = 0.5 * (lightness + 16)[..., None] / 116 * np.array(AMBER)
    np.testing.assert_allclose(moved, expected, atol=0.02)


def test_nothing_is_warmed_by_zero_and_cooler_is_the_opposite() -> None:
    ab = np.random.default_rng(0).normal(0, 20, (48, 64, 2)).astype(np.float32)
    np.testing.assert_array_equal(warmed(ab, ramp(), 0), ab)
    np.testing.assert_allclose(warmed(ab, ramp(), 1) + warmed(ab, ramp(), -1), 2 * ab, atol=1e-4)


def test_an_area_that_shows_nothing_stays_grey() -> None:
    luma = ramp()
    luma[:, 32:] = 0.5
    moved = warmed(np.zeros((48, 64, 2), np.float32), luma, 1)
    assert np.abs(moved[:, 48:]).max() < 1e-6
    assert moved[24, 16, 1] > 5


def test_hints_keep_their_colour(astronaut: np.ndarray) -> None:
    luma = (astronaut.mean(axis=2) / 255).astype(np.float32)[::2, ::2]
    session = Session(resolve(DEFAULT), threads=1)
    hint = Hint(0.5, 0.2, "#2040a0")
    (plain,), (warm,) = (
        predict(session, luma, Options(hints=(hint,), warmth=warmth)) for warmth in (0.0, 1.0)
    )
    at = int(0.2 * plain.ab.shape[0]), int(0.5 * plain.ab.shape[1])
    # The shift there would be 6 to 14 units in b.
    assert np.abs(warm.hinted[at] - plain.hinted[at]).max() < 2
    assert (warm.ab - plain.ab)[..., 1].mean() > 3


@pytest.mark.parametrize("wrong", [-1.1, 1.5, float("nan")])
def test_a_warmth_out_of_range_is_a_sentence(wrong: float) -> None:
    with pytest.raises(OptionError, match="warmth must be between -1 and 1"):
        Options(warmth=wrong)
