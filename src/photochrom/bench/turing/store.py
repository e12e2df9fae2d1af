"""A study: which pairs each participant sees, the answers, and the next pair of each participant."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photochrom.bench.turing.file import (
    APPLICATION,
    TRUTH,
    VERSION,
    WRONG,
    connect,
    create,
    now,
    transaction,
)
from photochrom.bench.turing.pictures import Views
from photochrom.bench.turing.trials import SIDES, Kind, Plan, Settings, Side, Trial, draw, plan
from photochrom.errors import Remedy, StudyError


@dataclass(frozen=True, slots=True)
class Pair:
    """What the browser of a participant is told about a trial. The tokens are random."""

    token: str
    left: str
    right: str
    first: Side
    practice: bool
    number: int
    of: int


@dataclass(frozen=True, slots=True)
class State:
    """The next pair of a participant, None after the last one, and the score so far."""

    pair: Pair | None
    fooled: int
    answered: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One answered trial, for the report."""

    participant: int
    kind: Kind
    stem: str
    model: str | None
    fooled: bool
    looks: int
    shown: tuple[float, float]
    thought: float


@dataclass(frozen=True, slots=True)
class Counts:
    """How many people took part in a study so far, how many finished it, and how many answers they gave."""

    participants: int
    finished: int
    answers: int

    def __str__(self) -> str:
        people = f"{self.participants} participant{'' if self.participants == 1 else 's'}"
        answers = f"{self.answers} answer{'' if self.answers == 1 else 's'}"
        return f"{people}, {self.finished} finished, {answers}"


