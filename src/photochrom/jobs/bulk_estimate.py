"""What a bulk run will take, from a few of its photos: bytes, megapixels, core-hours and requests."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from photochrom.errors import PhotochromError
from photochrom.jobs.bulk_request import BulkRequest
from photochrom.jobs.bulk_source import is_film
from photochrom.jobs.bulk_store import is_url, read
from photochrom.pipeline.job import open_photo

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["CORE_SECONDS_PER_MEGAPIXEL", "CORE_SECONDS_PER_PHOTO", "Estimate", "estimate"]

CORE_SECONDS_PER_PHOTO, CORE_SECONDS_PER_MEGAPIXEL = 0.036, 0.018
"""What `benchmarks/bulk.py --only cost` printed; see docs/bulk.md."""
SAMPLE = 20


@dataclass(frozen=True, slots=True)
class Estimate:
    """The cost of a run, extrapolated from a sample.

    Attributes
    ----------
    photos, films : rows to do; films are in no other number here
    bytes : of all photos
    megapixels : of all photos
    core_hours : of processor time
    reads, writes : requests to the store
    sampled, unreadable : photos of the sample, and those of them that could not be opened
    """

    photos: int
    films: int
    bytes: int
    megapixels: float
    core_hours: float
    reads: int
    writes: int
    sampled: int
    unreadable: int


def estimate(todo: pa.Table, bulk: BulkRequest) -> Estimate:
    """Open up to `SAMPLE` photos of a plan, chosen at random with a fixed seed, and extrapolate.

    Where all sizes in bytes are known, pixels are extrapolated by bytes, otherwise by photos.
    """
    import pyarrow.compute as pc

    names = todo["name"].to_pylist()
    photos = [row for row, name in enumerate(names) if not is_film(name)]
    chosen = random.Random(0).sample(photos, min(SAMPLE, len(photos)))
    size, pixels, opened = 0, 0, 0
    for row in todo.take(chosen).to_pylist() if chosen else []:
        try:
            data = read(row["path"], bulk.endpoint)
            photo = open_photo(data, bulk.request, name=row["path"])
        except PhotochromError:
            continue
        opened += 1
        size += len(data)
        pixels += sum(page.pixels.shape[0] * page.pixels.shape[1] for page in photo.pages)
    known = pc.sum(todo["bytes"]).as_py() if todo["bytes"].null_count == 0 else None
    each = size / opened if opened else 0.0
    total = known if known is not None else round(each * len(photos))
    megapixels = pixels / 1e6 * (total / size if size else 0.0)
    candidates = bulk.request.options.candidates * (2 if bulk.comparisons else 1)
    seconds = CORE_SECONDS_PER_PHOTO * len(photos) + CORE_SECONDS_PER_MEGAPIXEL * megapixels
    remote_target = candidates if bulk.target.remote else 0
    looked_for = 0 if bulk.fresh else remote_target
    first = todo["path"][0].as_py() if len(todo) else ""
    return Estimate(
        photos=len(photos),
        films=len(names) - len(photos),
        bytes=total,
        megapixels=megapixels,
        core_hours=seconds * bulk.request.options.candidates / 3600,
        reads=len(photos) * (int(is_url(first)) + looked_for),
        writes=len(photos) * remote_target,
        sampled=len(chosen),
        unreadable=len(chosen) - opened,
    )
