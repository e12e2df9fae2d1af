"""The results table: written in parts, and read as one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.dataset
import pytest

from photochrom._version import __version__
from photochrom.errors import AlreadyColorError, Remedy, UnreadableError, WriteError
from photochrom.jobs import bulk_table
from photochrom.jobs.bulk_request import BulkRequest
from photochrom.jobs.bulk_store import Root
from photochrom.jobs.bulk_table import FOLDER, Writer, failed_row, latest, result_row

ROW = {"path": "/in/a.jpg", "bytes": 5, "etag": "e", "key": "k"}


def test_a_row_of_each_kind() -> None:
    bulk = BulkRequest(Root("/out"), remedies={Remedy.SALVAGE: "use --salvage"})
    done = result_row(ROW, outputs=["a.jpg"])
    assert {**done, "finished": None} == {
        **ROW,
        "status": "done",
        "version": __version__,
        "notes": [],
        "outputs": ["a.jpg"],
        "finished": None,
    }
    failed = failed_row(ROW, UnreadableError("a.jpg", "ends early", Remedy.SALVAGE, code="damaged"), bulk)
    assert (failed["status"], failed["code"]) == ("failed", "damaged")
    assert failed["reason"] == "/in/a.jpg: ends early; use --salvage"
    assert failed_row(ROW, AlreadyColorError("a.jpg", "in colour"), bulk)["status"] == "skipped"
    # What could not be written is the result, and its name is the one to say.
    assert failed_row(ROW, WriteError("/out/a.jpg", "disk full"), bulk)["reason"] == "/out/a.jpg: disk full"


def test_parts_are_written_as_rows_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_table, "MOST_ROWS", 3)
    target = Root.of(str(tmp_path))
    writer = Writer(target)
    for number in range(7):
        writer.add([result_row({**ROW, "path": f"/in/{number}.jpg"}, notes=["a note"], index=number)])
    assert len(target.names(FOLDER)) == 2
    writer.flush()
    writer.flush()
    assert len(target.names(FOLDER)) == 3
    # Another reader of Parquet folders sees the same rows.
    table = pyarrow.dataset.dataset(tmp_path / FOLDER).to_table()
    assert sorted(table["path"].to_pylist()) == [f"/in/{number}.jpg" for number in range(7)]
    assert table["notes"].to_pylist() == [["a note"]] * 7
    assert table.schema.names == bulk_table.schema().names


def test_the_newest_row_of_a_path_counts(bucket: Any) -> None:
    target = Root.of(f"{bucket.url}/out", bucket.endpoint)
    assert len(latest(target)) == 0
    for hour, status in ((1, "failed"), (3, "done"), (2, "skipped")):
        writer = Writer(target)
        when = datetime(2026, 1, 1, hour, tzinfo=UTC)
        writer.add([{**result_row(ROW), "status": status, "finished": when}])
        writer.add([{**result_row({**ROW, "path": f"/in/{hour}.jpg"}), "finished": when}])
        writer.flush()
    found = latest(target, ["path", "status"]).to_pylist()
    assert len(found) == 4
    assert {"path": "/in/a.jpg", "status": "done"} in found
