"""``/api/photos/{id}``: files, the live view, the palette, and the end of a photo."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom.engine.preview import Preview
from photochrom.media import provenance
from photochrom.studio import previews
from photochrom.studio.previews import OPEN

BLUE = {"x": 0.5, "y": 0.5, "color": "#2040c0"}


def test_the_view_is_the_result_at_the_size_of_a_screen(
    studio: Any, chelsea: Any, pixels: Callable[[bytes], Any]
) -> None:
    out = io.BytesIO()
    Image.fromarray(chelsea).convert("L").save(out, "PNG")
    path = studio.photo(out.getvalue(), "cat.png")
    view = studio.http.post(f"{path}/view", json={})
    assert view.headers["content-type"] == "image/jpeg"
    shown = pixels(view.content).astype(int)
    result = pixels(studio.http.get(f"{path}/result").content).astype(int)
    assert shown.shape == result.shape == (300, 451, 3)
    assert np.abs(shown - result).mean() < 3
    mark = provenance.read(view.content)
    assert mark is not None
    assert mark.model == "photochrom"
    before = pixels(studio.http.get(f"{path}/before").content).astype(int)
    assert np.abs(before.mean(axis=2) - np.asarray(Image.open(io.BytesIO(out.getvalue())))).mean() < 3
    assert np.ptp(before, axis=2).max() == 0


def test_a_large_photo_is_shown_small(studio: Any, make_photo: Any, pixels: Callable[[bytes], Any]) -> None:
    path = studio.photo(make_photo(1600, 1200))
    shapes = {
        pixels(answer.content).shape[:2]
        for answer in (
            studio.http.get(f"{path}/before"),
            studio.http.post(f"{path}/view"),
            studio.http.get(f"{path}/confidence"),
        )
    }
    ((height, width),) = shapes
    assert height * width < 1_010_000  # whole pixels
    assert abs(width / height - 4 / 3) < 0.01


def test_looks_change_what_is_seen_and_what_is_saved(
    studio: Any, make_photo: Any, pixels: Callable[[bytes], Any]
) -> None:
    path = studio.photo(make_photo(160, 120, "PNG"))

    def seen(**look: Any) -> Any:
        answer = studio.http.post(f"{path}/view", json=look)
        assert answer.status_code == 200, answer.text
        return pixels(answer.content).astype(int)

    def saved(**look: Any) -> Any:
        answer = studio.http.post(f"{path}/result", json=look)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "image/png"
        return pixels(answer.content).astype(int)

    assert np.ptp(saved(strength=0), axis=2).max() == 0
    looks: list[dict[str, Any]] = [
        {},
        {"strength": 0.3},
        {"colorfulness": 1.9},
        {"candidate": 2, "candidates": 3},
        {"candidate": 1},
        {"hints": [BLUE]},
    ]
    for look in looks:
        assert np.abs(seen(**look) - saved(**look)).mean() < 3
    assert len({saved(**look).tobytes() for look in looks}) == len(looks)
    led, plain = seen(hints=[BLUE])[60, 80], seen()[60, 80]
    assert led[2] - led[0] > plain[2] - plain[0] + 20
    assert studio.studio.store.files == 2  # what was made anew is not kept


def test_a_reach_is_shown_before_there_is_a_colour(
    studio: Any, grey: bytes, pixels: Callable[[bytes], Any]
) -> None:
    path = studio.photo(grey)

    def mask(**body: Any) -> Any:
        answer = studio.http.post(f"{path}/reach", json={"x": 0.5, "y": 0.5} | body)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        return pixels(answer.content).astype(int)

    shape = mask().shape
    assert shape == pixels(studio.http.get(f"{path}/confidence").content).shape
    disc, like, kept = mask(reach="here", radius=0.1), mask(reach="like"), mask(reach="keep")
    assert [m[shape[0] // 2, shape[1] // 2] > 230 for m in (mask(), disc, like, kept)] == [True] * 4
    assert disc[0, 0] < 5
    assert disc.sum() < like.sum()


def test_a_result_made_anew_is_the_one_that_was_sent_for(studio: Any, grey: bytes) -> None:
    path = studio.photo(grey, "Großmutter.jpg", size="96", jpeg_quality="80")
    first, anew = studio.http.get(f"{path}/result"), studio.http.post(f"{path}/result", json={})
    assert first.content == anew.content
    assert first.headers["content-disposition"] == anew.headers["content-disposition"]
    other = studio.http.post(f"{path}/result", json={"format": "webp", "candidate": 1, "candidates": 2})
    assert other.headers["content-type"] == "image/webp"
    assert "filename*=UTF-8''Gro%C3%9Fmutter.color.2.webp" in other.headers["content-disposition"]


def test_candidates_of_a_job(studio: Any, grey: bytes) -> None:
    path = studio.photo(grey, candidates="3")
    assert studio.http.get(path).json()["candidates"] == 3
    files = [studio.http.get(f"{path}/result?candidate={n}").content for n in range(3)]
    assert len(set(files)) == 3
    missing = studio.http.get(f"{path}/result?candidate=3")
    assert (missing.status_code, missing.json()["detail"]) == (
        404,
        "a.jpg: has 3 candidates, counted from 0",
    )


def test_palette_and_confidence(studio: Any, grey: bytes, pixels: Callable[[bytes], Any]) -> None:
    path = studio.photo(grey)
    colors = studio.http.post(f"{path}/palette", json={"x": 0.5, "y": 1}).json()["colors"]
    assert 1 < len(colors) <= 9
    shares = [each["share"] for each in colors]
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) <= 1.001
    lumas = [
        0.299 * int(c["color"][1:3], 16) + 0.587 * int(c["color"][3:5], 16) + 0.114 * int(c["color"][5:], 16)
        for c in colors
    ]
    assert max(lumas) - min(lumas) < 3
    answer = studio.http.get(f"{path}/confidence")
    assert answer.headers["content-type"] == "image/png"
    sure = pixels(answer.content)
    assert (sure.shape, sure.dtype) == ((48, 64), np.uint8)


@pytest.mark.parametrize(
    ("what", "body", "words"),
    [
        ("view", b"{", "the body is not JSON"),
        ("view", b"[]", "should be an object"),
        ("view", b'{"strength": 2}', "strength: "),
        ("view", b'{"strength": NaN}', ""),
        ("view", b'{"strength": 1e999}', "strength: "),
        ("view", b'{"candidate": 2, "candidates": 2}', "candidate: 2 is not one of 2"),
        ("view", b'{"hints": [{"x": 0, "y": 0}]}', "hints.0: "),
        ("view", b'{"hints": [{"x": 0, "y": 0, "color": "#000000", "reach": "keep"}]}', "hints.0: "),
        ("view", b'{"hints": [{"x": 0, "y": 0, "color": "#000000", "reach": "far"}]}', "hints.0.reach: "),
        ("reach", b'{"x": 0, "y": 0, "reach": "thing", "radius": 0.1}', 'only a hint with the reach "here"'),
        ("reach", b'{"x": 0, "y": 0, "reach": "here", "radius": 2}', "radius: "),
        ("reach", b"{}", "x: "),
        ("view", b'{"hints": [{"x": 0, "y": 0, "color": "red"}]}', "hints.0.color: "),
        ("view", b'{"\\ud800": 1}', ""),
        ("view", b'{"sepia": 1}', "sepia: "),
        ("view", b"[" * 100_000, ""),
        ("result", b'{"format": "gif"}', "format: "),
        ("palette", b"{}", "x: Field required"),
        ("palette", b'{"x": 2, "y": 0}', "x: "),
    ],
)
def test_a_look_that_cannot_be_meant(studio: Any, grey: bytes, what: str, body: bytes, words: str) -> None:
    path = studio.photo(grey)
    answer = studio.http.post(f"{path}/{what}", content=body)
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["detail"]


def test_a_look_is_short(studio: Any, grey: bytes) -> None:
    answer = studio.http.post(f"{studio.photo(grey)}/view", content=b" " * 200_000)
    assert answer.status_code == 413


def test_a_photo_that_failed_keeps_its_reason(studio: Any, colourful: bytes) -> None:
    (photo,) = studio.ended(
        studio.send(
            ("a.jpg", colourful),
        )
    )["photos"]
    path = f"/api/photos/{photo['id']}"
    for method, what in [("GET", "result"), ("POST", "result"), ("POST", "view"), ("GET", "confidence")]:
        answer = studio.http.request(method, f"{path}/{what}")
        assert (answer.status_code, answer.json()["detail"]) == (409, photo["error"])
    # The page can still show what was sent.
    assert studio.http.get(f"{path}/before").status_code == 200
    (broken,) = studio.ended(studio.send(("b.jpg", b"?")))["photos"]
    assert studio.http.get(f"/api/photos/{broken['id']}/before").status_code == 415


def test_a_photo_can_be_looked_at_before_its_turn(studio: Any, grey: bytes, hold: Any) -> None:
    held = hold(studio)
    job = studio.send(("a.jpg", grey), ("b.jpg", grey))
    held.wait(1)
    path = f"/api/photos/{job['photos'][1]['id']}"
    assert studio.http.post(f"{path}/view", json={}).status_code == 200
    answer = studio.http.get(f"{path}/result")
    assert (answer.status_code, "is not done yet" in answer.json()["detail"]) == (409, True)
    held.release()


def test_deleting_a_photo(studio: Any, grey: bytes) -> None:
    job = studio.ended(studio.send(("a.jpg", grey), ("b.jpg", grey)))
    first, second = (f"/api/photos/{photo['id']}" for photo in job["photos"])
    for path in (first, second):
        assert studio.http.post(f"{path}/view", json={}).status_code == 200
        assert studio.http.get(f"{path}/before").status_code == 200
    assert studio.studio.previews.open == 2
    assert studio.http.delete(first).status_code == 204
    for method, what in [
        ("GET", ""),
        ("GET", "/result"),
        ("GET", "/before"),
        ("POST", "/view"),
        ("POST", "/result"),
        ("DELETE", ""),
    ]:
        answer = studio.http.request(method, first + what)
        assert answer.status_code == 404
        assert answer.json()["detail"] == "there is no such photo, or its time is over"
    assert studio.studio.previews.open == 1
    assert studio.studio.store.files == 3
    assert [p["name"] for p in studio.http.get(f"/api/jobs/{job['id']}").json()["photos"]] == ["b.jpg"]
    assert studio.http.delete(second).status_code == 204
    assert studio.studio.store.files == 0
    assert studio.http.get(f"/api/jobs/{job['id']}").status_code == 404


def test_photos_are_gone_after_their_time(
    start: Any, grey: bytes, hold: Any, until: Callable[..., Any]
) -> None:
    studio = start(keep_minutes=0.01)
    held = hold(studio)
    job = studio.send(("a.jpg", grey))
    held.wait(1)
    time.sleep(0.8)  # longer than it is kept, but it is in work
    assert studio.http.get(f"/api/jobs/{job['id']}").status_code == 200
    held.release()
    path = f"/api/photos/{job['photos'][0]['id']}"
    until(lambda: studio.http.get(path).status_code == 404)
    assert studio.http.get(f"/api/jobs/{job['id']}").status_code == 404
    # Nobody has to ask for them.
    until(lambda: studio.studio.store.files == 0)


def test_only_the_photos_last_looked_at_are_open(studio: Any, grey: bytes) -> None:
    job = studio.ended(studio.send(*((f"{n}.jpg", grey) for n in range(OPEN + 2))))
    for photo in job["photos"]:
        assert studio.http.post(f"/api/photos/{photo['id']}/view").status_code == 200
    assert studio.studio.previews.open == OPEN


def test_a_sketch_is_made_once_and_used_by_one_at_a_time(
    studio: Any, grey: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, at_once, inside = [], [], 0
    lock = threading.Lock()
    view = Preview.view

    class Counted(Preview):
        def __init__(self, *arguments: Any, **keywords: Any) -> None:
            made.append(self)
            super().__init__(*arguments, **keywords)

        def view(self, *arguments: Any, **keywords: Any) -> Any:
            nonlocal inside
            with lock:
                inside += 1
                at_once.append(inside)
            try:
                return view(self, *arguments, **keywords)
            finally:
                with lock:
                    inside -= 1

    monkeypatch.setattr(previews, "Preview", Counted)
    path = studio.photo(grey)
    answers: list[int] = []

    def look(number: int) -> None:
        answer = studio.http.post(f"{path}/view", json={"strength": number / 10})
        answers.append(answer.status_code)

    threads = [threading.Thread(target=look, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 8
    assert len(made) == 1
    assert at_once == [1] * 8


def test_the_original_is_read_once_for_the_page(
    studio: Any, grey: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = studio.photo(grey)
    first = studio.http.get(f"{path}/before").content
    monkeypatch.setattr(studio.studio.previews, "run", None)
    assert studio.http.get(f"{path}/before").content == first


def test_a_photo_takes_colours_from_references_and_forgets_them(
    studio: Any, astronaut: Any, colourful: bytes, pixels: Callable[[bytes], Any]
) -> None:
    picture = Image.fromarray(astronaut[:128, :128])
    grey_file, colour_file = io.BytesIO(), io.BytesIO()
    picture.convert("L").save(grey_file, "PNG")
    picture.save(colour_file, "PNG")
    path = studio.photo(grey_file.getvalue(), "grey.png")

    def send(*files: bytes) -> Any:
        return studio.http.post(
            f"{path}/references", files=[("reference", (f"{i}.png", data)) for i, data in enumerate(files)]
        )

    def away(**body: Any) -> float:
        shown = pixels(studio.http.post(f"{path}/view", json=body).content).astype(int)
        return float(np.abs(shown - astronaut[:128, :128]).mean())

    plain = away()
    found = send(colour_file.getvalue(), colourful).json()["references"]
    assert [each["name"] for each in found] == ["0.png", "1.png"]
    assert found[0]["fitness"] > 0.9
    assert found[1]["fitness"] < 0.5
    assert away() < 0.5 * plain
    assert away(references=False) == plain
    assert studio.http.get(path).json()["references"] == ["0.png", "1.png"]
    assert pixels(studio.http.get(f"{path}/taken").content).mean() > 100
    refused = send(grey_file.getvalue())
    assert (refused.status_code, "not in colour" in refused.json()["detail"]) == (415, True)
    assert studio.http.get(path).json()["references"] == ["0.png", "1.png"]
    assert send(*[colourful] * 9).status_code == 413
    nothing = studio.http.post(f"{path}/references", data={"a": "b"}, files={"reference": ("", b"")})
    assert nothing.status_code == 422
    assert studio.http.delete(f"{path}/references").status_code == 204
    assert away() == plain
    assert pixels(studio.http.get(f"{path}/taken").content).max() == 0


def test_references_come_and_go_one_by_one(
    studio: Any, astronaut: Any, colourful: bytes, pixels: Callable[[bytes], Any]
) -> None:
    picture = Image.fromarray(astronaut[:128, :128])
    grey_file, colour_file = io.BytesIO(), io.BytesIO()
    picture.convert("L").save(grey_file, "PNG")
    picture.save(colour_file, "PNG")
    path = studio.photo(grey_file.getvalue(), "grey.png")

    def send(name: str, data: bytes) -> Any:
        return studio.http.post(f"{path}/references?add=true", files={"reference": (name, data)})

    def names() -> list[str]:
        return list(studio.http.get(path).json()["references"])

    assert [each["name"] for each in send("a.png", colourful).json()["references"]] == ["a.png"]
    # The same picture again is one reference.
    for _ in range(2):
        both = send("b.png", colour_file.getvalue()).json()["references"]
    assert [each["name"] for each in both] == names() == ["a.png", "b.png"]
    assert both[0]["fitness"] < both[1]["fitness"]
    assert studio.http.get(f"{path}/references").json()["references"] == both
    small = pixels(studio.http.get(f"{path}/references/1").content)
    assert np.abs(small.astype(int) - astronaut[:128, :128]).mean() < 4
    taken = [pixels(studio.http.get(f"{path}/taken?reference={n}").content).mean() for n in (0, 1)]
    assert taken[0] < taken[1]
    assert studio.http.get(f"{path}/taken?reference=2").status_code == 404
    assert studio.http.get(f"{path}/references/2").status_code == 404
    assert studio.http.delete(f"{path}/references/-1").status_code == 404
    assert studio.http.delete(f"{path}/references/0").status_code == 204
    assert names() == ["b.png"]
    assert studio.http.delete(f"{path}/references/1").status_code == 404

    def other(n: int) -> bytes:
        out = io.BytesIO()
        picture.crop((n, 0, 64 + n, 64)).save(out, "PNG")
        return out.getvalue()

    for n in range(7):
        assert send(f"{n}.png", other(n)).status_code == 200
    refused = send("last.png", other(7))
    assert refused.status_code == 413
    assert refused.json()["detail"] == "grey.png: at most 8 references are taken; remove one first"
    assert len(names()) == 8


@pytest.mark.parametrize(
    ("kind", "format", "name"),
    [
        ("side-by-side", "JPEG", "mum.compare.jpg"),
        ("split", "JPEG", "mum.compare.jpg"),
        ("webp", "WEBP", "mum.compare.webp"),
        ("gif", "GIF", "mum.compare.gif"),
    ],
)
def test_before_and_after_in_one_picture(
    studio: Any, make_photo: Any, kind: str, format: str, name: str
) -> None:
    path = studio.photo(make_photo(96, 128), "mum.jpg")
    answer = studio.http.post(f"{path}/share", json={"kind": kind, "cut": 0.25, "look": "warmer"})
    assert answer.status_code == 200, answer.text
    assert f'filename="{name}"' in answer.headers["content-disposition"]
    assert answer.headers["content-type"] == f"image/{format.lower()}"
    picture = Image.open(io.BytesIO(answer.content))
    assert (picture.format, picture.height) == (format, 128)
    # Whoever gets the picture can read that its colours were inferred.
    assert b"olours were inferred by photochrom" in answer.content
    first = np.asarray(picture.convert("RGB")).astype(int)
    assert np.ptp(first[:, :20], axis=2).max() < 3
    if kind in ("side-by-side", "split"):
        assert np.ptp(first[:, -20:], axis=2).mean() > 3


def test_a_kind_of_comparison_that_there_is_not(studio: Any, grey: bytes) -> None:
    answer = studio.http.post(f"{studio.photo(grey)}/share", json={"kind": "mp4"})
    assert (answer.status_code, answer.json()["detail"].partition(":")[0]) == (422, "kind")
