"""Verification finds each thing that can be wrong with results."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from photochrom.engine.colorizer import Colorizer
from photochrom.errors import UnreadableError
from photochrom.jobs.bulk_plan import make_plan
from photochrom.jobs.bulk_request import BulkRequest
from photochrom.jobs.bulk_row import colorize_row, read_row
from photochrom.jobs.bulk_source import load
from photochrom.jobs.bulk_store import Root
from photochrom.jobs.bulk_table import Writer, latest, result_row
from photochrom.jobs.bulk_verify import verify


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(threads=1)


def colorize(source: Path, target: Root, colorizer: Colorizer) -> None:
    """A bulk run without a cluster."""
    bulk = BulkRequest(target, comparisons=True)
    plan = make_plan(load(str(source)).table, latest(target), bulk, colorizer.info.fingerprint)
    writer = Writer(target)
    for row in plan.todo.to_pylist():
        writer.add([colorize_row(read_row(row, bulk), colorizer, bulk)])
    writer.flush()


def test_results_that_are_as_they_should_be(tree: Path, bucket: Any, colorizer: Colorizer) -> None:
    (tree / "broken.jpg").write_bytes(b"x")
    target = Root.of(f"{bucket.url}/out", bucket.endpoint)
    colorize(tree, target, colorizer)
    found = verify(target, str(tree))
    assert found.problems == []
    assert found.counts == {"done": 3, "skipped": 0, "failed": 1}
    assert found.results == 6
    assert verify(target, sample=1).results == 2


def test_each_thing_that_is_wrong(tree: Path, tmp_path: Path, colorizer: Colorizer) -> None:
    out = tmp_path / "out"
    target = Root.of(str(out))
    for name in ("cut", "gone", "small", "plain", "other"):
        shutil.copy(tree / "a.jpg", tree / f"{name}.jpg")
        # Each is another photo, by its content.
        with (tree / f"{name}.jpg").open("ab") as file:
            file.write(name.encode())
    colorize(tree, target, colorizer)
    assert verify(target).problems == []
    (out / "cut.jpg").write_bytes((out / "cut.jpg").read_bytes()[:-400])
    (out / "gone.jpg").unlink()
    with Image.open(out / "small.jpg") as image:
        image.resize((28, 20)).save(out / "small.jpg", xmp=image.info["xmp"])
    Image.new("RGB", (56, 40)).save(out / "plain.jpg")
    shutil.copy(out / "a.jpg", out / "other.jpg")
    shutil.copy(out / "a.jpg", out / "a (2).jpg")
    (tree / "new.jpg").write_bytes(b"x")
    writer = Writer(target)
    for path, outputs in (("/x.jpg", ["a.jpg"]), ("/y.jpg", [])):
        row = result_row(
            {"path": path, "bytes": 1, "etag": None, "key": ""}, outputs=outputs, model="photochrom"
        )
        writer.add([row])
    writer.flush()
    expected = {
        "a (2).jpg: is a result that no row of the table knows",
        f"a.jpg: is the result of several photos: {tree}/a.jpg, /x.jpg",
        "a.jpg: has 56 x 40 pixels, and the photo has None x None",
        "/y.jpg: is done, and its row names no result",
        f"{tree}/new.jpg: has no row in the results table; the same bulk command does it",
        "small.jpg: has 28 x 20 pixels, and the photo has 56 x 40",
        "plain.jpg: does not say that its colours were inferred",
        f"other.jpg: was made of another photo or of another version of {tree}/other.jpg",
    }
    problems = {problem.removeprefix(f"{out}/") for problem in verify(target, str(tree)).problems}
    assert expected <= problems
    rest = sorted(problem.split(":")[0] for problem in problems - expected)
    assert rest == ["cut.jpg", "gone.jpg"]


def test_a_target_without_a_table(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError) as caught:
        verify(Root.of(str(tmp_path)))
    assert caught.value.code == "no_table"
