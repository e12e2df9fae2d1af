"""Hints spread: met where they lie, within their things, and no farther than their reach."""

from typing import Any

import cv2
import numpy as np
import pytest

from photochrom.engine.guidance import Guidance, guidance_of
from photochrom.engine.hints import BRUSH, Hint
from photochrom.engine.models import resolve
from photochrom.engine.options import Options
from photochrom.engine.predict import predict
from photochrom.engine.session import Session
from photochrom.engine.spread import apply_hints, reach_of

RED, BLUE = "#c02020", "#2040c0"
ZERO = np.zeros((30, 60, 2), np.float32)
THINGS = 6


@pytest.fixture(scope="module")
def stripes() -> Guidance:
    """Six upright stripes of one luma. The learned coordinates of neighbours differ; the third equals the first."""
    affinity = np.zeros((30, 60, 4), np.float32)
    for number, place in enumerate((0, 4, 0, 8, 12, 16)):
        affinity[:, 10 * number : 10 * number + 10, 0] = place
    affinity[..., 3] = 1
    return guidance_of(np.full((90, 180), 0.5, np.float32), ZERO, affinity)


def on(stripe: int, color: str | None = RED, reach: Any = "thing", y: float = 0.5) -> Hint:
    return Hint((stripe + 0.5) / THINGS, y, color, reach)


def amount(change: np.ndarray) -> list[float]:
    """The mean change of each stripe, away from its edges."""
    width = change.shape[1] / THINGS
    middles = [change[:, round((i + 0.3) * width) : round((i + 0.7) * width)] for i in range(THINGS)]
    return [float(np.hypot(*np.moveaxis(each, -1, 0)).mean()) for each in middles]


def test_a_hint_is_met_and_changes_its_thing_alone(stripes: Guidance) -> None:
    change = apply_hints(ZERO, stripes, (on(0),))
    row, column = stripes.cell(0.5 / THINGS, 0.5)
    np.testing.assert_allclose(change[row, column], on(0).ab, atol=0.03 * np.abs(on(0).ab).max())
    own, *others = amount(change)
    assert own > 0.6 * np.hypot(*on(0).ab)
    assert max(others) < 0.02 * own


def test_everything_like_it_changes_too_and_the_unlike_does_not(stripes: Guidance) -> None:
    hint = on(0, reach="like")
    change = apply_hints(ZERO, stripes, (hint,))
    _, other, alike, *rest = amount(change)
    assert alike > 5 * max(other, *rest)
    # Far from the hint only the regression is left: the kernel of equation 4.19 at alpha = 1, written out.
    height, width = stripes.luma.shape
    (row, column), (far_row, far_column) = stripes.cell(hint.x, hint.y), stripes.cell(2.5 / THINGS, 0.5)
    unit = 0.5 * (height * width) ** 0.5 / 0.7
    far = ((row - far_row) ** 2 + (column - far_column) ** 2) / unit**2
    expected = hint.ab / (1 + far / 2) / 1.02
    np.testing.assert_allclose(change[far_row, far_column], expected, rtol=0.15)


def test_a_brush_colours_a_disc(stripes: Guidance) -> None:
    change = apply_hints(ZERO, stripes, (Hint(0.5, 0.5, RED, "here", 0.1),))
    size = np.hypot(*np.moveaxis(change, -1, 0)) / np.hypot(*on(0).ab)
    height, width = stripes.luma.shape
    rows, columns = np.mgrid[:height, :width]
    far = np.hypot(rows - 0.5 * height, columns - 0.5 * width) / (height * width) ** 0.5
    assert size[far < 0.06].min() > 0.95
    assert size[far > 0.16].max() < 0.05
    assert (reach_of(ZERO, stripes, Hint(0.5, 0.5, RED, "here"))[far > 2 * BRUSH] < 0.05).all()


def test_what_is_kept_no_other_hint_changes(stripes: Guidance) -> None:
    spilling = tuple(on(i, reach="like") for i in (0, 1, 3))
    before = amount(apply_hints(ZERO, stripes, spilling))
    after = amount(apply_hints(ZERO, stripes, (*spilling, on(2, None, "keep"))))
    assert before[2] > 20
    assert after[2] < 0.5
    np.testing.assert_allclose(after[:2], before[:2], atol=0.5)
    # A brush does not change it either.
    brushed = apply_hints(ZERO, stripes, (on(2, None, "keep"), on(2, RED, "here")))
    assert amount(brushed)[2] < 0.5


def test_a_kept_and_a_coloured_point_share_a_thing(stripes: Guidance) -> None:
    change = apply_hints(ZERO, stripes, (on(0, y=0.1), on(0, None, "keep", y=0.9)))
    size = np.hypot(*np.moveaxis(change, -1, 0)) / np.hypot(*on(0).ab)
    column = stripes.cell(0.5 / THINGS, 0)[1]
    rows = [stripes.cell(0, y)[0] for y in (0.1, 0.9)]
    assert size[rows[0], column] > 0.9
    assert size[rows[1], column] < 0.01


