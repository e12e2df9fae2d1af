"""What is drawn for a participant."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from photochrom.bench.turing.trials import Plan, Settings, draw, plan


@pytest.mark.parametrize(
    ("photos", "trials", "expected"),
    [
        (500, 40, Plan(5, 40, 5)),
        (50, 40, Plan(5, 40, 5)),  # just enough
        (49, 40, Plan(5, 40, 4)),  # 44 photos beside practice: one check in nine
        (16, 40, Plan(4, 11, 1)),
        (4, 40, Plan(1, 2, 1)),
        (500, 1, Plan(5, 1, 1)),
    ],
)
def test_plan(photos: int, trials: int, expected: Plan) -> None:
    assert plan(photos, Settings(trials=trials)) == expected


def test_too_few_photos_are_said() -> None:
    with pytest.raises(ValueError, match="at least 4 photos; there are 3"):
        plan(3, Settings())


@pytest.mark.parametrize(
    "wrong", [{"trials": 0}, {"trials": 10**6}, {"practice": -1}, {"seconds": 0}, {"pause": -1}]
)
def test_settings_are_bounded(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be between"):
        Settings(**wrong)


@pytest.mark.parametrize("participant", range(1, 9))
def test_nobody_sees_a_photo_twice_and_models_are_balanced(participant: int) -> None:
    trials = draw(60, 3, Settings(), participant)
    assert len({trial.photo for trial in trials}) == len(trials) == 50
    assert {trial.photo for trial in trials} <= set(range(60))
    assert [trial.kind for trial in trials[:5]] == ["practice"] * 5
    rest = trials[5:]
    assert sorted(Counter(t.model for t in rest if t.kind == "test").values()) == [13, 13, 14]
    assert [t.model for t in rest if t.kind == "check"] == [None] * 5
    # One check in each fifth of the forty tests: an early leaver has met one.
    before = [sum(t.kind == "test" for t in rest[:i]) for i, t in enumerate(rest) if t.kind == "check"]
    for step, tests in enumerate(before):
        assert 8 * step <= tests <= 8 * (step + 1)


def test_a_seed_and_a_number_give_the_same_trials_and_nothing_else_does() -> None:
    first = draw(60, 2, Settings(), 1)
    assert draw(60, 2, Settings(), 1) == first
    assert draw(60, 2, Settings(), 2) != first
    assert draw(60, 2, replace(Settings(), seed=1), 1) != first


def test_side_and_order_are_fair_coins() -> None:
    trials = [t for number in range(400) for t in draw(60, 2, Settings(), number)]
    counts = Counter((t.coloured, t.first) for t in trials)
    # 20,000 trials in four kinds: 5,000 each, standard deviation 61.
    assert len(counts) == 4
    assert all(abs(count - 5000) < 5 * 61 for count in counts.values())


def test_every_photo_meets_every_model() -> None:
    seen = Counter(
        (t.photo, t.model) for n in range(200) for t in draw(12, 3, Settings(), n) if t.kind == "test"
    )
    # 200 people with 8 tests each over 36 cells: 44 each, standard deviation below 7.
    assert len(seen) == 36
    assert min(seen.values()) > 44 - 35
