"""The trials of one participant: which photos, by which model, on which side, in which order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Side = Literal["left", "right"]
Kind = Literal["practice", "test", "check"]

SIDES: tuple[Side, Side] = ("left", "right")
LEAST_PHOTOS = 4
TESTS_PER_CHECK = 8


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a study, which are the same for all its participants.

    Attributes
    ----------
    trials, practice
        How many pairs are wanted. With few photos there are fewer (`plan`).
    seconds
        For how long each photo is shown; 1 in Zhang et al. 2016.
    pause
        Seconds before the first photo of a pair; half of it between the two.
    seed
        Of the draw of trials. With the same seed, the third participant of every run sees the same.
    """

    trials: int = 40
    practice: int = 5
    seconds: float = 1.0
    pause: float = 0.7
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.trials <= 1000:
            raise ValueError(f"trials must be between 1 and 1000, got {self.trials}")
        if not 0 <= self.practice <= 50:
            raise ValueError(f"practice must be between 0 and 50 pairs, got {self.practice}")
        if not 0.05 <= self.seconds <= 60:
            raise ValueError(f"seconds must be between 0.05 and 60, got {self.seconds:g}")
        if not 0 <= self.pause <= 10:
            raise ValueError(f"pause must be between 0 and 10 seconds, got {self.pause:g}")


@dataclass(frozen=True, slots=True)
class Plan:
    """How many pairs of each kind one participant sees."""

    practice: int
    tests: int
    checks: int


@dataclass(frozen=True, slots=True)
class Trial:
    """One pair: a true photo and a coloured one.

    `model` is an index into the models, or None where the coloured one is plainly wrong (an attention check).
    `coloured` is the side of the coloured one, `first` the side that is shown first.
    """

    kind: Kind
    photo: int
    model: int | None
    coloured: Side
    first: Side


def plan(photos: int, settings: Settings) -> Plan:
    """Divide `photos` among the kinds of pairs. Nobody sees a photo twice: memory would judge the second pair.

    Raises
    ------
    ValueError
        If there are fewer than four photos.
    """
    if photos < LEAST_PHOTOS:
        raise ValueError(f"a study needs at least {LEAST_PHOTOS} photos; there are {photos}")
    practice = min(settings.practice, photos // 4)
    left = photos - practice
    checks = max(1, round(settings.trials / TESTS_PER_CHECK))
    if settings.trials + checks > left:
        checks = max(1, left // (TESTS_PER_CHECK + 1))
    return Plan(practice, min(settings.trials, left - checks), checks)


def draw(photos: int, models: int, settings: Settings, participant: int) -> list[Trial]:
    """Draw the trials of one participant, in the order in which they are shown.

    Each model appears equally often, give or take one. The attention checks are spread evenly, one in each stretch, so
    that somebody who leaves early has seen one too.
    """
    counts = plan(photos, settings)
    # A string as seed gives the same numbers in every version of Python. The hash of a tuple does not.
    rng = random.Random(f"photochrom turing {settings.seed} {participant}")
    order = rng.sample(range(photos), counts.practice + counts.tests + counts.checks)
    practice = [_trial("practice", order.pop(), m, rng) for m in _balanced(counts.practice, models, rng)]
    tests = [_trial("test", order.pop(), m, rng) for m in _balanced(counts.tests, models, rng)]
    checks = [_trial("check", photo, None, rng) for photo in order]
    return practice + _spread(tests, checks, rng)


def _balanced(count: int, models: int, rng: random.Random) -> list[int]:
    shuffled = rng.sample(range(models), models)
    chosen = [shuffled[index % models] for index in range(count)]
    rng.shuffle(chosen)
    return chosen


def _trial(kind: Kind, photo: int, model: int | None, rng: random.Random) -> Trial:
    return Trial(kind, photo, model, rng.choice(SIDES), rng.choice(SIDES))


def _spread(tests: Sequence[Trial], checks: Sequence[Trial], rng: random.Random) -> list[Trial]:
    shown: list[Trial] = []
    for index, check in enumerate(checks):
        start, stop = (len(tests) * step // len(checks) for step in (index, index + 1))
        stretch = list(tests[start:stop])
        stretch.insert(rng.randint(0, len(stretch)), check)
        shown += stretch
    return shown
