"""``/api/jobs``: many photos, their events, and their zip."""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

PHOTO = {
    "id",
    "name",
    "kind",
    "state",
    "position",
    "progress",
    "error",
    "error_code",
    "forced",
    "notes",
    "width",
    "height",
    "preview",
    "candidates",
    "references",
    "format",
    "type",
    "bytes",
}


def events(studio: Any, job: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The events of a job as they come."""
    with studio.http.stream("GET", f"/api/jobs/{job['id']}/events") as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        block: dict[str, str] = {}
        for line in answer.iter_lines():
            if line:
                field, _, value = line.partition(": ")
                block[field] = value
            elif "event" in block:
                yield block["event"], json.loads(block["data"])
                block = {}


def test_a_bad_file_among_many_fails_alone(studio: Any, grey: bytes, colourful: bytes) -> None:
    job = studio.send(("a.jpg", grey), ("b.txt", b"no picture"), ("c.jpg", colourful), ("d.jpg", grey))
    assert set(job) == {"id", "created", "photos", "queued", "running", "done", "failed"}
    assert datetime.fromisoformat(job["created"]).tzinfo == UTC
    assert [photo["name"] for photo in job["photos"]] == ["a.jpg", "b.txt", "c.jpg", "d.jpg"]
    state = studio.ended(job)
    assert [photo["state"] for photo in state["photos"]] == ["done", "failed", "failed", "done"]
    assert (state["done"], state["failed"]) == (2, 2)
    good, bad, coloured, _ = state["photos"]
    assert set(good) == PHOTO
    assert (good["width"], good["height"], good["progress"], good["error"]) == (64, 48, 1.0, None)
    assert (good["format"], good["type"], good["candidates"]) == ("JPEG", "image/jpeg", 1)
    assert bad["error"].startswith("b.txt: is not a picture of a known format")
    assert (bad["width"], bad["bytes"]) == (None, None)
    assert "in colour already" in coloured["error"]
    assert [photo["error_code"] for photo in state["photos"]] == [None, "not_a_picture", "in_color", None]
    assert good["notes"] == []
    result = studio.http.get(f"/api/photos/{good['id']}/result")
    assert len(result.content) == good["bytes"]
    assert result.content == studio.http.post("/api/colorize", files={"file": ("a.jpg", grey)}).content


def test_events_tell_every_state_in_order(studio: Any, grey: bytes, hold: Any) -> None:
    held = hold(studio)
    job = studio.send(("a.jpg", grey), ("b.jpg", grey), ("bad.jpg", b"?"))
    held.wait(1)
    stream = events(studio, job)
    first = [next(stream) for _ in range(3)]
    assert [kind for kind, _ in first] == ["photo"] * 3
    assert [photo["name"] for _, photo in first] == ["a.jpg", "b.jpg", "bad.jpg"]
    assert [photo["state"] for _, photo in first] == ["running", "queued", "queued"]
    assert [photo["position"] for _, photo in first] == [None, 1, 2]
    held.release()
    *photos, end = list(stream)
    assert end == ("end", {})
    told = {
        name: [p["state"] for _, p in photos if p["name"] == name] for name in ("a.jpg", "b.jpg", "bad.jpg")
    }
    assert {name: states[-1] for name, states in told.items()} == {
        "a.jpg": "done",
        "b.jpg": "done",
        "bad.jpg": "failed",
    }
    order = ["queued", "running", "done", "failed"]
    for states in told.values():
        assert states == sorted(states, key=order.index)
    progress = [photo["progress"] for _, photo in photos if photo["name"] == "b.jpg"]
    assert progress == sorted(progress)


def test_events_for_who_comes_late(studio: Any, grey: bytes) -> None:
    job = studio.send(("a.jpg", grey), ("b.jpg", b"?"))
    studio.ended(job)
    told = list(events(studio, job))
    assert [kind for kind, _ in told] == ["photo", "photo", "end"]
    assert [photo["state"] for _, photo in told[:2]] == ["done", "failed"]


def test_events_end_with_the_job(studio: Any, grey: bytes, hold: Any) -> None:
    held = hold(studio)
    job = studio.send(("a.jpg", grey), ("b.jpg", grey))
    held.wait(1)
    stream = events(studio, job)
    next(stream)
    assert studio.http.delete(f"/api/jobs/{job['id']}").status_code == 204
    assert list(stream)[-1] == ("end", {})
    held.release()


def test_a_listener_that_leaves_is_forgotten(
    studio: Any, grey: bytes, hold: Any, until: Callable[..., Any]
) -> None:
    held = hold(studio)
    job = studio.send(("a.jpg", grey))
    held.wait(1)
    watchers = studio.studio.registry.job(job["id"]).watchers
    stream = events(studio, job)
    next(stream)
    assert len(watchers) == 1
    stream.close()
    until(lambda: not watchers)
    held.release()


def test_positions_go_round_by_client_and_place(
    studio: Any, grey: bytes, hold: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = hold(studio)
    studio.send(("running.jpg", grey))
    held.wait(1)
    first = studio.send(("a1.jpg", grey), ("a2.jpg", grey))
    monkeypatch.setattr("photochrom.studio.routes.common.client_network", lambda client: "another")
    second = studio.send(("b1.jpg", grey))
    again = studio.http.get(f"/api/jobs/{first['id']}").json()
    assert [photo["position"] for photo in again["photos"]] == [1, 3]
    assert [photo["position"] for photo in second["photos"]] == [2]
    held.release()
    studio.ended(again)
    assert held.order == ["running.jpg", "a1.jpg", "b1.jpg", "a2.jpg"]


def test_the_zip_holds_what_is_done_under_safe_names(studio: Any, grey: bytes) -> None:
    names = ["a.jpg", "A.JPG", "../a.jpg", "bad.jpg", "祖母.jpg", "x/../../y?.jpg"]
    photos = [(name, b"?" if name == "bad.jpg" else grey) for name in names]
    job = studio.send(*photos, candidates="2")
    studio.ended(job)
    answer = studio.http.get(f"/api/jobs/{job['id']}/zip")
    assert answer.headers["content-type"] == "application/zip"
    assert 'filename="photochrom.zip"' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        assert bundle.testzip() is None
        assert bundle.namelist() == [
            "a.color.1.jpg",
            "a.color.2.jpg",
            "A (2).color.1.JPG",
            "A (2).color.2.JPG",
            "a (3).color.1.jpg",
            "a (3).color.2.jpg",
            "祖母.color.1.jpg",
            "祖母.color.2.jpg",
            "y_.color.1.jpg",
            "y_.color.2.jpg",
        ]
        first = studio.http.get(f"/api/photos/{job['photos'][0]['id']}/result?candidate=1").content
        assert bundle.read("a.color.2.jpg") == first


def test_a_zip_that_is_being_read_outlives_its_job(studio: Any, make_photo: Any) -> None:
    # Larger than what a connection takes at once, so that the end is read after the job is gone.
    job = studio.send(*((f"{n}.png", make_photo(900, 700, "PNG")) for n in range(6)))
    studio.ended(job)
    with studio.http.stream("GET", f"/api/jobs/{job['id']}/zip") as answer:
        parts = answer.iter_bytes()
        data = next(parts)
        assert studio.http.delete(f"/api/jobs/{job['id']}").status_code == 204
        data += b"".join(parts)
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        assert len(bundle.namelist()) == 6
        assert bundle.testzip() is None


def test_a_job_that_is_removed_stops(studio: Any, grey: bytes, hold: Any, until: Callable[..., Any]) -> None:
    held = hold(studio)
    job = studio.send(*((f"{n}.jpg", grey) for n in range(4)))
    held.wait(1)
    assert studio.http.delete(f"/api/jobs/{job['id']}").status_code == 204
    for path in ("", "/events", "/zip"):
        answer = studio.http.get(f"/api/jobs/{job['id']}{path}")
        assert (answer.status_code, answer.json()["detail"]) == (
            404,
            "there is no such job, or its time is over",
        )
    assert studio.http.get(f"/api/photos/{job['photos'][3]['id']}").status_code == 404
    held.release()
    until(lambda: studio.studio.workers.running == 0)
    assert held.order == ["0.jpg"]
    assert studio.studio.store.files == 0


def test_all_or_none_of_a_job_is_taken(start: Any, grey: bytes, hold: Any) -> None:
    studio = start(queue=8)
    held = hold(studio)
    first = studio.send(("a.jpg", grey))
    held.wait(1)
    form = [("file", (f"{n}.jpg", grey)) for n in range(8)]
    too_many = studio.http.post("/api/jobs", files=form)
    assert too_many.status_code == 413
    assert too_many.json()["detail"] == "file: at most 7 photos at a time"
    studio.send(*(photo for _, photo in form[:4]))
    files = studio.studio.store.files
    refused = studio.http.post("/api/jobs", files=form[:4])
    assert refused.status_code == 429
    assert refused.json()["detail"] == "the queue has room for 3 more photos of yours; try again later"
    assert studio.studio.store.files == files
    held.release()
    assert studio.ended(first)["done"] == 1


def test_a_wrong_field_takes_nothing(studio: Any, grey: bytes) -> None:
    answer = studio.http.post("/api/jobs", files={"file": ("a.jpg", grey)}, data={"strength": "9"})
    assert answer.status_code == 422
    assert studio.studio.store.files == 0


def test_many_clients_at_once(start: Any, grey: bytes) -> None:
    studio = start(jobs=3)
    alone = studio.http.post("/api/colorize", files={"file": ("a.jpg", grey)}).content
    jobs: list[Any] = []

    def client(number: int) -> None:
        jobs.append(studio.ended(studio.send(*(("a.jpg", grey) for n in range(3)))))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [job["done"] for job in jobs] == [3] * 6
    for job in jobs:
        for photo in job["photos"]:
            assert studio.http.get(f"/api/photos/{photo['id']}/result").content == alone
    assert studio.studio.counts == {"done": 19, "failed": 0}
    text = studio.http.get("/metrics").text
    assert 'photochrom_photos_total{state="done"} 19.0' in text
    assert "photochrom_queue_photos 0.0" in text


def test_a_film_waits_apart_and_shows_its_first_seconds(
    studio: Any, films: Any, grey: bytes, hold: Any
) -> None:
    film = films.make("old.mp4", "-c:v", "libx264", frames=4, size="64x48").read_bytes()
    hold(studio)  # no photo is done in this test
    job = studio.send(("old.mp4", film), ("a.jpg", grey), ("again.mp4", film), size="64")
    assert [photo["kind"] for photo in job["photos"]] == ["film", "photo", "film"]
    paths = [f"/api/photos/{photo['id']}" for photo in job["photos"]]
    until_done(studio, paths[0], paths[2])
    shown = studio.http.get(f"{paths[0]}/preview")
    assert (shown.headers["content-type"], shown.content[:4]) == ("image/webp", b"RIFF")
    made = studio.http.get(f"{paths[0]}/result")
    assert made.headers["content-type"] == "video/mp4"
    assert "old.color.mp4" in made.headers["content-disposition"]
    told = studio.http.get(paths[0]).json()
    assert (told["preview"], told["width"], told["format"]) == (True, 64, "MP4")
    for method, path, body in (
        ("GET", "/before", None),
        ("GET", "/confidence", None),
        ("GET", "/taken", None),
        ("DELETE", "/references", None),
        ("POST", "/references", None),
        ("GET", "/references", None),
        ("GET", "/references/0", None),
        ("DELETE", "/references/0", None),
        ("POST", "/view", {}),
        ("POST", "/result", {}),
        ("POST", "/share", {}),
        ("POST", "/reach", {"x": 0.5, "y": 0.5}),
        ("POST", "/palette", {"x": 0.5, "y": 0.5}),
    ):
        answer = studio.http.request(method, f"{paths[0]}{path}", json=body)
        assert answer.status_code == 409, (path, answer.text)
        assert "old.mp4: is a film and has no live view" in answer.json()["detail"]
    assert "a.jpg: is no film" in studio.http.get(f"{paths[1]}/preview").json()["detail"]


def until_done(studio: Any, *paths: str) -> None:
    while any(studio.http.get(path).json()["state"] in ("queued", "running") for path in paths):
        time.sleep(0.02)


def test_a_film_that_is_removed_is_given_up(studio: Any, films: Any) -> None:
    film = films.make("old.mp4", "-c:v", "libx264", frames=40, size="64x48").read_bytes()
    (told,) = studio.send(("old.mp4", film), size="64")["photos"]
    studio.http.delete(f"/api/photos/{told['id']}")
    while studio.studio.film_workers.running + studio.studio.film_workers.waiting:
        time.sleep(0.02)
    assert studio.studio.store.files == 0
    assert list(studio.studio.store.folder.iterdir()) == []


def test_one_film_alone_is_sent_where_films_are_taken(studio: Any, films: Any) -> None:
    film = films.make("old.mp4", "-c:v", "libx264", frames=2, size="64x48").read_bytes()
    answer = studio.http.post("/api/colorize", files={"file": ("old.mp4", film)})
    assert answer.status_code == 415
    assert "send it to /api/jobs, which takes films" in answer.json()["detail"]
