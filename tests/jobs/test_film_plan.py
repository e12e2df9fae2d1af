"""Segments, times and cuts of a plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photochrom.jobs.film_plan import FilmPlan, divide, identity, make_plan, orderly_times
from photochrom.video.probe import probe


@pytest.mark.parametrize(
    ("shots", "frames", "rate"),
    [((0,), 1000, 25), ((0, 10, 20, 30, 500), 900, 25), ((0, 3), 4, 1), ((0,), 1, 24)],
)
def test_segments_cover_the_film_and_long_shots_alone_are_cut(
    shots: tuple[int, ...], frames: int, rate: float
) -> None:
    segments = divide(shots, frames, rate)
    covered = [number for first, count in segments for number in range(first, first + count)]
    assert covered == list(range(frames))
    most = max(8, min(240, round(8 * rate)))
    for first, count in segments:
        assert count <= most
        if first not in shots:
            shot = max(start for start in shots if start < first)
            stop = min([start for start in shots if start > first] + [frames])
            assert stop - shot > most


def test_times_of_decoding_order_are_sorted_and_missing_ones_made(films: Any) -> None:
    film = probe(films.make("in.mp4", "-c:v", "libx264", size="64x48"))
    assert film.time_base == pytest.approx(1 / 12800)
    times, orderly = orderly_times([0, 512, 1024], film)
    assert (times.tolist(), orderly) == ([0, 512, 1024], True)
    times, orderly = orderly_times([0, 1024, 512], film)
    assert (times.tolist(), orderly) == ([0, 512, 1024], False)
    for broken in ([0, None, 1024], [0, 0, 0]):
        times, orderly = orderly_times(broken, film)
        assert (times.tolist(), orderly) == ([0, 512, 1024], False)


def test_a_plan_is_read_back_and_belongs_to_its_film_alone(films: Any, tmp_path: Path) -> None:
    source = films.make("in.mp4", "-c:v", "libx264", size="64x48")
    facts = identity(source)
    plan = make_plan(probe(source), facts)
    path = tmp_path / "plan.json"
    plan.save(path)
    again = FilmPlan.load(path, facts)
    assert again is not None
    assert np.array_equal(again.times, plan.times)
    assert np.array_equal(again.durations, plan.durations)
    empty = np.array([], np.int64)
    assert replace(again, times=empty, durations=empty) == replace(plan, times=empty, durations=empty)
    with source.open("ab") as file:
        file.write(b"x")
    assert FilmPlan.load(path, identity(source)) is None
    path.write_text("{")
    assert FilmPlan.load(path, facts) is None


def test_every_frame_belongs_to_one_shot() -> None:
    times = np.arange(10, dtype=np.int64)
    plan = FilmPlan({}, times, times, (0, 3, 7), ((0, 10),), True, False, 0)
    assert [plan.shot_of(i) for i in (0, 2, 3, 6, 7, 9)] == [(0, 3), (0, 3), (3, 7), (3, 7), (7, 10), (7, 10)]
