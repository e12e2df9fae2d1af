"""A film in a manifest: fetched if it lies in a store, colorized by the film job, and put into the target."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from photochrom.errors import NameTakenError, PhotochromError, Remedy, WriteError
from photochrom.jobs.bulk_request import BulkRequest
from photochrom.jobs.bulk_store import filesystem, is_url, reading
from photochrom.jobs.bulk_table import Row, failed_row, result_row
from photochrom.pipeline.job import as_error
from photochrom.pipeline.request import ColorizeRequest

if TYPE_CHECKING:
    from photochrom.engine.colorizer import Colorizer

__all__ = ["colorize_film_row"]


def colorize_film_row(row: Row, colorizer: Colorizer, request: ColorizeRequest, bulk: BulkRequest) -> Row:
    """Colorize the film of a row; its result is ``NAME.color.EXT``, as `photochrom film` calls it.

    A result that the results table does not know is kept if its mark says that it was made of a film of this name. A
    row with "redo" says that the film has changed, so that the result is made again.
    """
    started = time.perf_counter()
    common: Row = {"model": colorizer.name}
    try:
        with tempfile.TemporaryDirectory(prefix="photochrom-") as folder:
            name, more = _make(row, colorizer, request, bulk, Path(folder))
        common |= {"outputs": [name], **more}
        found = result_row(row) | common
    except Exception as error:
        found = failed_row(row, as_error(error, row["path"]), bulk) | common
    found["seconds"] = round(time.perf_counter() - started, 3)
    return found


def _make(
    row: Row, colorizer: Colorizer, request: ColorizeRequest, bulk: BulkRequest, folder: Path
) -> tuple[str, Row]:
    """The result's relative name, and its width and height."""
    from photochrom.jobs.film import colorize_film, result_path
    from photochrom.jobs.film_options import FilmOptions
    from photochrom.video.probe import probe

    source = Path(row["path"])
    if is_url(row["path"]):
        source = folder / PurePosixPath(row["path"]).name
        with reading(row["path"]):
            filesystem(row["path"].split("://")[0], bulk.endpoint).get_file(row["path"], str(source))
    film = probe(source)
    size = {"width": film.width, "height": film.height, "bytes": source.stat().st_size}
    wanted = PurePosixPath(row["name"])
    again = f" ({row['copy']})" if row["copy"] > 1 else ""
    made = result_path(Path(f"{wanted.stem}{again}{wanted.suffix}"), FilmOptions(), film)
    name = (wanted.parent / made.name).as_posix()
    target = folder / "result" / made.name if bulk.target.remote else Path(bulk.target.path(name))
    target.parent.mkdir(parents=True, exist_ok=True)
    former = _former(target, name, source.name, bulk)
    if former is True and not (bulk.overwrite or row["redo"]):
        return name, size
    if former is False:
        raise NameTakenError(row["path"], f"{name} is another file, and no result of this film")
    colorize_film(
        source, colorizer.session, target, options=request.options, overwrite=True, force=request.force
    )
    if bulk.target.remote:
        url = bulk.target.path(name)
        try:
            bulk.target.filesystem.put_file(str(target), url)
        except Exception as error:
            raise WriteError(url, f"could not be written ({error})", Remedy.CONTINUE_LATER) from error
    return name, size


def _former(target: Path, name: str, source: str, bulk: BulkRequest) -> bool | None:
    """Whether the file at the place of the result is a result of a film of this name; None if there is no file."""
    from photochrom.jobs.film_mark import read_film_mark

    if bulk.target.remote:
        url = bulk.target.path(name)
        with reading(url):
            if not bulk.target.filesystem.exists(url):
                return None
            bulk.target.filesystem.get_file(url, str(target))
    elif not os.path.exists(target):
        return None
    try:
        mark = read_film_mark(target)
    except PhotochromError:
        return False
    return mark is not None and mark.source_name in ("", source)
