"""The length of a run, and its progress."""

import time
from dataclasses import dataclass
from typing import Literal, get_args

Clock = Literal["wall", "cpu"]


@dataclass(frozen=True)
class Budget:
    """The length of a run in minutes, steps, or passes over the photos. Only the last two are reproducible.

    `clock` says which minutes count. "wall" is real time. "cpu" is the processor time of all threads of this process.
    It is fair if other programs share the machine.
    """

    minutes: float | None = None
    steps: int | None = None
    epochs: float | None = None
    clock: Clock = "wall"

    def __post_init__(self) -> None:
        given = [x for x in (self.minutes, self.steps, self.epochs) if x is not None]
        if len(given) != 1:
            raise ValueError("give one of minutes, steps and epochs")
        if not given[0] > 0:
            raise ValueError("the budget must be more than 0")
        if self.clock not in get_args(Clock):
            raise ValueError(f"{self.clock}: no such clock; there are: {', '.join(get_args(Clock))}")

    def now(self) -> float:
        """Return the clock in seconds. Its zero is arbitrary."""
        return time.process_time() if self.clock == "cpu" else time.monotonic()

    def progress(self, position: "Position", photos: int) -> float:
        """Return the share of the budget that is spent, in [0, 1]. `photos` is the size of the training set."""
        if self.minutes is not None:
            spent = position.seconds / 60 / self.minutes
        elif self.steps is not None:
            spent = position.step / self.steps
        else:
            assert self.epochs is not None
            spent = position.photos / photos / self.epochs
        return min(1.0, spent)


@dataclass(frozen=True)
class Position:
    """The position of a run: its steps, its photos (in total and in the present stage) and its seconds so far."""

    step: int = 0
    photos: int = 0
    stage_photos: int = 0
    seconds: float = 0.0
