"""One film's whole job: plan, colour segment by segment, join; and go on where a killed run stopped."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from photochrom._version import __version__
from photochrom.engine.options import Options
from photochrom.engine.planes import chroma_planes
from photochrom.engine.resize import Float
from photochrom.engine.session import Session
from photochrom.engine.shots import Guide, ShotColorizer, guide_of
from photochrom.engine.temporal import Coherence
from photochrom.errors import (
    AlreadyColorError,
    NameTakenError,
    PhotochromError,
    Remedy,
    UnsupportedError,
    WriteError,
)
from photochrom.files import atomic, sweep, write_error
from photochrom.jobs.film_mark import mark_film, read_film_mark
from photochrom.jobs.film_plan import FilmPlan, identity, make_plan
from photochrom.video.encode import SegmentWriter, codec_for, result_layout
from photochrom.video.probe import Film, probe
from photochrom.video.read import FrameReader
from photochrom.video.remux import CONTAINERS, Segment, container_for, join

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["FilmOptions", "FilmResult", "Progress", "colorize_film", "result_path"]


@dataclass(frozen=True, slots=True)
class FilmOptions:
    """What is asked of a film beside `photochrom.engine.options.Options`.

    Attributes
    ----------
    codec
        "h264", "h265", "av1", "ffv1" or "prores"; None keeps the film's own where there is an encoder for it.
    crf, preset
        As FFmpeg means them; None is the codec's own default here.
    preview
        Begin and end, in seconds, of the piece to do; None is the whole film.
    deinterlace
        Make whole frames of an interlaced film's fields.
    coherence
        How colours are kept still.
    """

    codec: str | None = None
    crf: float | None = None
    preset: str | None = None
    preview: tuple[float, float] | None = None
    deinterlace: bool = False
    coherence: Coherence = field(default_factory=Coherence)

    def __post_init__(self) -> None:
        if self.crf is not None and not 0 <= self.crf <= 63:
            raise ValueError(f"crf must be between 0 and 63, got {self.crf:g}")
        if self.preview is not None and not 0 <= self.preview[0] < self.preview[1]:
            raise ValueError(
                f"a preview must end after it begins, got {self.preview[0]:g}-{self.preview[1]:g}"
            )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a film is.

    Attributes
    ----------
    stage : what is being done
    done, total : frames; `total` is 0 where it is not known yet
    """

    stage: Literal["plan", "colour", "join"]
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class FilmResult:
    """What became of a film.

    Attributes
    ----------
    path : the result
    frames, shots : how many it has
    resumed : frames that a former run had done
    damaged : packets of the film that could not be decoded, and were left out
    """

    path: Path
    frames: int
    shots: int
    resumed: int
    damaged: int
    codec: str
    width: int
    height: int


def result_path(source: Path, film_options: FilmOptions, film: Film | None = None) -> Path:
    """``NAME.color.EXT`` beside the film, ``NAME.color.preview.EXT`` of a preview."""
    film = film or probe(source)
    suffix = container_for(source, codec_for(film, film_options.codec))
    part = ".color.preview" if film_options.preview else ".color"
    return source.with_name(f"{source.stem}{part}{suffix}")


