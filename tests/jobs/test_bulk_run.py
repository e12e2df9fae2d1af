"""A run on a cluster of this machine: all rows, once each, also where a worker dies."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import ray
import ray.data
from PIL import Image

from photochrom.errors import OptionError
from photochrom.jobs import bulk_run
from photochrom.jobs.bulk import ModelCopy, Worker, colorize_dataset
from photochrom.jobs.bulk_cluster import Cluster, connect
from photochrom.jobs.bulk_plan import make_plan
from photochrom.jobs.bulk_request import BulkRequest
from photochrom.jobs.bulk_run import Counts, FailureLimit, run
from photochrom.jobs.bulk_source import load
from photochrom.jobs.bulk_store import Root
from photochrom.jobs.bulk_table import latest

# Ray warns of parameters of its own that it sets itself.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with connect(jobs=1, photos=10, store_memory=100_000_000) as found:
        ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
        yield found


@pytest.fixture(scope="module")
def model() -> ModelCopy:
    return ModelCopy.of("photochrom")


def todo_of(source: Path, bulk: BulkRequest, model: ModelCopy) -> pa.Table:
    return make_plan(load(str(source)).table, latest(bulk.target), bulk, model.fingerprint).todo


class Dying(Worker):
    """A worker whose process ends at a certain photo, as where the system takes its memory."""

    def __call__(self, batch: pa.Table) -> pa.Table:
        if any(path.endswith("poison.jpg") for path in batch["path"].to_pylist()):
            os._exit(1)
        return super().__call__(batch)


def test_a_photo_that_kills_its_worker_is_a_row_and_the_others_are_done(
    tree: Path,
    tmp_path: Path,
    model: ModelCopy,
    cluster: Cluster,
    grey_photo: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bulk_run, "RETRIES", 0)
    monkeypatch.setattr(bulk_run, "Worker", Dying)
    monkeypatch.setattr(bulk_run, "_block", lambda part, cluster: 2)
    (tree / "poison.jpg").write_bytes(grey_photo())
    (tree / "broken.jpg").write_bytes(b"x")
    bulk = BulkRequest(Root.of(str(tmp_path / "out")))
    rows = [row for rows in run(todo_of(tree, bulk, model), bulk, model, cluster, "cpu") for row in rows]
    found = {Path(row["path"]).name: (row["status"], row["code"]) for row in rows}
    assert found == {
        "a.jpg": ("done", None),
        "b c.png": ("done", None),
        "фото.jpg": ("done", None),
        "broken.jpg": ("failed", "not_a_picture"),
        "poison.jpg": ("failed", "worker_lost"),
    }
    assert len(rows) == 5
    assert sorted(p.name for p in (tmp_path / "out").rglob("*.*")) == ["a.jpg", "b c.png", "фото.jpg"]


def test_a_dataset_of_ones_own(cluster: Cluster, grey_photo: Callable[..., bytes]) -> None:
    rows = [{"path": f"{level}.jpg", "bytes": grey_photo(level)} for level in (80, 120)]
    found = colorize_dataset(ray.data.from_items(rows), jobs=1, device="cpu").take_all()
    assert sorted((row["path"], row["status"]) for row in found) == [("120.jpg", "done"), ("80.jpg", "done")]
    for row in found:
        with Image.open(BytesIO(row["result"])) as image:
            assert (image.mode, image.size) == ("RGB", (56, 40))


@pytest.mark.parametrize(
    ("text", "photos", "failed", "reached"),
    [
        ("3", 5, 3, False),
        ("3", 5, 4, True),
        ("0", 1, 1, True),
        ("50%", 99, 99, False),
        ("50%", 100, 50, False),
        ("50%", 100, 51, True),
        ("100%", 500, 500, False),
    ],
)
def test_when_too_many_have_failed(text: str, photos: int, failed: int, reached: bool) -> None:
    counts = Counts()
    rows: list[dict[str, Any]] = [{"status": "failed"}] * failed + [{"status": "done"}] * (photos - failed)
    counts.add(rows)
    assert counts.total == photos
    assert FailureLimit.of(text).reached(counts) is reached


@pytest.mark.parametrize("text", ["", "-1", "x", "101%", "1.5"])
def test_a_limit_that_is_none(text: str) -> None:
    with pytest.raises(OptionError, match="--max-failed"):
        FailureLimit.of(text)


def test_the_words_of_counts() -> None:
    counts = Counts()
    counts.add([{"status": "done"}] * 1200 + [{"status": "failed"}])
    assert counts.words() == "1,200 done, 0 skipped, 1 failed"
