"""Which rows of a source are to be done: those that the results table does not have, or has of another content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from photochrom.errors import PhotochromError
from photochrom.jobs.bulk_request import BulkRequest, request_of, row_key
from photochrom.jobs.plan import expected_suffix
from photochrom.pipeline.naming import result_name

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["BulkPlan", "make_plan"]


@dataclass(slots=True)
class BulkPlan:
    """The work of a run.

    Attributes
    ----------
    todo
        The rows to do, with three columns more than the source. copy, from 1, is the number that `result_name` takes
        where rows before this one want the same name. key stands for options and model. redo says that the row was
        done before, and something has changed.
    total
        Rows of the source.
    unchecked
        Rows that were done before and may have changed since, as neither size, etag nor digest is known.
    """

    todo: pa.Table
    total: int
    unchecked: int

    @property
    def done_before(self) -> int:
        """The rows that need no work."""
        return self.total - len(self.todo)


def make_plan(table: pa.Table, results: pa.Table, bulk: BulkRequest, fingerprint: str) -> BulkPlan:
    """Compare a source with the results table.

    A row is left out if the table says "done" or "skipped" for its path, with the same options and model, and size,
    etag and digest are the same as far as both know them. Failed rows are tried again.

    Parameters
    ----------
    table : as `photochrom.jobs.bulk_source.Source.table`
    results : path, status, key, bytes, etag and digest of the newest row of each path
    fingerprint : of the model
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    keys = _keys(table["options"], bulk, fingerprint)
    table = table.append_column("key", keys)
    table = table.append_column("copy", pa.array(_copies(table, bulk), pa.int32()))
    # Of the columns, only those that are compared are joined: a join copies what it joins.
    compared = table.select(["path", "bytes", "etag", "digest", "key"])
    compared = compared.append_column("row", pa.array(np.arange(len(table))))
    before = results.select(["path", "status", "key", "bytes", "etag", "digest"])
    before = before.rename_columns(["path", *(f"{name}_before" for name in before.column_names[1:])])
    joined = compared.join(before, "path", join_type="left outer")

    def same(name: str) -> Any:
        return pc.fill_null(pc.equal(joined[name], joined[f"{name}_before"]), True)

    status = pc.fill_null(joined["status_before"], "")
    final = ["done"] if bulk.request.force else ["done", "skipped"]
    done = pc.is_in(status, pa.array(final))
    done = pc.and_(done, pc.equal(joined["key"], pc.fill_null(joined["key_before"], "")))
    for name in ("bytes", "etag", "digest"):
        done = pc.and_(done, same(name))
    unknown = pc.and_(pc.is_null(joined["bytes"]), pc.is_null(joined["etag"]))
    unchecked = pc.and_(done, pc.and_(unknown, pc.is_null(joined["digest"])))
    if bulk.overwrite:
        done = pc.and_(done, pa.scalar(False))
    joined = joined.append_column("redo", pc.equal(status, "done"))
    rows = joined.filter(pc.invert(done)).select(["row", "redo"]).sort_by("row")
    todo = table.take(rows["row"]).append_column("redo", rows["redo"])
    count = 0 if bulk.overwrite else pc.sum(unchecked).as_py() or 0
    return BulkPlan(todo.combine_chunks(), len(table), count)


def _keys(options: Any, bulk: BulkRequest, fingerprint: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    found = {}
    for text in pc.unique(options).to_pylist():
        try:
            request = request_of(bulk.request, text)
            found[text] = row_key(request, fingerprint, comparisons=bulk.comparisons)
        except PhotochromError:
            found[text] = ""  # the row's own result says what is wrong
    places = pc.index_in(options, pa.array(list(found), pa.string()))
    return pc.take(pa.array(list(found.values()), pa.string()), places)


def _copies(table: pa.Table, bulk: BulkRequest) -> Any:
    """For each row, the first copy of its name that no row before it has taken."""
    import numpy as np
    import pyarrow.compute as pc

    copies = np.ones(len(table), np.int32)
    # Only rows whose names differ in nothing but the suffix can collide; they are few.
    stems = pc.replace_substring_regex(table["name"], r"\.[^./]*$", "")
    counts = pc.value_counts(stems)
    several = counts.filter(pc.greater(pc.struct_field(counts, 1), 1))
    if not len(several):
        return copies
    rows = np.flatnonzero(pc.is_in(stems, pc.struct_field(several, 0)).to_numpy(zero_copy_only=False))
    taken: set[str] = set()
    for row, name in zip(rows, table["name"].take(rows).to_pylist(), strict=True):
        path = PurePosixPath(name)
        suffix = expected_suffix(path.name, bulk.request.format)
        copy = 1
        while (wanted := f"{path.parent}/{result_name(path.name, suffix, marked=False, copy=copy)}") in taken:
            copy += 1
        taken.add(wanted)
        copies[row] = copy
    return copies
