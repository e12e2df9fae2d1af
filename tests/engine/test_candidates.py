"""Further candidates: a thing with several plausible colours takes another one; a certain one keeps its own."""

import numpy as np
import pytest

from photochrom.color.quantize import ab_bins
from photochrom.engine.candidates import alternatives

BINS = ab_bins()
SKY, RED, BLUE, GREEN = (-10.0, -30.0), (50.0, 30.0), (10.0, -50.0), (-50.0, 40.0)
SIDE = 24
LEFT, RIGHT = np.s_[2:-2, 2 : SIDE // 2 - 2], np.s_[2:-2, SIDE // 2 + 2 : -2]


def bumps(*colors: tuple[tuple[float, float], float]) -> np.ndarray:
    """Logits (K,) of a distribution with a Gaussian of 8 units around each colour, with these shares."""
    density = sum(share * np.exp(-((BINS - color) ** 2).sum(axis=1) / 128) for color, share in colors)
    return np.log(np.asarray(density) + 1e-6).astype(np.float32)


@pytest.fixture
def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits, luma and first colours: a sky on the left that is certain, on the right what may be of three colours."""
    logits = np.empty((len(BINS), SIDE, SIDE), np.float32)
    logits[:, :, : SIDE // 2] = bumps((SKY, 1.0))[:, None, None]
    logits[:, :, SIDE // 2 :] = bumps((RED, 0.5), (BLUE, 0.3), (GREEN, 0.2))[:, None, None]
    luma = np.full((SIDE, SIDE), 0.7, np.float32)
    luma[:, SIDE // 2 :] = 0.4
    first = np.empty((SIDE, SIDE, 2), np.float32)
    first[:, : SIDE // 2], first[:, SIDE // 2 :] = SKY, RED
    return logits, luma, first


def test_what_is_uncertain_changes_as_a_whole(scene: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    logits, luma, first = scene
    for seed in range(3):
        found = alternatives(logits, luma, BINS, 0.5, first, 2, seed)
        others = [ab[RIGHT].reshape(-1, 2) for ab in found]
        for ab, right in zip(found, others, strict=True):
            np.testing.assert_allclose(ab[LEFT], first[LEFT], atol=1e-5)
            assert np.ptp(right, axis=0).max() < 1
        # Each plausible colour once, before any is repeated.
        colors = sorted(tuple(right.mean(axis=0)) for right in others)
        np.testing.assert_allclose(colors, sorted([BLUE, GREEN]), atol=6)


def test_a_candidate_does_not_depend_on_how_many_follow(
    scene: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    logits, luma, first = scene
    few, many = (alternatives(logits, luma, BINS, 0.5, first, count, 7) for count in (1, 4))
    np.testing.assert_array_equal(few[0], many[0])


def test_colors_are_within_the_bins_for_any_distribution() -> None:
    rng = np.random.default_rng(0)
    for shape in ((1, 1), (1, 9), (8, 8)):
        logits = rng.normal(0, 3, (len(BINS), *shape)).astype(np.float32)
        luma = rng.uniform(0, 1, shape).astype(np.float32)
        first = np.zeros((*shape, 2), np.float32)
        for ab in alternatives(logits, luma, BINS, 0.5, first, 3, 0):
            assert ab.shape == (*shape, 2)
            assert np.isfinite(ab).all()
            assert np.abs(ab).max() <= 110
