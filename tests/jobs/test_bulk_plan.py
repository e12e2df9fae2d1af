"""What is to be done, by the source and the results table."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from photochrom.engine.options import Options
from photochrom.jobs.bulk_plan import BulkPlan, make_plan
from photochrom.jobs.bulk_request import BulkRequest, row_key
from photochrom.jobs.bulk_source import schema
from photochrom.jobs.bulk_store import Root
from photochrom.pipeline.request import ColorizeRequest

MODEL = "fingerprint"
BULK = BulkRequest(Root("/out"))
KEY = row_key(BULK.request, MODEL, comparisons=False)
RESULTS = ("path", "status", "key", "bytes", "etag", "digest")


def source(*rows: dict[str, Any]) -> pa.Table:
    filled = [{"name": row["path"].strip("/"), "options": "", **row} for row in rows]
    return pa.Table.from_pylist(filled, schema=schema())


def results(*rows: dict[str, Any]) -> pa.Table:
    text = pa.string()
    kinds = pa.schema([(name, pa.int64() if name == "bytes" else text) for name in RESULTS])
    return pa.Table.from_pylist([{"status": "done", "key": KEY, **row} for row in rows], schema=kinds)


def plan(table: pa.Table, before: pa.Table, bulk: BulkRequest = BULK) -> BulkPlan:
    return make_plan(table, before, bulk, MODEL)


def paths(found: BulkPlan) -> list[str]:
    return list(found.todo["path"].to_pylist())


def test_a_first_run_does_all_in_order() -> None:
    table = source(*({"path": f"/{letter}.jpg", "bytes": 1} for letter in "cab"))
    found = plan(table, results())
    assert paths(found) == ["/c.jpg", "/a.jpg", "/b.jpg"]
    assert found.todo["key"].to_pylist() == [KEY] * 3
    assert found.todo["copy"].to_pylist() == [1, 1, 1]
    assert found.todo["redo"].to_pylist() == [False] * 3
    assert (found.total, found.done_before, found.unchecked) == (3, 0, 0)


def test_done_and_skipped_rows_are_left_out_and_failed_ones_are_tried_again() -> None:
    table = source(*({"path": f"/{name}.jpg", "bytes": 1} for name in ("new", "done", "skipped", "failed")))
    before = results(*({"path": f"/{name}.jpg", "status": name} for name in ("done", "skipped", "failed")))
    assert paths(plan(table, before)) == ["/new.jpg", "/failed.jpg"]
    forced = BulkRequest(BULK.target, ColorizeRequest(force=True))
    assert paths(plan(table, before, forced)) == ["/new.jpg", "/skipped.jpg", "/failed.jpg"]
    anew = BulkRequest(BULK.target, overwrite=True)
    assert len(plan(table, before, anew).todo) == 4


@pytest.mark.parametrize(
    ("now", "before", "again"),
    [
        ({"bytes": 5}, {"bytes": 5}, False),
        ({"bytes": 5}, {"bytes": 6}, True),
        ({"bytes": 5, "etag": "a"}, {"bytes": 5, "etag": "b"}, True),
        ({"etag": "a"}, {"bytes": 5, "etag": "a"}, False),
        ({"digest": "a"}, {"bytes": 5, "digest": "b"}, True),
        ({"bytes": 5, "etag": "a"}, {"bytes": 5}, False),
        ({}, {"bytes": 5}, False),
        ({"bytes": 5}, {"bytes": 5, "key": "of another model"}, True),
    ],
)
def test_a_changed_photo_is_done_again(now: dict[str, Any], before: dict[str, Any], again: bool) -> None:
    found = plan(source({"path": "/a.jpg", **now}), results({"path": "/a.jpg", **before}))
    assert paths(found) == (["/a.jpg"] if again else [])
    assert found.todo["redo"].to_pylist() == ([True] if again else [])
    assert found.unchecked == (0 if now else 1)


def test_options_of_a_row_are_part_of_its_key() -> None:
    table = source(
        {"path": "/a.jpg", "options": '{"strength": 0.5}'}, {"path": "/b.jpg", "options": '{"x": 1}'}
    )
    found = plan(table, results())
    wanted = row_key(ColorizeRequest(Options(strength=0.5)), MODEL, comparisons=False)
    assert found.todo["key"].to_pylist() == [wanted, ""]


def test_rows_of_one_target_get_names_in_order_as_colorize_gives_them() -> None:
    names = ["x/a.bmp", "x/a.png", "y/a.png", "x/a.jpg", "x/a.gif", "x/b.png"]
    table = source(*({"path": f"/{number}", "name": name} for number, name in enumerate(names)))
    # BMP and GIF are written as PNG.
    assert plan(table, results()).todo["copy"].to_pylist() == [1, 2, 1, 1, 3, 1]
    same = source({"path": "/1", "name": "a.jpg"}, {"path": "/2", "name": "a.jpg"})
    assert plan(same, results()).todo["copy"].to_pylist() == [1, 2]
    # The second keeps its name, also when the first is done.
    assert plan(same, results({"path": "/1"})).todo["copy"].to_pylist() == [2]
