"""How long a run lasts, and how far it is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """Minutes of wall clock, a number of steps, or passes over the photos (the last two are reproducible)."""

    minutes: float | None = None
    steps: int | None = None
    epochs: float | None = None

    def __post_init__(self) -> None:
        given = [x for x in (self.minutes, self.steps, self.epochs) if x is not None]
        if len(given) != 1:
            raise ValueError("give one of minutes, steps and epochs")
        if not given[0] > 0:
            raise ValueError("the budget must be more than 0")

    def progress(self, position: "Position", photos: int) -> float:
        """The share of the budget that is spent, in [0, 1]; `photos` is the size of the training set."""
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
    """Where a run is: steps taken, photos seen (in all and in the present stage), seconds spent."""

    step: int = 0
    photos: int = 0
    stage_photos: int = 0
    seconds: float = 0.0
