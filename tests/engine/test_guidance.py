"""What a hint follows: things end at edges of luma and of the affinity."""

import numpy as np
import pytest

from photochrom.engine.guidance import KEPT, SIDE, Guidance, guidance_of


def flat_with_a_square(luma: float = 0.0, learned: float = 0.0) -> Guidance:
    """A black picture with a square in its middle that differs in luma or in a learned coordinate."""
    guide, affinity = np.zeros((144, 144), np.float32), np.zeros((48, 48, 3), np.float32)
    guide[48:96, 48:96] = luma
    affinity[16:32, 16:32, 0] = learned
    affinity[..., 2] = 1
    return guidance_of(guide, np.zeros((48, 48, 2), np.float32), affinity)


@pytest.mark.parametrize(("luma", "learned"), [(1.0, 0.0), (0.0, 4.0), (0.5, 2.0)])
def test_a_thing_ends_at_an_edge(luma: float, learned: float) -> None:
    guidance = flat_with_a_square(luma, learned)
    inside, outside = guidance.things([(72, 72), (10, 72)])
    square = np.zeros((144, 144), bool)
    square[52:92, 52:92] = True
    away = np.ones((144, 144), bool)
    away[44:100, 44:100] = False
    assert inside[square].min() > 0.9
    assert inside[away].max() < 0.1
    assert outside[72, 72] < 0.1


def test_grain_is_no_edge() -> None:
    rng = np.random.default_rng(0)
    guide = (0.5 + rng.normal(0, 0.01, (144, 144))).astype(np.float32)
    guidance = guidance_of(guide, np.zeros((48, 48, 2), np.float32), None)
    (thing,) = guidance.things([(72, 72)])
    assert thing[52:92, 52:92].min() > 0.5


def test_without_affinity_the_colours_make_the_edges() -> None:
    guide, ab = np.full((96, 96), 0.5, np.float32), np.zeros((48, 48, 2), np.float32)
    ab[:, 24:] = 40
    (left,) = guidance_of(guide, ab, None).things([(48, 20)])
    assert left[48, 20] > 0.9
    assert left[48, 60:].max() < 0.1


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (600, 2), (7, 5), (400, 400)])
def test_any_shape_has_a_grid(shape: tuple[int, int]) -> None:
    guidance = guidance_of(np.full(shape, 0.5, np.float32), np.zeros((8, 8, 2), np.float32), None)
    height, width = guidance.luma.shape
    assert height * width <= 1.1 * SIDE**2
    assert 1 <= height <= shape[0]
    assert 1 <= width <= shape[1]
    assert guidance.cell(1, 1) == (height - 1, width - 1)
    assert np.isfinite(guidance.things([guidance.cell(0.5, 0.5)])).all()


def test_things_are_kept_and_not_too_many() -> None:
    guidance = flat_with_a_square(1.0)
    first = guidance.things([(10, 10)])
    np.testing.assert_array_equal(guidance.things([(10, 10)]), first)
    assert list(guidance._kept) == [(10, 10)]
    many = [(row, column) for row in range(0, 140, 14) for column in range(0, 140, 14)]
    found = guidance.things(many)
    assert len(found) == len(many) > KEPT
    assert len(guidance._kept) == KEPT
    np.testing.assert_array_equal(found[0], guidance.things([many[0]])[0])


def test_a_disc_has_its_radius() -> None:
    guidance = flat_with_a_square()
    disc = guidance.disc((72, 72), 0.1)
    area = (disc > 0.5).sum()
    assert area == pytest.approx(np.pi * 14.4**2, rel=0.03)
    assert disc[72, 72] == 1