def colorize_film(
    source: str | Path,
    session: Session,
    target: str | Path | None = None,
    *,
    options: Options | None = None,
    film_options: FilmOptions | None = None,
    overwrite: bool = False,
    force: bool = False,
    threads: int = 0,
    progress: Callable[[Progress], None] | None = None,
) -> FilmResult:
    """Colorize a film. All else of it stays as it is.

    A run that was stopped leaves a hidden folder beside the result; the same call goes on from there.

    Parameters
    ----------
    target : the result's file; see `result_path` for None
    overwrite : replace a file that has the result's name
    force : colorize a film that is in colour already, or was colorized before
    threads : of decoder and encoder; 0 is one per core
    progress : called often, from this thread

    Raises
    ------
    PhotoError
        If the film cannot be read or is of a kind that is not supported, or the result cannot be written.
    ModelError
        If the network fails.
    """
    options, film_options = options or Options(), film_options or FilmOptions()
    source = Path(source)
    film = probe(source)
    if film.interlaced and not film_options.deinterlace:
        raise UnsupportedError(str(source), "is interlaced", Remedy.DEINTERLACE, code="interlaced")
    mark = None if force else read_film_mark(source)
    if mark is not None:
        raise AlreadyColorError(
            str(source), f"was colorized before, by {mark.model}", Remedy.FORCE, code="colorized"
        )
    target = Path(target) if target is not None else result_path(source, film_options, film)
    _check_target(source, target, overwrite)
    job = _Job(film, source, target, session, options, film_options, threads, progress or _silent)
    with job.folder():
        return job.run(force=force, overwrite=overwrite)


def _silent(progress: Progress) -> None:
    """Say nothing."""


def _check_target(source: Path, target: Path, overwrite: bool) -> None:
    if target.suffix.lower() not in CONTAINERS:
        known = ", ".join(CONTAINERS)
        raise WriteError(str(target), f"a film's name must end in one of {known}", code="container")
    with contextlib.suppress(OSError):
        if target.samefile(source):
            raise NameTakenError(str(target), "is the film itself", Remedy.OTHER_NAME, code="same_file")
    if not overwrite and target.exists():
        raise WriteError(str(target), "already exists", Remedy.ALLOW_OVERWRITE, code="exists")
    sweep(target.parent)


