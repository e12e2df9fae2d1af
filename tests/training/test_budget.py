"""Budgets: how far a run is, by each of the three clocks."""

from types import SimpleNamespace

import pytest

from photochrom.training import budget
from photochrom.training.budget import Budget, Position


def test_progress_by_minutes_steps_and_passes() -> None:
    minutes = [Budget(minutes=2).progress(Position(step=10**9, seconds=s), 8) for s in (0, 30, 120, 500)]
    steps = [Budget(steps=4).progress(Position(step=n, seconds=1e9), 8) for n in (0, 1, 4, 9)]
    epochs = [Budget(epochs=2.5).progress(Position(step=99, photos=n), 8) for n in (0, 5, 10, 20, 24)]
    assert minutes == [0, 0.25, 1, 1]
    assert steps == [0, 0.25, 1, 1]
    assert epochs == [0, 0.25, 0.5, 1, 1]


@pytest.mark.parametrize(
    ("minutes", "steps", "epochs", "message"),
    [
        (None, None, None, "give one of minutes, steps and epochs"),
        (1, 1, None, "give one of minutes, steps and epochs"),
        (1, None, 0.5, "give one of minutes, steps and epochs"),
        (0, None, None, "must be more than 0"),
        (-1, None, None, "must be more than 0"),
        (None, 0, None, "must be more than 0"),
        (None, None, float("nan"), "must be more than 0"),
    ],
)
def test_a_budget_is_one_thing_and_something(
    minutes: float | None, steps: int | None, epochs: float | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Budget(minutes, steps, epochs)


def test_minutes_are_of_a_watch_or_of_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "time", SimpleNamespace(monotonic=lambda: 7.0, process_time=lambda: 5.0))
    assert Budget(minutes=1).now() == 7
    assert Budget(minutes=1, clock="cpu").now() == 5
    with pytest.raises(ValueError, match="sun: no such clock; there are: wall, cpu"):
        Budget(minutes=1, clock="sun")  # type: ignore[arg-type]
