"""The result of a study: how often each model's colours were taken for the true ones, with intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from photochrom.bench.results import Score
from photochrom.bench.turing.store import Answer, Counts, Study
from photochrom.bench.turing.trials import Settings

PASS = 0.8
"""The share of attention checks that a participant must get right. Otherwise the other answers do not count."""
DRAWS, SEED = 10_000, 0
FEW_PEOPLE = 10
MOST_PHOTOS = 10


@dataclass(frozen=True)
class Rate:
    """How often one model fooled: `fooled` of `answers`, by `participants`."""

    model: str
    rate: Score
    fooled: int
    answers: int
    participants: int


@dataclass(frozen=True)
class Fooling:
    """How often one photo fooled, over all models and by model as (fooled, answers)."""

    photo: str
    fooled: int
    answers: int
    models: dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Left:
    """How many people the rates leave out, and how many answers of the people who count."""

    inattentive: int
    unchecked: int
    seen_again: int
    mistimed: int


@dataclass(frozen=True)
class Report:
    """The figures of a study; `failed` are the rates of those who failed the attention checks."""

    study: str
    begun: str
    settings: Settings
    photos: int
    counts: Counts
    counted: int
    left: Left
    models: list[Rate]
    failed: list[Rate]
    fools_most: list[Fooling]
    notes: list[str]


def report(study: Study) -> Report:
    """Compute all figures of a study."""
    answers, counts = study.answers(), study.counts()
    attentive, failed, unchecked = _sorted_out([a for a in answers if a.kind != "practice"])
    tests = [a for a in answers if a.kind == "test"]
    kept, again, mistimed = _as_shown([a for a in tests if a.participant in attentive], study.settings)
    bad, *_ = _as_shown([a for a in tests if a.participant in failed], study.settings)
    models = [rate(name, kept) for name in study.models]
    return Report(
        study=str(study.path),
        begun=study.begun,
        settings=study.settings,
        photos=len(study.photos),
        counts=counts,
        counted=len(attentive),
        left=Left(len(failed), len(unchecked), again, mistimed),
        models=models,
        failed=[rate(name, bad) for name in study.models] if failed else [],
        fools_most=fools_most(kept),
        notes=_notes(models),
    )


def rate(model: str, answers: Iterable[Answer]) -> Rate:
    """The share of a model's trials that fooled, with a 95 % interval over participants."""
    people: dict[int, list[bool]] = defaultdict(list)
    for answer in answers:
        if answer.model == model:
            people[answer.participant].append(answer.fooled)
    fooled = np.array([sum(each) for each in people.values()], np.float64)
    total = np.array([len(each) for each in people.values()], np.float64)
    if not people:
        score = Score(None, why="no answers that count yet")
    elif len(people) == 1:
        score = Score(float(fooled[0] / total[0]), why="one participant: no interval over participants")
    else:
        low, high = interval(fooled, total)
        score = Score(float(fooled.sum() / total.sum()), low, high)
    return Rate(model, score, int(fooled.sum()), int(total.sum()), len(people))


def interval(fooled: NDArray[np.float64], total: NDArray[np.float64]) -> tuple[float, float]:
    """The percentile bootstrap's 95 % interval of sum(fooled) / sum(total).

    People are drawn, not answers. The answers of one person are alike; if they were drawn as independent, the interval
    would be too narrow.
    """
    people = len(total)
    drawn = np.random.default_rng(SEED).multinomial(people, np.full(people, 1 / people), size=DRAWS)
    low, high = np.quantile((drawn @ fooled) / (drawn @ total), [0.025, 0.975])
    return float(low), float(high)


def fools_most(answers: Iterable[Answer]) -> list[Fooling]:
    """The photos that fooled most: at most ten, and only those that fooled somebody.

    They are ordered by the lower end of Wilson's 95 % interval, so that eight of ten comes before one of one.
    """
    by_photo: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for answer in answers:
        if answer.model is not None:
            by_photo[answer.stem][answer.model].append(answer.fooled)
    found = []
    for stem, by_model in by_photo.items():
        models = {name: (sum(fooled), len(fooled)) for name, fooled in sorted(by_model.items())}
        fooled, total = (sum(column) for column in zip(*models.values(), strict=True))
        if fooled:
            found.append(Fooling(stem, fooled, total, models))
    return sorted(found, key=lambda f: (-_wilson_low(f.fooled, f.answers), f.photo))[:MOST_PHOTOS]


