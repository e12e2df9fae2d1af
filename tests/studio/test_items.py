"""One photo of a job, and what the HTTP interface says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from photochrom.engine.options import Options
from photochrom.errors import AlreadyColorError, Remedy, UnreadableError
from photochrom.pipeline.request import ColorizeRequest
from photochrom.studio.api_error import photo_error
from photochrom.studio.items import JobItem
from photochrom.studio.service import ResultFile
from photochrom.studio.store import Blob
from photochrom.studio.workers import Task


def item(**options: Any) -> JobItem:
    return JobItem("a.jpg", Blob(Path("upload"), 9, "me"), ColorizeRequest(Options(**options)))


def test_a_photo_that_waits_has_a_place_and_no_result() -> None:
    waiting = item(candidates=3)
    waiting.task = Task("me", lambda task: None)
    told = waiting.public({waiting.task: 4})
    assert told == {
        "id": waiting.id,
        "name": "a.jpg",
        "kind": "photo",
        "state": "queued",
        "position": 4,
        "progress": 0.0,
        "error": None,
        "error_code": None,
        "forced": False,
        "notes": [],
        "width": None,
        "height": None,
        "preview": False,
        "candidates": 3,
        "references": [],
        "format": None,
        "type": None,
        "bytes": None,
    }
    assert not waiting.ended


def test_a_photo_that_is_done_tells_its_first_file_and_each_note_once() -> None:
    done = item(candidates=2)
    done.state, done.size, done.progress = "done", (640, 480), 1.0
    done.results = [
        ResultFile(Blob(Path(str(number)), 100 * number, "me"), "a.jpg", ".jpg", number, "JPEG", notes)
        for number, notes in ((1, ("Gone.", "Turned.")), (2, ("Turned.", "Cut.")))
    ]
    told = done.public({})
    assert (told["width"], told["height"], told["position"]) == (640, 480, None)
    assert (told["format"], told["type"], told["bytes"]) == ("JPEG", "image/jpeg", 100)
    assert told["notes"] == ["Gone.", "Turned.", "Cut."]
    assert done.ended
    assert [str(blob.path) for blob in done.blobs] == ["upload", "1", "2"]
    done.before = Blob(Path("small"), 5, "me")
    done.preview = Blob(Path("first seconds"), 5, "me")
    assert [str(blob.path) for blob in done.blobs] == ["upload", "1", "2", "small", "first seconds"]
    assert done.public({})["preview"]


def test_a_photo_that_failed_says_why_in_the_words_of_the_interface() -> None:
    failed = item()
    failed.state = "failed"
    failed.failure = photo_error(AlreadyColorError("a.jpg", "is in colour already", Remedy.FORCE), "a.jpg")
    told = failed.public({})
    assert failed.ended
    assert told["error"] == "a.jpg: is in colour already; send force=true to colorize it anew"
    assert told["error_code"] == "in_color"
    assert failed.shows_own_colors
    failed.failure = photo_error(UnreadableError("a.jpg", "is empty"), "a.jpg")
    assert not failed.shows_own_colors
