"""The results table of a bulk run: Parquet files in the target, written as the run goes."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from photochrom._version import __version__
from photochrom.errors import AlreadyColorError, PhotochromError, PhotoError, WriteError
from photochrom.jobs.bulk_request import BulkRequest
from photochrom.jobs.bulk_store import Root

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FOLDER", "Row", "Writer", "failed_row", "latest", "result_row", "schema"]

Row = dict[str, Any]

FOLDER = "photochrom-results"
MOST_ROWS, MOST_SECONDS = 20_000, 30.0
"""A part is written when it has so many rows, or is so old. A killed driver loses the rows of one part, no results."""


def schema() -> pa.Schema:
    """The columns of the table.

    path, bytes, etag, digest are those of the original (digest: SHA-256). status is "done", "skipped" or "failed"; code
    and reason say why. outputs are relative names in the target. key stands for the options and the model: a row with
    another key is done again. finished is the time in UTC.
    """
    import pyarrow as pa

    text = pa.string()
    return pa.schema(
        [
            ("path", text),
            ("digest", text),
            ("status", text),
            ("code", text),
            ("reason", text),
            ("notes", pa.list_(text)),
            ("outputs", pa.list_(text)),
            ("model", text),
            ("version", text),
            ("seconds", pa.float64()),
            ("bytes", pa.int64()),
            ("etag", text),
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("key", text),
            ("finished", pa.timestamp("us", tz="UTC")),
        ]
    )


class Writer:
    """Collects rows, and writes a part of the table now and then. `flush` writes the rest."""

    def __init__(self, target: Root) -> None:
        self.target = target
        # To the microsecond, because the names of the parts put them in the order of time.
        self.run = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(3)}"
        self.parts = 0
        self._rows: list[Row] = []
        self._since = time.monotonic()

    def add(self, rows: list[Row]) -> None:
        """Add rows; keys that are no column are ignored.

        Raises
        ------
        WriteError
            If a part cannot be written.
        """
        self._rows += rows
        if len(self._rows) >= MOST_ROWS or time.monotonic() - self._since > MOST_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write the rows that are not written yet."""
        import pyarrow as pa
        import pyarrow.parquet

        self._since = time.monotonic()
        if not self._rows:
            return
        columns = schema()
        out = BytesIO()
        arrays = [pa.array([row.get(each.name) for row in self._rows], each.type) for each in columns]
        pyarrow.parquet.write_table(pa.Table.from_arrays(arrays, schema=columns), out, compression="zstd")
        self.target.write(f"{FOLDER}/{self.run}-{self.parts:05d}.parquet", out.getvalue())
        self.parts += 1
        self._rows = []


def latest(target: Root, columns: list[str] | None = None) -> pa.Table:
    """The newest row of each path, in all parts of the table.

    Parameters
    ----------
    columns : the columns that are wanted; None means all

    Raises
    ------
    PhotoError
        If a part cannot be read.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet

    wanted = columns or schema().names
    read = list(dict.fromkeys([*wanted, "path", "finished"]))
    kind = pa.schema([schema().field(name) for name in read])
    tables = [kind.empty_table()]
    for name in target.names(FOLDER):
        if name.endswith(".parquet"):
            data = pa.BufferReader(target.read(f"{FOLDER}/{name}"))
            tables.append(pyarrow.parquet.read_table(data, columns=read).cast(kind))
    table = pa.concat_tables(tables)
    if pc.count_distinct(table["path"]).as_py() != len(table):
        # The parts are in the order of time, and so are the rows of one part.
        numbered = table.append_column("row", pa.array(range(len(table)), pa.int64()))
        newest = numbered.sort_by("finished").group_by("path", use_threads=False).aggregate([("row", "last")])
        table = table.take(newest["row_last"])
    return table.select(wanted)


def failed_row(row: Row, error: PhotochromError, bulk: BulkRequest) -> Row:
    """The row of the results for a photo that failed, or was skipped as it is in colour."""
    # The name of a photo may stand for many, and other errors do not name it.
    if isinstance(error, WriteError):
        reason = error.sentence(bulk.remedies)
    elif isinstance(error, PhotoError):
        reason = error.sentence(bulk.remedies, path=row["path"])
    else:
        reason = f"{row['path']}: {error.sentence(bulk.remedies)}"
    return result_row(
        row,
        status="skipped" if isinstance(error, AlreadyColorError) else "failed",
        code=error.code,
        reason=reason,
    )


def result_row(row: Row, **values: Any) -> Row:
    """A row of the results, with what is known from the row of the source."""
    return {
        "path": row["path"],
        "status": "done",
        "bytes": row["bytes"],
        "etag": row["etag"],
        "key": row["key"],
        "version": __version__,
        "notes": [],
        "outputs": [],
        "finished": datetime.now(UTC),
        **values,
    }
