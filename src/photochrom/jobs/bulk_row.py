"""One row of a bulk run, from the bytes of a photo to its row of the results table. Errors become rows."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path, PurePosixPath

from photochrom.engine.colorizer import Colorizer
from photochrom.errors import PhotochromError
from photochrom.jobs.bulk_film import colorize_film_row
from photochrom.jobs.bulk_request import BulkRequest, request_of
from photochrom.jobs.bulk_source import is_film
from photochrom.jobs.bulk_store import is_url, read
from photochrom.jobs.bulk_table import Row, failed_row, result_row
from photochrom.jobs.plan import expected_suffix
from photochrom.pipeline.file_job import FileJob, Outcome, colorize_file
from photochrom.pipeline.job import as_error, open_photo
from photochrom.pipeline.origin import Origin
from photochrom.pipeline.request import ColorizeRequest
from photochrom.pipeline.targets import Claims, Destination, Seen, Store

__all__ = ["colorize_row", "read_row"]

TRIES = 3
"""How often another name is chosen, because another worker has just written a result of that name."""


def read_row(row: Row, bulk: BulkRequest) -> Row:
    """Add the bytes of the photo as "data"; or, where they cannot be read, the row of the results as "failed".

    A film is not read, because the film job reads it piece by piece.
    """
    if is_film(row["name"]):
        return {**row, "data": None, "problem": None}
    try:
        return {**row, "data": read(row["path"], bulk.endpoint), "problem": None}
    except Exception as error:
        return {**row, "data": None, "problem": as_error(error, row["path"])}


def colorize_row(row: Row, colorizer: Colorizer, bulk: BulkRequest, *, store: Store | None = None) -> Row:
    """Colorize the photo of a row and write its result.

    Parameters
    ----------
    row : as `read_row` gives it
    store : where results are written; None means that of `bulk`

    Returns
    -------
    The columns of `photochrom.jobs.bulk_table.schema`. It raises nothing for what is wrong with a photo or a store.
    """
    if row["problem"] is not None:
        return failed_row(row, row["problem"], bulk)
    try:
        request = request_of(bulk.request, row["options"])
    except PhotochromError as error:
        return failed_row(row, error, bulk)
    if row["data"] is None:
        return colorize_film_row(row, colorizer, request, bulk)
    return _photo(row, colorizer, request, bulk, store or bulk.target.store)


class Unseen:
    """A `Store` that is taken to be empty. It asks nothing, and still refuses to replace a file."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def look(self, path: Path) -> Seen:
        """Nothing is there."""
        return Seen(False)

    def write(self, path: Path, data: bytes, *, overwrite: bool) -> None:
        """As the store's own `write`."""
        self.store.write(path, data, overwrite=overwrite)


def _photo(row: Row, colorizer: Colorizer, request: ColorizeRequest, bulk: BulkRequest, store: Store) -> Row:
    name, data = PurePosixPath(row["name"]), row["data"]
    place = row["path"] if is_url(row["path"]) else os.path.realpath(row["path"])
    # A photo keeps its own name in its provenance, whatever its result is called.
    origin = Origin.of(data, PurePosixPath(row["path"]).name, place=place)
    where = Destination(bulk.target.folder(row["name"]), name.name, marked=False)
    job = FileJob(
        0,
        Path(origin.name),
        where,
        request,
        bulk.overwrite,
        bulk.comparisons,
        data=data,
        origin=origin,
    )
    for number in range(TRIES):
        # In a target that was empty, a result is there only if a worker died or two photos want one name.
        job = replace(job, store=Unseen(store) if bulk.fresh and number == 0 else store)
        outcome = colorize_file(job, colorizer, _claims(job, row["copy"]))
        if outcome.error is None or outcome.error.code != "exists":
            break
    return _row_of(row, outcome, job, bulk)


def _claims(job: FileJob, copy: int) -> Claims:
    """Claims in which the names before the planned one belong to other photos."""
    claims = Claims()
    suffix = expected_suffix(job.destination.name, job.request.format)
    candidates = job.request.options.candidates
    numbers = [None] if candidates == 1 else list(range(1, candidates + 1))
    for before in range(1, copy):
        claims.take([job.destination.path(suffix, number, before) for number in numbers], "another photo")
    return claims


def _row_of(row: Row, outcome: Outcome, job: FileJob, bulk: BulkRequest) -> Row:
    assert job.data is not None
    assert job.origin is not None
    common: Row = {
        "digest": job.origin.digest,
        "bytes": len(job.data),
        "model": outcome.model,
        "seconds": outcome.seconds,
        "width": outcome.width,
        "height": outcome.height,
    }
    if outcome.error is not None:
        return failed_row(row, outcome.error, bulk) | common
    if outcome.width is None:
        # A run that was killed has made the result, and did not write its row.
        try:
            common["height"], common["width"] = open_photo(job.data, job.request).pages[0].pixels.shape[:2]
        except PhotochromError as error:
            return failed_row(row, error, bulk) | common
    outputs = [bulk.target.relative(output) for output in outcome.outputs]
    return result_row(row, notes=outcome.notes, outputs=outputs) | common
