"""Photos that were sent together, and who is told when one of them changes."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from photochrom.pipeline.request import ColorizeRequest
from photochrom.studio.items import JobItem, State
from photochrom.studio.job import Job
from photochrom.studio.store import Blob


def job(*states: State) -> Job:
    items = [
        JobItem(f"{number}.jpg", Blob(Path(str(number)), 1, "me"), ColorizeRequest())
        for number in range(len(states))
    ]
    for item, state in zip(items, states, strict=True):
        item.state = state
    return Job(items)


def test_states_are_counted() -> None:
    told = job("done", "running", "queued", "failed", "done").public({})
    counts = {state: told[state] for state in ("queued", "running", "done", "failed")}
    assert counts == {"queued": 1, "running": 1, "done": 2, "failed": 1}
    assert [photo["name"] for photo in told["photos"]] == ["0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg"]
    created = datetime.fromisoformat(told["created"])
    assert created.tzinfo == UTC
    assert created <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("states", "ended"),
    [(["done", "failed"], True), (["done", "queued"], False), (["running"], False), ([], True)],
)
def test_a_job_has_ended_when_all_its_photos_have(states: list[State], ended: bool) -> None:
    assert job(*states).ended is ended


def test_watchers_are_called_while_they_watch() -> None:
    watched, called = job("queued"), []
    watched.changed()
    with watched.watched(lambda: called.append("first")):
        watched.changed()
        with contextlib.suppress(ZeroDivisionError), watched.watched(lambda: called.append("second")):
            watched.changed()
            raise ZeroDivisionError
        assert sorted(called) == ["first", "first", "second"]
    watched.changed()
    assert len(called) == 3
    assert not watched.watchers
