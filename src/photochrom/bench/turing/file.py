"""The SQLite file of a study: its tables, how it is made and how it is opened."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from photochrom.bench.turing.pictures import Views
from photochrom.bench.turing.trials import Settings, plan
from photochrom.errors import Remedy, StudyError
from photochrom.files import atomic

APPLICATION = 0x50435454
"""A number in the header of the file, by which a study is recognised."""
VERSION = 1
TRUTH, WRONG = -1, -2  # what a picture shows; 0 and above are models

SCHEMA = """
CREATE TABLE study (id TEXT NOT NULL, begun TEXT NOT NULL, settings TEXT NOT NULL);
CREATE TABLE models (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE photos (id INTEGER PRIMARY KEY, stem TEXT NOT NULL UNIQUE);
CREATE TABLE pictures (
    photo INTEGER NOT NULL REFERENCES photos, shows INTEGER NOT NULL, jpeg BLOB NOT NULL,
    PRIMARY KEY (photo, shows)
);
CREATE TABLE participants (id INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, begun TEXT NOT NULL);
CREATE TABLE trials (
    participant INTEGER NOT NULL REFERENCES participants, number INTEGER NOT NULL,
    token TEXT NOT NULL UNIQUE, left_token TEXT NOT NULL UNIQUE, right_token TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL, photo INTEGER NOT NULL REFERENCES photos, model INTEGER REFERENCES models,
    coloured TEXT NOT NULL, first TEXT NOT NULL, looks INTEGER NOT NULL DEFAULT 0,
    answer TEXT, answered TEXT, first_ms REAL, second_ms REAL, thought_ms REAL,
    PRIMARY KEY (participant, number)
);
"""


def create(path: Path, models: list[str], views: Iterable[Views], settings: Settings) -> None:
    """Write a new study, whole or not at all.

    Raises
    ------
    ValueError
        If there is a study at `path` already, or `views` are fewer than a study needs.
    WriteError
        If the system refuses to write there.
    """
    if exists(path):
        raise StudyError(str(path), "exists already", Remedy.GIVE_OTHER_FILE, code="exists")
    # Whole or not at all: a study without its last pictures would look like a finished one.
    with atomic(path, overwrite=os.path.exists(path)) as part, closing(connect(part, "rw")) as db:
        # The file is dropped if anything fails, so SQLite need not keep a journal beside it.
        db.execute("PRAGMA journal_mode = MEMORY")
        with transaction(db):
            _fill(db, models, views, settings)


def exists(path: Path) -> bool:
    """Whether there is anything at `path`. An empty file counts as a study that was not begun."""
    return os.path.exists(path) and (os.path.isdir(path) or path.stat().st_size > 0)


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """Open a file that exists; `mode` is "ro" or "rw". Transactions are begun by hand."""
    try:
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=30,
            isolation_level=None,
            check_same_thread=False,
        )
    except sqlite3.Error as error:
        raise StudyError(str(path), f"cannot be opened ({error})", Remedy.GIVE_OTHER_FILE) from error


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Commit all statements of the block together, or none of them if it raises."""
    # Without IMMEDIATE, two processes that first read and then write would lock each other out.
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _fill(db: sqlite3.Connection, models: list[str], views: Iterable[Views], settings: Settings) -> None:
    for statement in SCHEMA.split(";"):
        db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION}")
    db.execute(f"PRAGMA user_version = {VERSION}")
    db.executemany("INSERT INTO models VALUES (?, ?)", list(enumerate(models)))
    count = 0
    for photo, view in enumerate(views):
        count += 1
        db.execute("INSERT INTO photos VALUES (?, ?)", (photo, view.stem))
        shown = {TRUTH: view.truth, WRONG: view.wrong}
        shown |= {index: view.models[name] for index, name in enumerate(models)}
        rows = [(photo, shows, jpeg) for shows, jpeg in shown.items()]
        db.executemany("INSERT INTO pictures VALUES (?, ?, ?)", rows)
    plan(count, settings)
    about = (secrets.token_hex(4), now(), json.dumps(asdict(settings)))
    db.execute("INSERT INTO study VALUES (?, ?, ?)", about)


def now() -> str:
    """The time in UTC, as the tables keep it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
