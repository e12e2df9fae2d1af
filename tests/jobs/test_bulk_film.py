"""Films of a manifest, from and to a folder and a store."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from photochrom.engine.colorizer import Colorizer
from photochrom.jobs.bulk_request import BulkRequest
from photochrom.jobs.bulk_row import colorize_row, read_row
from photochrom.jobs.bulk_store import Root
from photochrom.jobs.film_mark import read_film_mark


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(threads=1)


def row_of(path: str, name: str, **more: Any) -> dict[str, Any]:
    row = {"path": path, "name": name, "bytes": None, "etag": None, "digest": None, "options": ""}
    return {**row, "key": "k", "copy": 1, "redo": False, **more}


def do(row: dict[str, Any], colorizer: Colorizer, bulk: BulkRequest) -> dict[str, Any]:
    return colorize_row(read_row(row, bulk), colorizer, bulk)


def test_a_film_in_a_folder_is_done_once(films: Any, tmp_path: Any, colorizer: Colorizer) -> None:
    films.ffmpeg(
        "-f", "lavfi", "-i", "testsrc=s=64x48:d=0.2:r=10,format=gray,format=yuv420p", tmp_path / "a.mp4"
    )
    bulk = BulkRequest(Root.of(str(tmp_path / "out")))
    row = row_of(str(tmp_path / "a.mp4"), "sub/a.mp4")
    found = do(row, colorizer, bulk)
    assert (found["status"], found["outputs"]) == ("done", ["sub/a.color.mp4"])
    assert (found["width"], found["height"]) == (64, 48)
    made = tmp_path / "out/sub/a.color.mp4"
    assert read_film_mark(made) is not None
    before = made.stat().st_mtime_ns
    assert do(row, colorizer, bulk)["status"] == "done"
    assert made.stat().st_mtime_ns == before
    assert do({**row, "redo": True}, colorizer, bulk)["status"] == "done"
    assert made.stat().st_mtime_ns != before
    made.write_bytes(b"somebody's film")
    taken = do(row, colorizer, bulk)
    assert (taken["status"], taken["code"]) == ("failed", "name_taken")
    assert made.read_bytes() == b"somebody's film"


def test_a_film_in_a_store(films: Any, tmp_path: Any, bucket: Any, colorizer: Colorizer) -> None:
    films.ffmpeg(
        "-f", "lavfi", "-i", "testsrc=s=64x48:d=0.2:r=10,format=gray,format=yuv420p", tmp_path / "a.mkv"
    )
    url = bucket.put("in/a.mkv", (tmp_path / "a.mkv").read_bytes())
    bulk = BulkRequest(Root.of(f"{bucket.url}/out", bucket.endpoint), endpoint=bucket.endpoint)
    found = do(row_of(url, "a.mkv", copy=2), colorizer, bulk)
    assert (found["status"], found["outputs"]) == ("done", ["a (2).color.mkv"])
    (tmp_path / "back.mkv").write_bytes(bucket.get("out/a (2).color.mkv"))
    assert read_film_mark(tmp_path / "back.mkv") is not None
    gone = do(row_of(f"{bucket.url}/in/gone.mp4", "gone.mp4"), colorizer, bulk)
    assert (gone["status"], gone["code"]) == ("failed", "missing")


def test_without_the_extra_a_film_is_a_row_with_the_reason(
    tmp_path: Any, colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [
        name for name in sys.modules if name.startswith(("photochrom.video", "photochrom.jobs.film"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "av", None)
    (tmp_path / "a.mp4").write_bytes(b"film")
    found = do(
        row_of(str(tmp_path / "a.mp4"), "a.mp4"), colorizer, BulkRequest(Root.of(str(tmp_path / "out")))
    )
    assert (found["status"], found["code"]) == ("failed", "no_av")
    assert 'pip install ".[video]"' in found["reason"]
