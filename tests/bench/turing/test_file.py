"""The file of a study is there as a whole or not at all, and no other file is taken for one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from photochrom.bench.turing.pictures import Views
from photochrom.bench.turing.store import Study
from photochrom.bench.turing.trials import Settings
from photochrom.errors import StudyError, WriteError

VIEWS = [Views(str(number), b"true", b"wrong", {"m": b"coloured"}) for number in range(6)]


def test_a_study_that_fails_to_begin_leaves_no_file(tmp_path: Path) -> None:
    def broken() -> object:
        yield from VIEWS
        raise KeyboardInterrupt

    path = tmp_path / "study.sqlite"
    with pytest.raises(KeyboardInterrupt):
        Study.create(path, ["m"], broken(), Settings())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="there are 3"):
        Study.create(path, ["m"], VIEWS[:3], Settings())
    assert list(tmp_path.iterdir()) == []
    Study.create(path, ["m"], VIEWS, Settings()).close()
    with pytest.raises(StudyError, match=r"study\.sqlite: exists already"):
        Study.create(path, ["m"], VIEWS, Settings())
    assert list(tmp_path.iterdir()) == [path]


def test_an_empty_file_is_a_study_that_was_not_begun(tmp_path: Path) -> None:
    path = tmp_path / "study.sqlite"
    path.touch()
    study = Study.create(path, ["m"], VIEWS, Settings())
    assert study.photos == [view.stem for view in VIEWS]
    study.close()
    assert list(tmp_path.iterdir()) == [path]


def test_other_files_are_refused_and_left_alone(tmp_path: Path) -> None:
    text, other, newer = tmp_path / "a.txt", tmp_path / "b.sqlite", tmp_path / "c.sqlite"
    text.write_text("Dear Ida, " * 100)
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE study (id)")
    db.close()
    Study.create(newer, ["m"], VIEWS, Settings()).close()
    with sqlite3.connect(newer) as db:
        db.execute("PRAGMA user_version = 2")
    db.close()
    before = {path: path.read_bytes() for path in (text, other, newer)}
    for path, words in ((text, "is not a study"), (other, "is not a study"), (newer, "another version")):
        with pytest.raises(StudyError, match=words):
            Study(path)
    with pytest.raises(StudyError, match="there is no such study"):
        Study(tmp_path / "d.sqlite")
    with pytest.raises(WriteError, match="its folder does not exist; make the folder first"):
        Study.create(tmp_path / "no" / "e.sqlite", ["m"], VIEWS, Settings())
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
