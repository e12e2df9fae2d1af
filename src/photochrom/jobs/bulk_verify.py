"""Verify the results of a bulk run against its results table."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from photochrom import resources
from photochrom.errors import PhotochromError, UnreadableError
from photochrom.jobs.bulk_source import is_film, load
from photochrom.jobs.bulk_store import Root
from photochrom.jobs.bulk_table import FOLDER, latest
from photochrom.media import photo as media
from photochrom.media import provenance

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Verification", "verify"]

COLUMNS = ["path", "digest", "status", "outputs", "model", "width", "height"]


@dataclass(slots=True)
class Verification:
    """What was found.

    Attributes
    ----------
    counts
        Rows of the table by status.
    results
        Files of results that were looked at.
    problems
        A sentence for each thing that is wrong, which begins with a path.
    """

    counts: dict[str, int] = field(default_factory=dict)
    results: int = 0
    problems: list[str] = field(default_factory=list)


def verify(
    target: Root, source: str | None = None, *, endpoint: str | None = None, sample: int | None = None
) -> Verification:
    """See whether every result is there once, whole, marked as made of its photo, and of the photo's size.

    Parameters
    ----------
    source : what was colorized; each of its photos must have a row
    sample : look only at so many results, spread evenly; the table is still compared as a whole

    Raises
    ------
    PhotoError
        If there is no results table, or the target cannot be listed.
    """
    table = latest(target, COLUMNS)
    if not len(table):
        raise UnreadableError(target.url, "has no results table of a bulk run", code="no_table")
    found = Verification()
    statuses = Counter(table["status"].to_pylist())
    found.counts = {status: statuses[status] for status in ("done", "skipped", "failed")}
    owners = _owners(table)
    found.problems += [
        f"{output}: is the result of several photos: {', '.join(paths)}"
        for output, paths in owners.items()
        if len(paths) > 1
    ]
    if source is not None:
        found.problems += _without_row(source, endpoint, target, table)
    found.problems += _strangers(target, owners)
    done = table.filter(_is_done(table))
    step = max(1, len(done) // sample) if sample else 1
    rows = (row for batch in done.to_batches(1000) for row in batch.to_pylist())
    with ThreadPoolExecutor(resources.cores(), "verify") as pool:
        waiting: list[Any] = []
        for row in islice(rows, 0, None, step):
            for output in row["outputs"] or [""]:
                found.results += 1
                waiting.append(pool.submit(_problem, target, row, output))
            if len(waiting) >= 256:
                found.problems += [words for each in waiting if (words := each.result()) is not None]
                waiting = []
        found.problems += [words for each in waiting if (words := each.result()) is not None]
    return found


def _is_done(table: pa.Table) -> Any:
    import pyarrow.compute as pc

    return pc.equal(table["status"], "done")


def _owners(table: pa.Table) -> dict[str, list[str]]:
    """The photos of each result."""
    owners: dict[str, list[str]] = {}
    for batch in table.filter(_is_done(table)).to_batches():
        for path, outputs in zip(batch["path"].to_pylist(), batch["outputs"].to_pylist(), strict=True):
            for output in outputs:
                owners.setdefault(output, []).append(path)
    return owners


def _without_row(source: str, endpoint: str | None, target: Root, table: pa.Table) -> Iterator[str]:
    import pyarrow.compute as pc

    paths = load(source, endpoint, target=target).table["path"]
    for path in paths.filter(pc.invert(pc.is_in(paths, table["path"].combine_chunks()))).to_pylist():
        yield f"{path}: has no row in the results table; the same bulk command does it"


def _strangers(target: Root, owners: dict[str, list[str]]) -> Iterator[str]:
    """Results in the target that no row knows: made twice, or by another program."""
    listed = load(target.url, target.endpoint)
    for path, name in zip(listed.table["path"].to_pylist(), listed.table["name"].to_pylist(), strict=True):
        if name in owners or name.startswith(f"{FOLDER}/"):
            continue
        # Photos of other programs may lie there too; a side-by-side picture has no mark of its own.
        try:
            mark = provenance.read(target.read(name))
        except PhotochromError:
            continue
        if mark is not None:
            yield f"{path}: is a result that no row of the table knows"


def _problem(target: Root, row: dict[str, Any], output: str) -> str | None:
    """What is wrong with a result, as a sentence; None if nothing is."""
    if not output:
        return f"{row['path']}: is done, and its row names no result"
    try:
        data = target.read(output)
        if is_film(output):
            return _film_problem(data, output, row)
        comparison = PurePosixPath(output).stem.rpartition(".compare")[1] != ""
        photo = media.open(data, name=output)
        if comparison:
            return None
        mark = provenance.read(data)
    except PhotochromError as error:
        return error.sentence(path=output)
    if mark is None:
        return f"{output}: does not say that its colours were inferred"
    if row["digest"] and mark.source_digest != row["digest"]:
        return f"{output}: was made of another photo or of another version of {row['path']}"
    if mark.model != row["model"]:
        return f"{output}: was made by {mark.model}, and the table says {row['model']}"
    height, width = photo.pages[0].pixels.shape[:2]
    if (width, height) != (row["width"], row["height"]):
        return f"{output}: has {width} x {height} pixels, and the photo has {row['width']} x {row['height']}"
    return None


def _film_problem(data: bytes, output: str, row: dict[str, Any]) -> str | None:
    from photochrom.jobs.film_mark import read_film_mark
    from photochrom.video.probe import probe

    with tempfile.TemporaryDirectory(prefix="photochrom-") as folder:
        path = Path(folder, PurePosixPath(output).name)
        path.write_bytes(data)
        film, mark = probe(path), read_film_mark(path)
    if mark is None:
        return f"{output}: does not say that its colours were inferred"
    if (film.width, film.height) != (row["width"], row["height"]):
        return f"{output}: has another size than the film"
    return None
