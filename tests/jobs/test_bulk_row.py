"""One row: the same bytes and names as `colorize`, and every error a row."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar

import pytest
from PIL import Image

from photochrom._version import __version__
from photochrom.engine.colorizer import Colorizer
from photochrom.errors import ModelError, WriteError
from photochrom.jobs import batch, bulk_row, plan
from photochrom.jobs.bulk_request import BulkRequest
from photochrom.jobs.bulk_row import colorize_row, read_row
from photochrom.jobs.bulk_source import load
from photochrom.jobs.bulk_store import Bucket, Root
from photochrom.pipeline.request import ColorizeRequest
from photochrom.pipeline.targets import Seen

Grey = Callable[..., bytes]


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(threads=1)


def row_of(path: str, name: str = "a.jpg", **more: Any) -> dict[str, Any]:
    """A row of a plan."""
    row = {"path": path, "name": name, "bytes": None, "etag": None, "digest": None, "options": ""}
    return {**row, "key": "k", "copy": 1, "redo": False, **more}


def do(row: dict[str, Any], colorizer: Colorizer, bulk: BulkRequest) -> dict[str, Any]:
    return colorize_row(read_row(row, bulk), colorizer, bulk)


@pytest.mark.parametrize("changes", [{}, {"format": "PNG"}], ids=str)
def test_results_have_the_bytes_and_names_of_colorize(
    tree: Path, tmp_path: Path, colorizer: Colorizer, changes: dict[str, Any]
) -> None:
    request = ColorizeRequest(**changes)
    planned = plan.make([str(tree)], str(tmp_path / "theirs"), request, recursive=True)
    batch.run(planned.jobs, batch.Worker(colorizer, planned.claims, lambda job, outcome: None), 1)
    ours = tmp_path / "ours"
    bulk = BulkRequest(Root.of(str(ours)), request)
    for row in load(str(tree)).table.to_pylist():
        found = do(row_of(row["path"], row["name"]), colorizer, bulk)
        assert found["status"] == "done"
        assert found["outputs"]

    def files(folder: Path) -> dict[str, bytes]:
        return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    assert files(ours) == files(tmp_path / "theirs")
    assert len(files(ours)) == 3


def test_the_row_of_a_done_photo(bucket: Any, grey_photo: Grey, colorizer: Colorizer) -> None:
    data = grey_photo()
    url = bucket.put("in/a b.jpg", data)
    bulk = BulkRequest(Root.of(f"{bucket.url}/out", bucket.endpoint), endpoint=bucket.endpoint)
    found = do(row_of(url, "sub/a b.jpg", etag="e"), colorizer, bulk)
    assert bucket.keys("out/") == ["out/sub/a b.jpg"]
    with Image.open(BytesIO(bucket.get("out/sub/a b.jpg"))) as image:
        assert (image.size, image.mode) == ((56, 40), "RGB")
    expected = {
        "path": url,
        "digest": hashlib.sha256(data).hexdigest(),
        "status": "done",
        "notes": [],
        "outputs": ["sub/a b.jpg"],
        "model": "photochrom",
        "version": __version__,
        "bytes": len(data),
        "etag": "e",
        "width": 56,
        "height": 40,
        "key": "k",
    }
    assert {key: found[key] for key in expected} == expected
    assert found["seconds"] > 0


def test_what_a_killed_run_has_made_is_not_made_again(
    bucket: Any, grey_photo: Grey, colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = bucket.put("in/a.jpg", grey_photo())
    bulk = BulkRequest(Root.of(f"{bucket.url}/out", bucket.endpoint), endpoint=bucket.endpoint)
    first = do(row_of(url), colorizer, bulk)
    with monkeypatch.context() as patch:
        patch.delattr(Colorizer, "colorize_photo")
        again = do(row_of(url), colorizer, bulk)
    same = ("status", "outputs", "digest", "width", "height")
    assert [again[key] for key in same] == [first[key] for key in same]
    # A changed photo replaces its result, and no second one appears.
    bucket.put("in/a.jpg", grey_photo(120))
    assert do(row_of(url), colorizer, bulk)["outputs"] == ["a.jpg"]
    assert bucket.keys("out/") == ["out/a.jpg"]


def test_two_rows_with_one_target(tmp_path: Path, grey_photo: Grey, colorizer: Colorizer) -> None:
    for folder in "xy":
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.jpg").write_bytes(grey_photo(80 if folder == "x" else 120))
    bulk = BulkRequest(Root.of(str(tmp_path / "out")))
    # The second is done first: its planned name is not that of the first.
    second = do(row_of(str(tmp_path / "y/a.jpg"), copy=2), colorizer, bulk)
    first = do(row_of(str(tmp_path / "x/a.jpg")), colorizer, bulk)
    assert (first["outputs"], second["outputs"]) == (["a.jpg"], ["a (2).jpg"])


def test_two_workers_that_want_one_name_at_the_same_time(
    bucket: Any, grey_photo: Grey, colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other worker writes between this one's look and its write."""
    url = bucket.put("in/a.jpg", grey_photo())
    bulk = BulkRequest(Root.of(f"{bucket.url}/out", bucket.endpoint), endpoint=bucket.endpoint)
    look, seen = Bucket.look, list[Path]()

    def late(self: Bucket, path: Path) -> Seen:
        found = look(self, path)
        if not seen:
            bucket.put("out/a.jpg", b"another photo's result")
        seen.append(path)
        return found

    monkeypatch.setattr(Bucket, "look", late)
    found = do(row_of(url), colorizer, bulk)
    assert (found["status"], found["outputs"]) == ("done", ["a (2).jpg"])
    assert bucket.get("out/a.jpg") == b"another photo's result"


