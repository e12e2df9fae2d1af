"""The figures, against answers that are known because they were given here, through HTTP."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photochrom.bench.turing.pictures import Views
from photochrom.bench.turing.report import Report, fools_most, interval, report, words
from photochrom.bench.turing.store import Answer, Study
from photochrom.bench.turing.trials import Settings

Make = Callable[..., Any]


@pytest.fixture
def server(begin_study: Callable[..., Study], serve: Callable[[Study], Any]) -> Any:
    return serve(begin_study(Settings(trials=12, practice=3)))


def fooled_by(**times: int) -> Callable[[dict[str, Any]], bool]:
    """Is fooled by the first so many tests of each model, attentive at checks, and always wrong in practice."""
    left = Counter(times)

    def decide(trial: dict[str, Any]) -> bool:
        if trial["kind"] == "test":
            left[trial["model_name"]] -= 1
            return left[trial["model_name"]] >= 0
        return bool(trial["kind"] == "practice")

    return decide


def of(study: Study) -> Report:
    found = report(study)
    json.dumps(asdict(found), allow_nan=False)
    assert "nan" not in "\n".join(words(found)).lower()
    return found


def test_rates_of_three_people(server: Any, participate: Make) -> None:
    # Six tests of each model per person: alpha fools 6, 3, 0 of 6, beta 1 of 6 each time.
    for alpha in (6, 3, 0):
        participate(server).take_part(fooled_by(alpha=alpha, beta=1))
    found = of(server.study)
    alpha, beta = found.models
    assert (alpha.model, alpha.fooled, alpha.answers, alpha.participants) == ("alpha", 9, 18, 3)
    # All three draws the same person: 1 in 27, so that 2.5 % on either side lie at the ends.
    assert (alpha.rate.value, alpha.rate.low, alpha.rate.high) == (0.5, 0, 1)
    assert (beta.fooled, beta.answers) == (3, 18)
    assert beta.rate.value == beta.rate.low == beta.rate.high == pytest.approx(1 / 6)
    assert (found.counted, asdict(found.left)) == (
        3,
        {"inattentive": 0, "unchecked": 0, "seen_again": 0, "mistimed": 0},
    )
    assert sum(photo.fooled for photo in found.fools_most) <= 12
    text = words(found)
    assert "  alpha   50.0 %  (95 % interval 0.0 to 100.0)  9 of 18 answers" in text
    assert "alpha: only 3 participants; the interval is likely too narrow" in text
    assert "beta: all participants had the same rate; the interval says little" in text


def test_one_person_has_no_interval_and_nobody_no_rate(server: Any, participate: Make) -> None:
    none = of(server.study)
    assert [each.rate.value for each in none.models] == [None, None]
    assert "  alpha  no answers that count yet" in words(none)
    participate(server).take_part(fooled_by(alpha=2, beta=0))
    one = of(server.study)
    assert [(each.rate.value, each.rate.low) for each in one.models] == [(2 / 6, None), (0, None)]
    assert "  alpha   33.3 %  (one participant: no interval over participants)  2 of 6 answers" in words(one)


def test_who_fails_the_checks_is_reported_apart(server: Any, participate: Make) -> None:
    participate(server).take_part(fooled_by(alpha=1, beta=2))
    # Taken in by the rainbow, and by everything else.
    participate(server).take_part(lambda trial: True)
    found = of(server.study)
    assert (found.counted, found.left.inattentive) == (1, 1)
    assert [(each.fooled, each.answers) for each in found.models] == [(1, 6), (2, 6)]
    assert [(each.fooled, each.answers) for each in found.failed] == [(6, 6), (6, 6)]
    assert "Left out: 1 participant who failed the attention checks; for them:" in words(found)


@pytest.mark.parametrize(("missed", "counts"), [(0, True), (1, True), (2, False)])
def test_four_of_five_checks_are_enough(
    tmp_path: Path, serve: Callable[[Study], Any], participate: Make, missed: int, counts: bool
) -> None:
    # Nobody looks at these pictures.
    views = [Views(str(number), b"", b"", {"m": b""}) for number in range(45)]
    study = Study.create(tmp_path / "long.sqlite", ["m"], views, Settings(trials=40, practice=0))
    left = Counter(check=missed)

    def fooled(trial: dict[str, Any]) -> bool:
        left[trial["kind"]] -= 1
        return left[trial["kind"]] >= 0

    participate(serve(study)).take_part(fooled)
    found = of(study)
    study.close()
    assert (found.counted, found.left.inattentive) == ((1, 0) if counts else (0, 1))
    assert found.models[0].answers == 40 * counts


def test_who_leaves_before_a_check_is_not_counted(server: Any, participate: Make) -> None:
    person = participate(server)
    state = person.post("/api/begin")
    tests = 0
    while (secret := person.secret(state["pair"]))["kind"] != "check":
        tests += secret["kind"] == "test"
        state = person.answer(state["pair"], fooled=False)
    before = of(server.study)
    assert (before.counted, before.left.unchecked) == (0, int(tests > 0))
    assert sum(each.answers for each in before.models) == 0
    person.answer(state["pair"], fooled=False)
    after = of(server.study)
    assert (after.counted, sum(each.answers for each in after.models)) == (1, tests)


@pytest.mark.parametrize(
    ("how", "left"),
    [
        ({"looks": 2}, {"seen_again": 1, "mistimed": 0}),
        ({"looks": 0}, {"seen_again": 1, "mistimed": 0}),
        ({"ms": 1101}, {"seen_again": 0, "mistimed": 1}),
        ({"ms": 899}, {"seen_again": 0, "mistimed": 1}),
        ({"ms": 1099}, {"seen_again": 0, "mistimed": 0}),
    ],
)
def test_only_one_look_of_one_second_counts(
    server: Any, participate: Make, how: dict[str, Any], left: dict[str, int]
) -> None:
    person = participate(server)
    state = person.post("/api/begin")
    odd = 0
    while state["stage"] == "pair":
        kind = person.secret(state["pair"])["kind"]
        odd += kind == "test"
        # The first test alone is shown in another way; a check tells attention however it was shown.
        other = how if kind == "check" or (kind == "test" and odd == 1) else {}
        state = person.answer(state["pair"], fooled=False, **other)
    found = of(server.study)
    assert {key: getattr(found.left, key) for key in left} == left
    assert sum(each.answers for each in found.models) == 12 - sum(left.values())
    assert (found.counted, found.left.inattentive) == (1, 0)


def test_interval_is_that_of_all_possible_draws() -> None:
    fooled, total = np.array([1.0, 4, 2, 0, 3]), np.array([5.0, 6, 2, 4, 8])
    # Every one of the 3,125 ways of drawing five people with replacement, all equally likely.
    draws = np.array(list(itertools.product(range(5), repeat=5)))
    rates = fooled[draws].sum(axis=1) / total[draws].sum(axis=1)
    exact = np.quantile(rates, [0.025, 0.975])
    # 10,000 random draws put a quantile 0.0016 of probability off, standard deviation; the rates lie close there.
    low, high = interval(fooled, total)
    assert np.mean(rates <= low) == pytest.approx(0.025, abs=0.012)
    assert np.mean(rates <= high) == pytest.approx(0.975, abs=0.012)
    assert (low, high) == pytest.approx(tuple(exact), abs=0.03)
    assert interval(fooled, total) == (low, high)


def test_photos_that_fool_most_are_not_the_luckiest() -> None:
    def answers(stem: str, model: str, fooled: int, total: int) -> list[Answer]:
        return [Answer(n, "test", stem, model, n < fooled, 1, (1000, 1000), 300) for n in range(total)]

    found = fools_most(
        [
            *answers("lucky", "m", 1, 1),  # Wilson's lower end 0.21
            *answers("strong", "m", 5, 6),
            *answers("strong", "n", 3, 4),  # 8 of 10: 0.49
            *answers("weak", "m", 2, 10),  # 0.06
            *answers("never", "m", 0, 10),
        ]
    )
    assert [(each.photo, each.fooled, each.answers) for each in found] == [
        ("strong", 8, 10),
        ("lucky", 1, 1),
        ("weak", 2, 10),
    ]
    assert found[0].models == {"m": (5, 6), "n": (3, 4)}