def test_two_things_change_no_third_and_many_that_agree_do(stripes: Guidance) -> None:
    """A picture that is too red everywhere, and says so on two, then on five things."""
    ab = np.zeros((30, 60, 2), np.float32) + np.float32([30, 10])
    grey = "#808080"
    two = amount(apply_hints(ab, stripes, (on(0, grey), on(1, grey))))
    assert max(two[2:]) < 0.5
    five = amount(apply_hints(ab, stripes, tuple(on(i, grey) for i in (0, 1, 2, 3, 4))))
    assert five[5] > 10
    against = (on(0, RED), on(1, BLUE), on(2, "#208020"), on(3, "#c0c020"), on(4, "#20c0c0"))
    assert amount(apply_hints(ZERO, stripes, against))[5] < 5


def test_hints_at_one_place_meet_in_the_middle(stripes: Guidance) -> None:
    change = apply_hints(ZERO, stripes, (on(0), on(0, BLUE)))
    row, column = stripes.cell(0.5 / THINGS, 0.5)
    np.testing.assert_allclose(change[row, column], (on(0).ab + on(0, BLUE).ab) / 2, atol=2)


def test_no_colour_is_beyond_those_of_the_hints(stripes: Guidance) -> None:
    """Hints that disagree everywhere: their interpolation does not overshoot."""
    rng = np.random.default_rng(0)
    hints = tuple(
        Hint(float(x), float(y), f"#{rng.integers(1 << 24):06x}", reach)
        for x, y, reach in zip(rng.random(40), rng.random(40), ["thing", "here"] * 20, strict=True)
    )
    change = apply_hints(ZERO, stripes, hints)
    assert np.isfinite(change).all()
    assert np.abs(change).max() < 1.5 * max(np.abs(hint.ab).max() for hint in hints)


def test_a_reach_is_where_the_change_is(stripes: Guidance) -> None:
    for reach in ("here", "thing", "like"):
        hint = on(1, reach=reach)
        size = np.hypot(*np.moveaxis(apply_hints(ZERO, stripes, (hint,)), -1, 0)) / np.hypot(*hint.ab)
        np.testing.assert_allclose(reach_of(ZERO, stripes, hint), size, atol=0.12)
    kept = amount(np.repeat(reach_of(ZERO, stripes, on(1, None, "keep"))[..., None], 2, axis=-1))
    assert kept[1] > 1.2
    assert max(kept[0], *kept[2:]) < 0.02


@pytest.mark.parametrize("quality", ["balanced", "best"])
@pytest.mark.parametrize("reach", ["thing", "like", "here"])
def test_the_default_model_meets_hints(astronaut: np.ndarray, quality: Any, reach: Any) -> None:
    session = Session(resolve("photochrom"), threads=1)
    luma = np.ascontiguousarray(astronaut[::2, ::2] @ np.float32([0.299, 0.587, 0.114])) / np.float32(255)
    hints = (Hint(0.1, 0.8, "#207030", reach), Hint(0.85, 0.2, "#703080", reach))
    for colours in predict(session, luma, Options(quality=quality, hints=hints, candidates=2)):
        assert colours.change is not None
        height, width = colours.change.shape[:2]
        ab = cv2.resize(colours.ab, (width, height), interpolation=cv2.INTER_LINEAR) + colours.change
        for hint in hints:
            row, column = int(hint.y * height), int(hint.x * width)
            assert np.hypot(*(ab[row, column] - hint.ab)) < 4
            assert np.hypot(*colours.change[row, column]) > 10


def test_a_net_without_affinity_follows_hints_all_the_same(astronaut: np.ndarray) -> None:
    session = Session(resolve("photochrom"), threads=1)
    luma = np.ascontiguousarray(astronaut[::4, ::4] @ np.float32([0.299, 0.587, 0.114])) / np.float32(255)
    hint = Hint(0.25, 0.5, RED)
    (learned,) = predict(session, luma, Options(hints=(hint,)))
    session.has_affinity = False
    (colours,) = predict(session, luma, Options(hints=(hint,)))
    assert (learned.affinity is None, colours.affinity is None) == (False, True)
    assert learned.change is not None
    assert colours.change is not None
    assert np.abs(learned.change - colours.change).max() > 5
    height, width = colours.change.shape[:2]
    at = colours.hinted[int(0.5 * colours.ab.shape[0]), int(0.25 * colours.ab.shape[1])]
    assert (height, width) == luma.shape
    assert np.hypot(*(at - hint.ab)) < 6