def test_options_of_the_row(tmp_path: Path, grey_photo: Grey, colorizer: Colorizer) -> None:
    (tmp_path / "a.jpg").write_bytes(grey_photo())
    bulk = BulkRequest(Root.of(str(tmp_path / "out")), comparisons=True)
    options = '{"format": "PNG", "candidates": 2}'
    found = do(row_of(str(tmp_path / "a.jpg"), options=options), colorizer, bulk)
    assert found["outputs"] == ["a.1.png", "a.2.png", "a.compare.1.jpg", "a.compare.2.jpg"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == found["outputs"]
    bad = do(row_of(str(tmp_path / "a.jpg"), options='{"strength": 9}'), colorizer, bulk)
    assert (bad["status"], bad["code"]) == ("failed", "option")
    assert "strength must be between 0 and 1.5" in bad["reason"]


def test_every_failure_is_a_row(
    tmp_path: Path, grey_photo: Grey, colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulk = BulkRequest(Root.of(str(tmp_path / "out")), ColorizeRequest(max_pixels=56 * 40))
    files = {
        "damaged": grey_photo()[:300],
        "not_a_picture": b"words, not a picture",
        "empty": b"",
        "too_large": grey_photo(width=57),
    }
    for code, data in files.items():
        path = tmp_path / f"{code}.jpg"
        path.write_bytes(data)
        found = do(row_of(str(path)), colorizer, bulk)
        assert (found["status"], found["code"], found["outputs"]) == ("failed", code, [])
        assert found["reason"].startswith(f"{path}: ")
        assert found["digest"] == hashlib.sha256(data).hexdigest()
    gone = do(row_of(str(tmp_path / "gone.jpg")), colorizer, bulk)
    assert (gone["status"], gone["code"]) == ("failed", "missing")
    colour = tmp_path / "colour.png"
    Image.effect_mandelbrot((56, 40), (-2, -1, 1, 1), 50).convert("RGB").quantize(4).save(colour)
    Image.merge("RGB", [Image.linear_gradient("L").rotate(turn) for turn in (0, 90, 180)]).crop(
        (0, 0, 56, 40)
    ).save(colour)
    assert do(row_of(str(colour)), colorizer, bulk)["status"] == "skipped"
    assert not (tmp_path / "out").exists()

    good = tmp_path / "good.jpg"
    good.write_bytes(grey_photo())

    def full(self: object, path: Path, data: bytes, *, overwrite: bool) -> None:
        raise WriteError(str(path), "the disk is full", code="disk_full")

    monkeypatch.setattr("photochrom.pipeline.targets.Disk.write", full)
    assert do(row_of(str(good)), colorizer, bulk)["code"] == "disk_full"

    def broken(*arguments: object, **options: object) -> None:
        raise ModelError("photochrom", "does not run")

    monkeypatch.setattr(Colorizer, "colorize_photo", broken)
    failed = do(row_of(str(good)), colorizer, bulk)
    assert (failed["status"], failed["code"]) == ("failed", "model")


def test_a_film_is_not_read_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(bulk_row, "read")
    read = read_row(row_of(str(tmp_path / "a.mp4"), "a.mp4"), BulkRequest(Root.of(str(tmp_path))))
    assert (read["data"], read["problem"]) == (None, None)


class Counted(Bucket):
    """A bucket that notes which names are looked at."""

    looked: ClassVar[list[str]] = []

    def look(self, path: Path) -> Seen:
        self.looked.append(path.name)
        return super().look(path)


def test_in_a_target_that_was_empty_nothing_is_looked_for_and_nothing_is_replaced(
    bucket: Any, grey_photo: Grey, colorizer: Colorizer
) -> None:
    target = Root.of(f"{bucket.url}/out", bucket.endpoint)
    bulk = BulkRequest(target, endpoint=bucket.endpoint, fresh=True)
    row = row_of(bucket.put("in/a.jpg", grey_photo()))
    Counted.looked.clear()

    def again(other: dict[str, Any]) -> dict[str, Any]:
        return colorize_row(read_row(other, bulk), colorizer, bulk, store=Counted(target))

    assert again(row)["outputs"] == ["a.jpg"]
    assert Counted.looked == []
    made = bucket.get("out/a.jpg")
    # A worker died after the result was written, and the row comes again.
    assert again(row)["outputs"] == ["a.jpg"]
    # Another photo wants the name, against the plan.
    other = row_of(bucket.put("in/b.jpg", grey_photo(140)))
    assert again(other)["outputs"] == ["a (2).jpg"]
    assert bucket.get("out/a.jpg") == made
    assert bucket.keys("out/") == ["out/a (2).jpg", "out/a.jpg"]
