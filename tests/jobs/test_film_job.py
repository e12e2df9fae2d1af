"""What the segments of a film depend on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from photochrom.engine.models import resolve
from photochrom.engine.options import Options
from photochrom.engine.session import Session
from photochrom.jobs.film_job import FilmJob
from photochrom.jobs.film_options import FilmOptions
from photochrom.video.probe import probe


@pytest.fixture
def job(films: Any, tmp_path: Path) -> FilmJob:
    source = films.make("in.mkv", "-c:v", "libx264", frames=4, size="64x48")
    session = Session(resolve("photochrom"), threads=1)
    folder = tmp_path / "work"
    folder.mkdir()
    return FilmJob(
        probe(source),
        tmp_path / "out.mkv",
        folder,
        session,
        Options(),
        FilmOptions(preset="ultrafast"),
        1,
        lambda progress: None,
    )


def test_a_plan_is_made_once_and_kept(job: FilmJob) -> None:
    first = job._plan()
    assert (job.folder / "plan.json").is_file()
    again = job._plan()
    assert (again.frames, again.shots, again.segments) == (first.frames, first.shots, first.segments)
    assert first.frames == 4


def test_options_of_both_kinds_are_settings_of_a_segment(job: FilmJob) -> None:
    plan = job._plan()
    plain = job._settings(plan, [])
    assert plain == job._settings(plan, [])
    for other in (
        replace(job, options=Options(colorfulness=1.5)),
        replace(job, film_options=FilmOptions(preset="ultrafast", crf=30)),
        replace(job, film_options=FilmOptions(preset="ultrafast", codec="ffv1")),
    ):
        assert other._settings(plan, []) != plain


def test_the_codec_is_that_of_the_film_or_the_one_asked_for(job: FilmJob) -> None:
    assert job.codec == "h264"
    assert replace(job, film_options=FilmOptions(codec="ffv1")).codec == "ffv1"
