"""Several films at once: how many, and how they stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from photochrom import resources
from photochrom.jobs.batch import Stopped
from photochrom.jobs.film_batch import BYTES, BYTES_PER_PIXEL, films_at_once, run_films


def test_short_memory_means_fewer_films_at_once(films: Any, tmp_path: Path, monkeypatch: Any) -> None:
    paths = [films.make(f"{n}.mp4", "-c:v", "libx264", size="64x48", frames=1) for n in range(3)]
    each = 64 * 48 * BYTES_PER_PIXEL
    for room, expected in ((3.5, 3), (2.5, 2), (0.5, 1)):
        monkeypatch.setattr(resources, "memory", lambda room=room: int(BYTES + room * each))
        assert films_at_once([*paths, tmp_path / "none.mp4"], 3) == expected
    monkeypatch.setattr(resources, "memory", lambda: None)
    assert films_at_once(paths, 3) == 3


@pytest.mark.parametrize("at_once", [1, 2])
def test_all_films_are_done(at_once: int) -> None:
    done: list[int] = []
    run_films(5, lambda number, check: done.append(number), at_once)
    assert sorted(done) == list(range(5))


def test_films_run_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=20)
    run_films(2, lambda number, check: meeting.wait() and None, 2)
    assert not meeting.broken


def test_an_error_of_the_command_stops_the_others_at_their_next_frame() -> None:
    begun = threading.Event()
    ended: list[str] = []

    def work(number: int, check: Callable[[], None]) -> None:
        if number == 1:
            begun.wait(20)
            raise KeyboardInterrupt
        try:
            while True:
                begun.set()
                check()
        except Stopped:
            ended.append("stopped")
            raise

    with pytest.raises(KeyboardInterrupt):
        run_films(2, work, 2)
    assert ended == ["stopped"]
