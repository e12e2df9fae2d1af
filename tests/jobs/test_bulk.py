"""The workers of a bulk run, in this process. On a cluster they are in test_bulk_run.py."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from PIL import Image

from photochrom.engine.colorizer import Colorizer
from photochrom.errors import ClusterError, ModelError
from photochrom.jobs.bulk import (
    MOST_WAITING,
    InMemory,
    ModelCopy,
    Reader,
    WhileOthersCompute,
    Worker,
    colorize_dataset,
)
from photochrom.jobs.bulk_plan import make_plan
from photochrom.jobs.bulk_request import BulkRequest
from photochrom.jobs.bulk_source import load
from photochrom.jobs.bulk_store import Root
from photochrom.jobs.bulk_table import latest, schema
from photochrom.modelfile.table import resolve
from photochrom.pipeline.request import ColorizeRequest
from photochrom.pipeline.targets import Disk


@pytest.fixture(scope="module")
def model() -> ModelCopy:
    return ModelCopy.of("photochrom")


def test_a_model_is_the_same_on_another_machine(model: ModelCopy, tmp_path: Path) -> None:
    expected = Colorizer(threads=1).info.fingerprint
    assert (model.name, model.data, model.fingerprint) == ("photochrom", None, expected)
    path = tmp_path / "mine.onnx"
    shutil.copy(resolve("photochrom"), path)
    copied = ModelCopy.of(path)
    path.unlink()
    assert copied.load("cpu", 1).info.fingerprint == copied.fingerprint
    with pytest.raises(ModelError):
        ModelCopy.of(path)


def test_another_version_or_model_on_a_worker(model: ModelCopy) -> None:
    for changed in (replace(model, version="0.0.1"), replace(model, fingerprint="other")):
        with pytest.raises(ClusterError) as caught:
            changed.load("cpu", 1)
        assert caught.value.code == "version"


def test_rows_go_through_reader_and_worker(tree: Path, tmp_path: Path, model: ModelCopy) -> None:
    (tree / "gone.jpg").write_bytes(b"x")
    target = Root.of(str(tmp_path / "out"))
    bulk = BulkRequest(target)
    todo = make_plan(load(str(tree)).table, latest(target), bulk, model.fingerprint).todo
    (tree / "gone.jpg").unlink()
    todo = todo.append_column("index", pa.array(range(len(todo)), pa.int64()))
    read = list(Reader(bulk)(todo))
    assert [len(part) for part in read] == [1, 1, 1, 1]
    table = pa.concat_tables(read, promote_options="permissive")
    assert table["data"].to_pylist()[0] == (tree / "a.jpg").read_bytes()
    found = Worker(bulk, model, "cpu", 1)(table)
    assert found.schema.names == [*schema().names, "index"]
    rows = {row["index"]: row for row in found.to_pylist()}
    assert [rows[index]["status"] for index in range(4)] == ["done", "failed", "done", "done"]
    assert rows[1]["code"] == "missing"
    assert sorted(p.name for p in (tmp_path / "out").rglob("*.*")) == ["a.jpg", "b c.png", "фото.jpg"]
    # A worker of another version fails its rows, and not the run.
    old = Worker(bulk, replace(model, version="0.0.1"), "cpu", 1)(table).to_pylist()
    assert {row["code"] for row in old} == {"version"}
    assert "install the same version" in old[0]["reason"]


def test_rows_of_a_dataset_in_memory(model: ModelCopy, grey_photo: Callable[..., bytes]) -> None:
    rows = pa.table(
        {"path": ["a.jpg", None, "c.jpg"], "data": [grey_photo(), b"no picture", None], "n": [1, 2, 3]}
    )
    found = InMemory(ColorizeRequest(format="PNG"), model, "cpu", 1, "data", "path")(rows).to_pylist()
    assert [(row["n"], row["status"], row["code"]) for row in found] == [
        (1, "done", None),
        (2, "failed", "not_a_picture"),
        (3, "failed", "empty"),
    ]
    with Image.open(BytesIO(found[0]["result"])) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (56, 40))
    assert (found[0]["width"], found[0]["height"], found[0]["model"]) == (56, 40, "photochrom")
    assert found[2]["reason"].startswith("c.jpg: ")
    assert found[1]["result"] is None


def test_a_dataset_has_one_result_per_row() -> None:
    from photochrom.engine.options import Options

    nothing: Any = None
    with pytest.raises(ValueError, match="one candidate"):
        colorize_dataset(nothing, request=ColorizeRequest(Options(candidates=2)))


def test_the_store_is_waited_for_while_another_photo_is_computed(
    tree: Path, tmp_path: Path, model: ModelCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(3, timeout=20)

    class Slow(Disk):
        """All three photos must be here at once; each would wait for the others forever if one were alone."""

        def write(self, path: Path, data: bytes, *, overwrite: bool) -> None:
            together.wait()
            super().write(path, data, overwrite=overwrite)

    monkeypatch.setattr(Root, "store", Slow())
    bulk = BulkRequest(Root.of(str(tmp_path / "out")))
    worker = Worker(bulk, model, "cpu", 1)
    todo = make_plan(load(str(tree)).table, latest(bulk.target), bulk, model.fingerprint).todo
    todo = todo.append_column("index", pa.array(range(3), pa.int64()))
    table = pa.concat_tables(list(Reader(bulk)(todo)), promote_options="permissive")
    assert worker(table)["status"].to_pylist() == ["done"] * 3
    assert not worker.computing.locked()


def test_a_large_result_is_written_before_the_next_photo_is_computed(tmp_path: Path) -> None:
    lock = threading.Lock()
    held: list[bool] = []

    class Seen(Disk):
        def write(self, path: Path, data: bytes, *, overwrite: bool) -> None:
            held.append(lock.locked())

    store = WhileOthersCompute(Seen(), lock)
    with lock:
        store.write(tmp_path / "small", b"x", overwrite=False)
        store.write(tmp_path / "large", bytes(MOST_WAITING + 1), overwrite=False)
    assert held == [False, True]