class Study:
    """An open study. Safe from several threads; several processes may have the same file open.

    Parameters
    ----------
    path
        A file that `create` made.
    read_only
        Open it for a report, also while it is being served.

    Raises
    ------
    StudyError
        If it is missing or is no study.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        if not os.path.isfile(path):
            raise StudyError(str(path), "there is no such study", Remedy.BEGIN_STUDY, code="missing")
        self._lock = threading.RLock()
        self._db = connect(path, "ro" if read_only else "rw")
        try:
            ours = self._value("PRAGMA application_id") == APPLICATION
            if ours and self._value("PRAGMA user_version") != VERSION:
                what = "is a study of another version of Photochrom"
                raise StudyError(str(path), what, Remedy.USE_OTHER_VERSION, code="version")
            if not ours:
                raise StudyError(str(path), "is not a study", Remedy.GIVE_OTHER_FILE)
            self.id, self.begun, settings = self._row("SELECT id, begun, settings FROM study")
            self.settings = Settings(**json.loads(settings))
            self.models = [name for (name,) in self._rows("SELECT name FROM models ORDER BY id")]
            self.photos = [stem for (stem,) in self._rows("SELECT stem FROM photos ORDER BY id")]
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise StudyError(str(path), f"is not a study ({error})", Remedy.GIVE_OTHER_FILE) from error
        except BaseException:
            self._db.close()
            raise

    @classmethod
    def create(cls, path: Path, models: list[str], views: Iterable[Views], settings: Settings) -> Study:
        """Write a new study, whole or not at all, and open it. See `file.create`.

        Raises
        ------
        ValueError
            If `views` are fewer than a study needs.
        """
        create(path, models, views, settings)
        return cls(path)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @property
    def plan(self) -> Plan:
        """How many pairs each participant sees."""
        return plan(len(self.photos), self.settings)

    def begin(self, participant: str | None, *, again: bool = False) -> str:
        """Return the token of a participant: the given one, or a new one whose trials are drawn now.

        There is a new participant if the given token is unknown, or if `again` is true and the given one has finished.
        """
        with self._lock, transaction(self._db):
            state = self.state(participant) if participant else None
            if participant is not None and state is not None and not (again and state.pair is None):
                return participant
            token = secrets.token_urlsafe(24)
            number = self._db.execute(
                "INSERT INTO participants (token, begun) VALUES (?, ?)", (token, now())
            ).lastrowid
            assert number is not None
            trials = draw(len(self.photos), len(self.models), self.settings, number)
            self._db.executemany(
                "INSERT INTO trials (participant, number, token, left_token, right_token, kind, photo, model,"
                " coloured, first) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_row_of(number, index, trial) for index, trial in enumerate(trials)],
            )
            return token

    def state(self, participant: str) -> State | None:
        """The state of the participant with this token, or None if there is none."""
        with self._lock:
            found = self._row("SELECT id FROM participants WHERE token = ?", participant)
            if found is None:
                return None
            trial = self._row(
                "SELECT token, left_token, right_token, first, kind = 'practice', number FROM trials"
                " WHERE participant = ? AND answer IS NULL ORDER BY number LIMIT 1",
                found[0],
            )
            fooled, answered = self._row(
                "SELECT ifnull(sum(answer != coloured), 0), count(answer) FROM trials"
                " WHERE participant = ? AND kind = 'test'",
                found[0],
            )
            if trial is None:
                return State(None, fooled, answered)
            token, left, right, first, practice, number = trial
            # Practice pairs come first and are counted apart. Checks are counted with the tests, so nothing marks them.
            size = self.plan
            before, of = (0, size.practice) if practice else (size.practice, size.tests + size.checks)
            return State(
                Pair(token, left, right, first, bool(practice), number - before + 1, of),
                int(fooled),
                answered,
            )

    def look(self, participant: str, trial: str) -> bool:
        """Record that a pair is about to be shown. False if this participant has no such trial."""
        with self._lock:
            changed = self._db.execute(
                "UPDATE trials SET looks = looks + 1 WHERE answer IS NULL AND token = ?"
                " AND participant = (SELECT id FROM participants WHERE token = ?)",
                (trial, participant),
            ).rowcount
            return bool(changed) or self._trial(participant, trial) is not None

    def answer(
        self, participant: str, trial: str, side: Side, shown: tuple[float, float], thought: float
    ) -> Side | None:
        """Record which side was taken for the coloured one, unless there is an answer already.

        Parameters
        ----------
        shown
            Milliseconds for which the two photos were seen, in the order in which they were shown.
        thought
            Milliseconds from the second photo's end to the answer.

        Returns
        -------
        The side of the coloured one if the pair was practice, else None.

        Raises
        ------
        LookupError
            If this participant has no such trial.
        """
        with self._lock:
            found = self._trial(participant, trial)
            if found is None:
                raise LookupError(trial)
            number, index, practice, coloured = found
            # The statement checks that there is no answer yet: two windows of one participant may answer at once.
            self._db.execute(
                "UPDATE trials SET answer = ?, answered = ?, first_ms = ?, second_ms = ?, thought_ms = ?"
                " WHERE participant = ? AND number = ? AND answer IS NULL",
                (side, now(), *shown, thought, number, index),
            )
            return coloured if practice else None

    def picture(self, token: str) -> bytes | None:
        """The JPEG of a picture's token, or None if there is none."""
        with self._lock:
            for side in SIDES:
                found = self._row(
                    "SELECT jpeg FROM trials JOIN pictures ON pictures.photo = trials.photo AND shows ="
                    f" CASE WHEN coloured = '{side}' THEN ifnull(model, {WRONG}) ELSE {TRUTH} END"
                    f" WHERE {side}_token = ?",
                    token,
                )
                if found is not None:
                    jpeg: bytes = found[0]
                    return jpeg
            return None

    def counts(self) -> Counts:
        """How many people took part, how many of them finished, and how many answers there are."""
        with self._lock:
            people = self._rows("SELECT count(*), count(answer) FROM trials GROUP BY participant")
        return Counts(len(people), sum(n == k for n, k in people), sum(k for _, k in people))

    def answers(self) -> list[Answer]:
        """Every answer, practice included, in the order of participants and trials."""
        with self._lock:
            rows = self._rows(
                "SELECT participant, kind, stem, models.name, answer != coloured, looks, first_ms, second_ms,"
                " thought_ms FROM trials JOIN photos ON photos.id = photo LEFT JOIN models ON models.id = model"
                " WHERE answer IS NOT NULL ORDER BY participant, number"
            )
        return [
            Answer(who, kind, stem, model, bool(fooled), looks, (first, second), thought)
            for who, kind, stem, model, fooled, looks, first, second, thought in rows
        ]

    def _trial(self, participant: str, trial: str) -> Any:
        return self._row(
            "SELECT participant, number, kind = 'practice', coloured FROM trials"
            " JOIN participants ON participants.id = participant WHERE trials.token = ? AND participants.token = ?",
            trial,
            participant,
        )

    def _rows(self, query: str, *values: object) -> list[Any]:
        return self._db.execute(query, values).fetchall()

    def _row(self, query: str, *values: object) -> Any:
        return self._db.execute(query, values).fetchone()

    def _value(self, query: str) -> Any:
        return self._row(query)[0]


def _row_of(participant: int, number: int, trial: Trial) -> tuple[object, ...]:
    tokens = (secrets.token_urlsafe(12) for _ in range(3))
    return (
        participant,
        number,
        *tokens,
        trial.kind,
        trial.photo,
        trial.model,
        trial.coloured,
        trial.first,
    )