def words(report: Report) -> list[str]:
    """The report in lines for people."""
    left = report.left
    lines = [f"{report.study}: {report.photos} photos; {report.counts}", ""]
    lines.append(f"Taken for the true photo (50 % = cannot be told apart), by {_people(report.counted)}:")
    width = max(len(each.model) for each in report.models)
    lines += [f"  {each.model:<{width}}  {_rate_words(each)}" for each in report.models]
    if left.inattentive:
        # Their rates are printed too: a reader can see what leaving them out has changed.
        lines.append(f"Left out: {_people(left.inattentive)} who failed the attention checks; for them:")
        lines += [f"  {each.model:<{width}}  {_rate_words(each)}" for each in report.failed]
    if left.unchecked:
        lines.append(f"Left out: {_people(left.unchecked)} who saw no attention check yet")
    if left.seen_again:
        lines.append(f"Left out: {_answers(left.seen_again)} to a pair not seen exactly once (a reload)")
    if left.mistimed:
        lines.append(f"Left out: {_answers(left.mistimed)} to a photo shown too long or too briefly")
    if report.fools_most:
        lines += ["", "Photos that fool most:"]
        for each in report.fools_most:
            parts = ", ".join(f"{name} {k} of {n}" for name, (k, n) in each.models.items())
            lines.append(f"  {each.photo}: {each.fooled} of {each.answers} ({parts})")
    return [*lines, *([""] if report.notes else []), *report.notes]


def _sorted_out(answers: Sequence[Answer]) -> tuple[set[int], set[int], set[int]]:
    """Participants who passed the attention checks, who failed them, and who have seen none."""
    checks: dict[int, list[bool]] = defaultdict(list)
    for answer in answers:
        if answer.kind == "check":
            checks[answer.participant].append(not answer.fooled)
    passed = {who for who, right in checks.items() if sum(right) >= PASS * len(right)}
    return passed, set(checks) - passed, {answer.participant for answer in answers} - set(checks)


def _as_shown(answers: Sequence[Answer], settings: Settings) -> tuple[list[Answer], int, int]:
    """The answers after one look of the right length; how many had more looks or none, and how many another length."""
    once = [answer for answer in answers if answer.looks == 1]
    wanted = 1000 * settings.seconds
    # 100 ms is six frames of a 60 Hz screen. A browser that is off by more was busy or in the background.
    timed = [answer for answer in once if all(abs(shown - wanted) <= 100 for shown in answer.shown)]
    return timed, len(answers) - len(once), len(once) - len(timed)


def _notes(models: Sequence[Rate]) -> list[str]:
    notes = []
    for each in models:
        if 1 < each.participants < FEW_PEOPLE:
            notes.append(
                f"{each.model}: only {each.participants} participants; the interval is likely too narrow"
            )
        if each.participants and each.rate.low == each.rate.high and each.rate.why is None:
            notes.append(f"{each.model}: all participants had the same rate; the interval says little")
    return notes


def _wilson_low(successes: int, total: int) -> float:
    z = 1.959964
    share = successes / total
    spread = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return (share + z * z / (2 * total) - spread) / (1 + z * z / total)


def _rate_words(each: Rate) -> str:
    score = each.rate
    if score.value is None:
        return score.why or ""
    how = score.why
    if score.low is not None and score.high is not None:
        how = f"95 % interval {100 * score.low:.1f} to {100 * score.high:.1f}"
    return f"{100 * score.value:5.1f} %  ({how})  {each.fooled} of {_answers(each.answers)}"


def _people(count: int) -> str:
    return f"{count} participant{'' if count == 1 else 's'}"


def _answers(count: int) -> str:
    return f"{count} answer{'' if count == 1 else 's'}"
