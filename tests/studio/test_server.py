"""What clients see of a server that stops: what runs is finished, the rest is told, nothing is left."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from photochrom.errors import ModelError
from photochrom.studio.settings import Settings
from photochrom.studio.studio import Studio
from photochrom.studio.telemetry import Telemetry


class Waiting(threading.Thread):
    """A client whose request is under way."""

    def __init__(self, running: Any, name: str, data: bytes) -> None:
        super().__init__()
        self.url, self.photo = running.url, (name, data)
        self.answer: httpx.Response | None = None
        self.start()

    def run(self) -> None:
        self.answer = httpx.post(f"{self.url}/api/colorize", files={"file": self.photo}, timeout=60)


def test_who_runs_is_served_and_who_waits_is_told(
    start: Any, grey: bytes, hold: Any, until: Callable[..., Any], tmp_path: Path
) -> None:
    studio = start(grace_seconds=30)
    held = hold(studio)
    first = Waiting(studio, "runs.jpg", grey)
    held.wait(1)
    second = Waiting(studio, "waits.jpg", grey)
    until(lambda: studio.studio.workers.waiting == 1)
    studio.server.should_exit = True
    until(studio.studio.stopping.is_set)
    second.join()
    assert second.answer is not None
    assert second.answer.status_code == 503
    assert second.answer.json()["detail"] == "the server is shutting down"
    assert int(second.answer.headers["retry-after"]) > 0
    held.release()
    first.join()
    assert first.answer is not None
    assert first.answer.status_code == 200
    assert first.answer.content.startswith(b"\xff\xd8\xff")
    studio.stop()
    assert (studio.studio.counts["done"], studio.studio.unfinished) == (1, 1)
    assert list(tmp_path.iterdir()) == []


def test_what_runs_for_too_long_is_left_behind(
    start: Any, grey: bytes, hold: Any, until: Callable[..., Any], tmp_path: Path
) -> None:
    studio = start(grace_seconds=0)
    held = hold(studio)
    studio.send(("a.jpg", grey), ("b.jpg", grey))
    held.wait(1)
    studio.stop()
    assert studio.studio.unfinished == 2
    assert list(tmp_path.iterdir()) == []
    held.release()
    # Its result finds no place, and nobody who waits for it.
    until(lambda: studio.studio.workers.running == 0)
    assert studio.studio.counts == {"done": 0, "failed": 0}
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_is_not_there_is_known_at_once() -> None:
    with pytest.raises(ModelError, match="nonesuch: no model of that name"):
        Studio(Settings(model="nonesuch"), Telemetry())
