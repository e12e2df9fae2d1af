"""What becomes of each film: done, skipped or failed, with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from photochrom.cli.film_meter import Meter
from photochrom.cli.film_work import FilmWork
from photochrom.engine.models import resolve
from photochrom.engine.options import Options
from photochrom.engine.session import Session
from photochrom.engine.temporal import Coherence
from photochrom.jobs.film_options import FilmOptions


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(resolve("photochrom"), threads=1)


def work(session: Session, **changes: Any) -> FilmWork:
    plain: dict[str, Any] = {
        "out": None,
        "folder": None,
        "overwrite": False,
        "force": False,
        "sheet": False,
        "alone": False,
        "threads": 1,
    }
    options = FilmOptions(preset="ultrafast", coherence=Coherence(every=12))
    return FilmWork(session, Options(size=64), options, **(plain | changes))


def do(job: FilmWork, path: Path) -> Any:
    return job.do(str(path), Meter(quiet=True), lambda: None)


def test_a_film_is_done_once(films: Any, session: Session, tmp_path: Path) -> None:
    source = films.make("in.mkv", "-c:v", "libx264", frames=4, size="64x48")
    first = do(work(session), source)
    assert (first.status, first.output, first.frames) == ("done", str(tmp_path / "in.color.mkv"), 4)
    second = do(work(session), source)
    assert (second.status, "already done" in second.reason) == ("skipped", True)


def test_a_broken_film_fails_with_a_sentence(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"no film")
    outcome = do(work(session), path)
    assert outcome.status == "failed"
    assert str(path) in outcome.reason


def test_two_films_cannot_have_one_result(session: Session, tmp_path: Path, films: Any) -> None:
    source = films.make("in.mkv", "-c:v", "libx264", frames=4, size="64x48")
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "in.mkv"
    other.write_bytes(source.read_bytes())
    job = work(session, folder=str(tmp_path / "out"))
    assert do(job, source).status == "done"
    outcome = do(job, other)
    assert (outcome.status, "the name of another's" in outcome.reason) == ("failed", True)
