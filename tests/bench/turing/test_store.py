"""Where each participant of a study stands, and what is kept of the answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from photochrom.bench.turing.store import Study
from photochrom.bench.turing.trials import Settings

Begin = Callable[..., Study]


def test_a_participant_goes_through_and_comes_back(begin_study: Begin) -> None:
    study = begin_study(Settings(trials=4, practice=2))
    assert (study.photos[0], len(study.photos), study.models) == ("p00", 20, ["alpha", "beta"])
    me = study.begin(None)
    seen = []
    while (state := study.state(me)) is not None and state.pair is not None:
        pair = state.pair
        seen.append((pair.practice, pair.number, pair.of))
        again = study.state(me)
        assert again == state  # a reload changes nothing
        assert study.begin(me) == me  # nor does another press of Start
        told = study.answer(me, pair.token, "left", (1000, 1000), 300)
        assert (told in ("left", "right")) == pair.practice
    # 4 tests and, of 1 in 8, one check.
    assert seen == [(True, 1, 2), (True, 2, 2), *((False, n, 5) for n in range(1, 6))]
    assert (state.answered, str(study.counts())) == (4, "1 participant, 1 finished, 7 answers")
    assert study.begin(me) == me
    somebody_else = study.begin(me, again=True)
    assert somebody_else != me
    assert study.begin(somebody_else, again=True) == somebody_else  # not finished: goes on
    assert str(study.counts()) == "2 participants, 1 finished, 7 answers"


def test_the_first_answer_stays(begin_study: Begin) -> None:
    study = begin_study(Settings(trials=4, practice=0))
    me = study.begin(None)
    pair = study.state(me).pair  # type: ignore[union-attr]
    assert pair is not None
    assert study.look(me, pair.token)
    study.answer(me, pair.token, "left", (1000, 1000), 300)
    study.answer(me, pair.token, "right", (1, 1), 1)
    assert study.look(me, pair.token)  # by a second window, which is late
    assert str(study.counts()) == "1 participant, 0 finished, 1 answer"
    with sqlite3.connect(study.path) as db:
        (row,) = db.execute("SELECT answer, first_ms, looks FROM trials WHERE answer IS NOT NULL")
    db.close()
    assert row == ("left", 1000, 1)


def test_strangers_have_no_state_and_no_say(begin_study: Begin) -> None:
    study = begin_study(Settings(trials=4))
    me, other = study.begin(None), study.begin("of an older study")
    assert other not in (me, "of an older study")
    pair = study.state(me).pair  # type: ignore[union-attr]
    assert pair is not None
    assert study.state("nobody") is None
    assert not study.look(other, pair.token)
    with pytest.raises(LookupError):
        study.answer(other, pair.token, "left", (1, 1), 1)
    assert study.look(me, pair.token)
    assert study.picture("../../etc/passwd") is None


def test_closing_and_opening_loses_nothing(begin_study: Begin) -> None:
    study = begin_study(Settings(trials=4, practice=1, seconds=0.5, seed=9))
    me = study.begin(None)
    pair = study.state(me).pair  # type: ignore[union-attr]
    assert pair is not None
    study.answer(me, pair.token, "left", (500, 500), 10)
    state, id = study.state(me), study.id
    study.close()
    again = Study(study.path)
    assert (again.state(me), again.id, again.settings) == (state, id, Settings(4, 1, 0.5, 0.7, 9))
    again.close()