class _Job:
    """A film on its way; its folder holds what is done so far."""

    def __init__(
        self,
        film: Film,
        source: Path,
        target: Path,
        session: Session,
        options: Options,
        film_options: FilmOptions,
        threads: int,
        progress: Callable[[Progress], None],
    ) -> None:
        self.film, self.source, self.target = film, source, target
        self.session, self.options, self.film_options = session, options, film_options
        self.threads, self.progress = threads, progress
        self.codec = codec_for(film, film_options.codec)
        self.layout = result_layout(film, self.codec)
        self.work = target.with_name(f".{target.name}.photochrom")
        self.identity = identity(source)

    @contextlib.contextmanager
    def folder(self) -> Iterator[None]:
        """Hold the work folder; it goes away when the result is there.

        Raises
        ------
        WriteError
            If it cannot be made, or another process works on the same result.
        """
        try:
            self.work.mkdir(exist_ok=True)
            lock = (self.work / "lock").open("wb")
        except OSError as error:
            raise write_error(self.work, error) from error
        with lock:
            if fcntl is not None:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise WriteError(
                        str(self.target), "is being made by another process", code="in_progress"
                    ) from None
                except OSError:  # a file system without locks
                    pass
            # The lock says that no living process writes here.
            for left in self.work.glob(".photochrom-*.part"):
                left.unlink(missing_ok=True)
            try:
                yield
            except PhotochromError as error:
                # After a full disk the next run goes on; what is wrong with the film itself stays wrong.
                if not isinstance(error, WriteError):
                    shutil.rmtree(self.work, ignore_errors=True)
                raise

    def run(self, *, force: bool, overwrite: bool) -> FilmResult:
        """Do what is missing, and write the result."""
        plan = self._plan()
        if plan.coloured and not force:
            raise AlreadyColorError(str(self.source), "is in colour already", Remedy.FORCE)
        journal = Journal(self.work / "journal.json", self._settings(plan))
        done = sum(count for number, (_, count) in enumerate(plan.segments) if journal.has(number))
        resumed = done
        self.progress(Progress("colour", done, plan.frames))
        painter = _Painter(self, plan)
        try:
            for number, (first, count) in enumerate(plan.segments):
                if journal.has(number):
                    continue
                for _ in self._segment(painter, journal, number, first, count):
                    done += 1
                    self.progress(Progress("colour", done, plan.frames))
        finally:
            painter.close()
        self.progress(Progress("join", plan.frames, plan.frames))
        segments = [
            Segment(journal.path(number), first, count, journal.delay(number))
            for number, (first, count) in enumerate(plan.segments)
        ]
        name, version = self.session.info.name, __version__
        with atomic(self.target, overwrite=overwrite) as temporary:
            mark_film(
                self.source,
                temporary,
                self.target.suffix.lower(),
                name,
                version,
                lambda metadata: join(
                    self.film,
                    segments,
                    plan.times,
                    plan.durations,
                    temporary,
                    self.target.suffix.lower(),
                    metadata=metadata,
                    whole=plan.whole,
                ),
            )
        shutil.rmtree(self.work, ignore_errors=True)
        return FilmResult(
            self.target,
            plan.frames,
            len(plan.shots),
            resumed,
            plan.damaged,
            self.codec,
            self.film.width,
            self.film.height,
        )

    def _plan(self) -> FilmPlan:
        asked = {"preview": self.film_options.preview, "deinterlace": self.film_options.deinterlace}
        source = json.loads(json.dumps(self.identity | asked))
        path = self.work / "plan.json"
        plan = FilmPlan.load(path, source)
        if plan is None:
            plan = make_plan(
                self.film,
                source,
                deinterlace=self.film_options.deinterlace,
                threads=self.threads,
                window=self.film_options.preview,
                progress=lambda done, total: self.progress(Progress("plan", done, total)),
            )
            plan.save(path)
        return plan

    def _settings(self, plan: FilmPlan) -> dict[str, Any]:
        """All that a segment's bytes depend on."""
        return {
            "photochrom": __version__,
            "model": self.session.info.name,
            "model_bytes": self.session.info.bytes,
            "options": asdict(self.options),
            "film_options": asdict(self.film_options),
            "codec": self.codec,
            "source": plan.source,
            "segments": [list(segment) for segment in plan.segments],
        }

    def _segment(
        self, painter: _Painter, journal: Journal, number: int, first: int, count: int
    ) -> Iterator[None]:
        path = journal.path(number)
        with atomic(path, overwrite=True) as temporary:
            writer = SegmentWriter(
                temporary,
                self.film,
                self.codec,
                self.layout,
                crf=self.film_options.crf,
                preset=self.film_options.preset,
                threads=self.threads,
            )
            try:
                for luma, chroma, time in painter.frames(first, first + count):
                    writer.write(luma, chroma, time)
                    yield
                writer.close()
            except BaseException:
                writer.abandon()
                raise
        journal.add(number, writer.delay)


class Journal:
    """Which segments are done, with which settings.

    Parameters
    ----------
    path : of the file; segments lie beside it
    settings : what their bytes depend on; segments of other settings do not count and are removed
    """

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        self._path = path
        self._settings = json.loads(json.dumps(settings))
        text = json.dumps(self._settings, sort_keys=True)
        self._digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        self._done = self._read()
        kept = {self.path(number) for number in self._done}
        for left in path.parent.glob("segment-*.mkv"):
            if left not in kept:
                left.unlink(missing_ok=True)

    def path(self, number: int) -> Path:
        """The file of a segment."""
        return self._path.with_name(f"segment-{number:05d}.mkv")

    def has(self, number: int) -> bool:
        """Whether a segment is done."""
        return number in self._done

    def delay(self, number: int) -> int:
        """A finished segment's `SegmentWriter.delay`."""
        return self._done[number]["delay"]

    def add(self, number: int, delay: int) -> None:
        """Take note of a segment that lies complete under its name."""
        self._done[number] = {"delay": delay, "bytes": self.path(number).stat().st_size}
        document = {"digest": self._digest, "settings": self._settings, "done": self._done}
        with atomic(self._path, overwrite=True) as temporary, temporary.open("r+b") as file:
            file.write(json.dumps(document, indent=1).encode())

    def _read(self) -> dict[int, dict[str, int]]:
        try:
            document = json.loads(self._path.read_bytes())
            if document["digest"] != self._digest:
                return {}
            done = {int(k): {"delay": v["delay"], "bytes": v["bytes"]} for k, v in document["done"].items()}
            return {k: v for k, v in done.items() if self.path(k).stat().st_size == v["bytes"]}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}


