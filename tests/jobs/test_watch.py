"""A watched folder: files that have stopped changing, and files that are done again."""

from __future__ import annotations

import os
from pathlib import Path

from photochrom.jobs.watch import Arrivals, Watch
from photochrom.pipeline.request import ColorizeRequest


def write(path: Path, text: str, time_ns: int) -> None:
    path.write_text(text)
    os.utime(path, ns=(time_ns, time_ns))


def test_a_file_is_taken_once_it_rests(tmp_path: Path) -> None:
    a, arrivals = tmp_path / "a", Arrivals()
    write(a, "1", 1)
    assert arrivals.ready([a]) == []
    write(a, "12", 1)  # grows
    assert arrivals.ready([a]) == []
    write(a, "34", 2)  # same size, written again
    assert arrivals.ready([a]) == []
    assert arrivals.restless() == [a]
    assert arrivals.ready([a]) == [a]
    assert arrivals.restless() == []
    assert arrivals.ready([a]) == []
    write(a, "56", 3)
    assert arrivals.ready([a]) == []
    assert arrivals.ready([a]) == [a]


def test_a_file_that_comes_back_is_new(tmp_path: Path) -> None:
    a, arrivals = tmp_path / "a", Arrivals()
    write(a, "1", 1)
    arrivals.ready([a])
    assert arrivals.ready([a]) == [a]
    assert arrivals.ready([]) == []
    assert arrivals.ready([a]) == []
    assert arrivals.ready([a]) == [a]


def test_a_file_that_vanishes_is_no_error(tmp_path: Path) -> None:
    assert Arrivals().ready([tmp_path / "gone"]) == []


def test_a_job_for_what_rests_and_each_trouble_once(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.mkdir()
    write(box / "a.jpg", "1", 1)
    os.mkfifo(box / "pipe.jpg")
    watch = Watch(box, tmp_path / "out", ColorizeRequest())
    assert watch.look() == []
    assert [problem.code for problem in watch.problems] == ["not_a_file"]
    (job,) = watch.look()
    assert (job.source, job.destination.folder) == (box / "a.jpg", tmp_path / "out")
    assert watch.problems == []  # said before
    (box / "pipe.jpg").unlink()
    watch.look()
    os.mkfifo(box / "pipe.jpg")
    watch.look()
    assert len(watch.problems) == 1  # it was gone in between
