"""The job of one photo from file to file: `colorize_file`. The command, the watcher and Python's interface call it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from photochrom.engine.colorizer import Colorizer
from photochrom.errors import AlreadyColorError, PhotochromError, WriteError
from photochrom.files import require_file
from photochrom.media import formats
from photochrom.media import photo as media
from photochrom.media.photo import Photo
from photochrom.pipeline.job import Result, as_error, open_photo, recorded, results
from photochrom.pipeline.naming import split_name
from photochrom.pipeline.origin import Origin
from photochrom.pipeline.policy import check_color
from photochrom.pipeline.request import ColorizeRequest
from photochrom.pipeline.side_by_side import side_by_side
from photochrom.pipeline.targets import DISK, Claims, Destination, State, Store, Target, choose

__all__ = ["FileJob", "Outcome", "colorize_file"]


@dataclass(frozen=True, slots=True)
class FileJob:
    """A photo to colorize, and where its results go.

    Attributes
    ----------
    index
        Its place in the run, from 0.
    source
        Its path; what came through a pipe has `data` too.
    problem
        Why it cannot be done, where that is known already.
    photo
        The opened photo, if it is opened early.
    origin
        Where `data` came from, if it has a place; None means a pipe.
    store
        Where the results are written.
    """

    index: int
    source: Path
    destination: Destination
    request: ColorizeRequest
    overwrite: bool = False
    comparisons: bool = False
    data: bytes | None = field(default=None, repr=False)
    problem: PhotochromError | None = None
    photo: Future[Photo] | None = field(default=None, repr=False)
    origin: Origin | None = None
    store: Store = DISK

    @property
    def name(self) -> str:
        """The input as the user wrote it."""
        return str(self.source)

    def open(self) -> Photo:
        """The photo. Raises PhotoError, also for what went wrong when it was opened early."""
        if self.photo is not None:
            return self.photo.result()
        source = self.source if self.data is None else self.data
        return open_photo(source, self.request, name=self.name)

    def opened_early(self, executor: Executor) -> FileJob:
        """The same job, whose photo a thread of `executor` opens now."""
        return self if self.problem else replace(self, photo=executor.submit(self.open))


@dataclass(slots=True)
class Outcome:
    """What became of one photo.

    Attributes
    ----------
    status
        "done", "skipped" or "failed".
    error
        Why it was skipped or failed; None where it was done, by this run or a former one.
    finished_before
        Skipped because a former run did it.
    notes
        What changed silently, a sentence each.
    """

    input: str
    outputs: list[str] = field(default_factory=list)
    status: Literal["done", "skipped", "failed"] = "done"
    error: PhotochromError | None = None
    finished_before: bool = False
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    width: int | None = None
    height: int | None = None
    model: str | None = None


def colorize_file(
    job: FileJob,
    colorizer: Colorizer,
    claims: Claims,
    *,
    writing: Callable[[], AbstractContextManager[object]] = nullcontext,
    report: Callable[[Outcome], object] = lambda outcome: None,
) -> Outcome:
    """Do a job. What is there already is not done again; whatever the photo does becomes the outcome's error.

    Parameters
    ----------
    writing : entered while results are written and reported; what it raises passes through
    report : told of the outcome before `writing` is left
    """
    started = time.perf_counter()
    outcome = Outcome(job.name, model=colorizer.name)
    try:
        files = _make(job, colorizer, claims, outcome)
    except AlreadyColorError as error:
        outcome.status, outcome.error, outcome.outputs, files = "skipped", error, [], []
    except Exception as error:
        outcome.status, outcome.error, outcome.outputs = "failed", as_error(error, job.name), []
        files = []
    with writing():
        try:
            for target, data in files:
                job.store.write(target.path, data, overwrite=target.state is not State.FREE)
        except WriteError as error:
            outcome.status, outcome.error, outcome.outputs = "failed", error, []
        outcome.seconds = round(time.perf_counter() - started, 3)
        report(outcome)
    return outcome


def _make(job: FileJob, colorizer: Colorizer, claims: Claims, outcome: Outcome) -> list[tuple[Target, bytes]]:
    """The files to write; `outcome` is filled on the way."""
    if job.problem is not None:
        raise job.problem
    request = job.request
    source = job.source if job.data is None else job.data
    if isinstance(source, Path):
        require_file(source, job.name)
    origin = job.origin or Origin.of(source, job.source.name)
    wanted = recorded(colorizer, request)

    def missing(suffix: str) -> list[Target]:
        if job.destination.exact:
            suffix = Path(job.destination.name).suffix
        targets = choose(
            job.destination,
            suffix,
            origin,
            wanted,
            claims=claims,
            owner=job.index,
            comparisons=job.comparisons,
            overwrite=job.overwrite,
            store=job.store,
        )
        outcome.outputs = [str(target.path) for target in targets]
        return [x for x in targets if job.overwrite or x.state not in (State.DONE, State.EARLIER)]

    # What a former run has done is recognised by the first bytes of the photo, without decoding it.
    expected = _expected_suffix(job)
    todo = missing(expected) if expected is not None else None
    if todo != []:
        photo = job.open()
        outcome.height, outcome.width = photo.pages[0].pixels.shape[:2]
        suffix = media.extension_for(photo, request.format)
        if todo is None or suffix != expected:
            todo = missing(suffix)
    if not todo:
        outcome.status, outcome.finished_before = "skipped", True
        return []
    if not request.force:
        check_color(photo)
    # A folder of results may hold photos of one name from several folders; only their places tell them apart.
    place = "" if job.destination.marked else origin.place
    numbers = {target.number or 1 for target in todo}
    found = results(colorizer, photo, request, origin=origin, place=place, only=numbers)
    files = _encode(todo, {result.number: result for result in found}, photo)
    notes = [note for version in (photo, *(result.photo for result in found)) for note in version.notes]
    outcome.notes = list(dict.fromkeys(notes))
    return files


def _expected_suffix(job: FileJob) -> str | None:
    """The suffix that the results will most likely have; None where only opening the photo tells."""
    head = _head(job)
    format = None if head is None else formats.sniff(head, job.source.name)
    if format is None:
        return None
    return media.extension_for(
        Photo([], job.name, format.name, split_name(job.source.name)[1]), job.request.format
    )


def _head(job: FileJob) -> bytes | None:
    if job.data is not None:
        return job.data[: formats.HEAD]
    try:
        with job.source.open("rb") as file:
            return file.read(formats.HEAD)
    except OSError:
        return None


def _encode(
    missing: list[Target], made: dict[int | None, Result], photo: Photo
) -> list[tuple[Target, bytes]]:
    files = []
    for target in missing:
        result = made[target.number]
        files.append((target, side_by_side(photo, result.photo) if target.comparison else result.encode()))
    return files