class _Painter:
    """Luma and chroma of a film's frames. Looks ahead in a thread of its own, so that no core waits."""

    def __init__(self, job: _Job, plan: FilmPlan) -> None:
        self._job, self._plan = job, plan
        self._coherence = job.film_options.coherence
        self._shots = ShotColorizer(job.session, job.options, self._coherence, job.film.matrix)
        self._ahead, self._main = self._reader(), self._reader()
        self._guides: dict[int, Guide] = {}
        self._pool = ThreadPoolExecutor(1, "photochrom-film")
        self._found: tuple[tuple[int, int], Future[_Found]] | None = None
        self._stop = threading.Event()

    def frames(self, first: int, stop: int) -> Iterator[tuple[Any, tuple[Any, Any], int]]:
        """Y as it is, U and V, and time of frames `first` to `stop`, in the result's layout."""
        job, plan = self._job, self._plan
        for begin, end in self._parts(first, stop):
            found = self._take((begin, end))
            for number, chroma, guide in zip(range(begin, end), found.chroma, found.guides, strict=True):
                picture = self._main.get(number)
                coefficients = self._shots.coefficients(chroma, guide)
                planes = chroma_planes(
                    picture.luma,
                    coefficients,
                    job.film.matrix,
                    job.film.range,
                    wanted=job.layout.range,
                    subsampling=job.layout.subsampling,
                    centred=job.layout.centred,
                    strength=job.options.strength,
                )
                yield picture.luma, planes, int(plan.times[number])

    def close(self) -> None:
        """Stop looking ahead, and close the film."""
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._ahead.close()
        self._main.close()

    def _reader(self) -> FrameReader:
        job, plan = self._job, self._plan
        return FrameReader(
            job.film,
            plan.times,
            seekable=plan.seekable,
            skipped=plan.skipped,
            threads=job.threads,
            deinterlace=job.film_options.deinterlace,
        )

    def _parts(self, first: int, stop: int) -> Iterator[tuple[int, int]]:
        """A segment's frames by shot."""
        while first < stop:
            _, end = self._plan.shot_of(first)
            yield first, min(end, stop)
            first = min(end, stop)

    def _take(self, part: tuple[int, int]) -> _Found:
        if self._found is None or self._found[0] != part:
            self._found = (part, self._pool.submit(self._find, *part))
        found = self._found[1].result()
        after = next(self._parts(part[1], self._segment_end(part[1])), None)
        self._found = None if after is None else (after, self._pool.submit(self._find, *after))
        return found

    def _segment_end(self, frame: int) -> int:
        """Where the segment that `frame` begins or lies in ends; `frame` itself behind the last."""
        ends = (first + count for first, count in self._plan.segments if first <= frame < first + count)
        return next(ends, frame)

    def _find(self, begin: int, end: int) -> _Found:
        start, stop = self._plan.shot_of(begin)
        low, high = max(start, begin - self._coherence.margin), min(stop, end + self._coherence.margin)
        self._guides = {number: guide for number, guide in self._guides.items() if number >= low}
        for number in range(low, high):
            if self._stop.is_set():
                raise InterruptedError
            if number not in self._guides:
                luma = self._ahead.get(number).luma
                self._guides[number] = guide_of(luma, self._job.film.range, self._shots.side)
        guides = [self._guides[number] for number in range(low, high)]
        wanted = range(begin - low, end - low)
        return _Found(
            self._shots.colors(start, guides, low - start, wanted), guides[wanted.start : wanted.stop]
        )


@dataclass(frozen=True, slots=True)
class _Found:
    chroma: list[Float]
    guides: list[Guide]
