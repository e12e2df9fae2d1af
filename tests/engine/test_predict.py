"""Predictions: the network's size, qualities, colorfulness and candidates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.color.difference import ciede2000
from photochrom.engine.models import resolve
from photochrom.engine.options import Options
from photochrom.engine.predict import network_size, predict, prior_strength
from photochrom.engine.session import Session


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(resolve("photochrom"), threads=1)


@pytest.fixture(scope="module")
def grey(astronaut: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(astronaut[::2, ::2] @ np.float32([0.299, 0.587, 0.114])) / np.float32(255)


@given(height=st.integers(1, 20000), width=st.integers(1, 20000), side=st.sampled_from([64, 256, 320]))
def test_network_size_keeps_area_and_proportions(height: int, width: int, side: int) -> None:
    got = network_size((height, width), side)
    assert all(x >= 32 and x % 32 == 0 for x in got)
    if 1 / 4 < height / width < 4 and side >= 256:
        assert got[0] * got[1] == pytest.approx(side * side, rel=0.3)
        assert got[0] / got[1] == pytest.approx(height / width, rel=0.3)


def test_prediction_is_colour_within_the_bins(session: Session, grey: np.ndarray) -> None:
    (colours,) = predict(session, grey, Options(), with_confidence=True)
    assert colours.confidence is not None
    assert colours.ab.shape == (*colours.confidence.shape, 2)
    assert np.abs(colours.ab).max() <= 110
    assert np.hypot(*np.moveaxis(colours.ab, -1, 0)).mean() > 3
    assert colours.confidence.min() >= 0
    assert colours.confidence.max() <= 1
    assert np.ptp(colours.confidence) > 0.05


def test_every_step_of_colorfulness_raises_the_chroma(session: Session, grey: np.ndarray) -> None:
    levels = np.linspace(0, 2, 9)
    found = [predict(session, grey, Options(colorfulness=float(level)))[0].ab for level in levels]
    chroma = [float(np.hypot(ab[..., 0], ab[..., 1]).mean()) for ab in found]
    assert chroma == sorted(set(chroma))
    # The range is worth having: from calm to full it more than doubles.
    assert chroma[-1] > 2 * chroma[0]
    np.testing.assert_array_equal(found[4], predict(session, grey, Options())[0].ab)


def test_the_middle_of_the_range_of_colorfulness_is_the_models_own(session: Session) -> None:
    ends = [prior_strength(session, colorfulness) for colorfulness in (0.0, 1.0, 2.0)]
    assert ends == [0.0, session.prior_strength, pytest.approx(2.5 * session.prior_strength)]
    assert prior_strength(session, 1.5) == pytest.approx(1.75 * session.prior_strength)


def test_best_averages_mirror_images(session: Session, grey: np.ndarray) -> None:
    """A prediction that averages both mirrors is the mirror of that of the mirrored photo."""
    plain = predict(session, grey, Options(quality="best", size=128))[0].ab
    mirrored = predict(session, np.ascontiguousarray(grey[:, ::-1]), Options(quality="best", size=128))[0].ab
    assert np.abs(plain - mirrored[:, ::-1]).mean() < 0.5
    single = predict(session, grey, Options(size=128))[0].ab
    assert plain.shape[0] > single.shape[0]


def test_candidates_differ_and_the_first_is_the_automatic_one(session: Session, grey: np.ndarray) -> None:
    first, *others = predict(session, grey, Options(candidates=3, seed=1))
    np.testing.assert_allclose(first.ab, predict(session, grey, Options())[0].ab, atol=1e-3)
    lab = [np.concatenate([np.full((*c.ab.shape[:2], 1), 60.0), c.ab], axis=-1) for c in (first, *others)]
    # A thing is a part of the picture, and a difference of 2.3 is just noticeable.
    assert all((ciede2000(lab[i], lab[j]) > 5).mean() > 0.05 for i, j in ((0, 1), (0, 2), (1, 2)))
    again = predict(session, grey, Options(candidates=3, seed=1))
    np.testing.assert_array_equal(others[0].ab, again[1].ab)
    by_seed = [predict(session, grey, Options(candidates=2, seed=seed))[1].ab for seed in range(1, 5)]
    assert max(float(np.abs(ab - others[0].ab).mean()) for ab in by_seed) > 0.5


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (500, 2), (31, 33)])
def test_odd_sizes(session: Session, shape: tuple[int, int]) -> None:
    (colours,) = predict(session, np.full(shape, 0.4, np.float32), Options(size=64))
    assert np.isfinite(colours.ab).all()


@pytest.mark.parametrize("level", [0.05, 0.5, 0.95])
def test_one_grey_stays_grey_and_little_contrast_has_little_colour(session: Session, level: float) -> None:
    flat = np.full((64, 64), level, np.float32)
    ramp = np.linspace(-1, 1, 64, dtype=np.float32)[None].repeat(64, 0) / 255
    assert np.abs(predict(session, flat, Options())[0].ab).max() < 1e-3
    faint = predict(session, flat + 2 * ramp, Options())[0].ab
    assert 0 < np.hypot(*np.moveaxis(faint, -1, 0)).mean() < 10
