"""Many photographs at once: one shared network, a thread per photograph, and a clean end on Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from photochrom.cli import plan
from photochrom.cli.plan import Claims, Task

if TYPE_CHECKING:
    from photochrom.engine.colorizer import Colorizer
    from photochrom.engine.options import Options
    from photochrom.errors import PhotoError
    from photochrom.media.photo import Photo

# A 100-megapixel photograph takes about this much while it is worked on.
BYTES_PER_JOB = 1 << 30

_abandoned = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one photograph; the fields are those of ``--json``, in its order."""

    input: str
    outputs: list[str] = field(default_factory=list)
    status: Literal["done", "skipped", "failed"] = "done"
    reason: str | None = None
    seconds: float = 0.0
    width: int | None = None
    height: int | None = None
    model: str | None = None
    finished_before: bool = False  # skipped because a former run did it: counted, but not worth a line each


class Stopped(BaseException):
    """Raised in a thread that may write no more. Not an Exception, so that nothing on its way handles it."""


class Skip(Exception):
    """This photograph needs no work; the message says why."""


class Gate:
    """Lets files be written until it is closed; closing waits for those that are being written."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open = True
        self._inside = 0

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Hold the gate open while a result is written and reported. Raises Stopped once it is closed."""
        with self._changed:
            if not self._open:
                raise Stopped
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """Let no new write begin, and return when the last one is complete."""
        with self._changed:
            self._open = False
            self._changed.wait_for(lambda: self._inside == 0)


@dataclass(slots=True)
class Worker:
    """Colorizes one task after another; one instance is shared by all threads."""

    colorizer: Colorizer
    options: Options
    claims: Claims
    report: Callable[[Task, Outcome], None]
    jpeg_quality: int | None = None
    max_pixels: int | None = None
    overwrite: bool = False
    force: bool = False
    side_by_side: bool = False
    gate: Gate = field(default_factory=Gate)

    def __call__(self, task: Task) -> None:
        """Do `task` and report it. Raises nothing but Stopped, whatever the photograph does."""
        from photochrom.errors import ModelError, PhotoError

        started = time.perf_counter()
        outcome = Outcome(task.name, status="failed", model=self.colorizer.name)
        try:
            self._do(task, outcome, started)
            return
        except Skip as skip:
            outcome = replace(outcome, status="skipped", reason=f"{task.name}: {skip}")
        except PhotoError as error:
            outcome = replace(outcome, reason=str(error))
        except ModelError as error:
            outcome = replace(outcome, reason=f"{task.name}: {error}")
        except MemoryError:
            outcome = replace(
                outcome, reason=f"{task.name}: not enough memory; try --jobs 1, then --size 256"
            )
        except Exception as error:
            # The others must go on, whatever this is; the type tells a bug report what a sentence would hide.
            words = " ".join(f"{type(error).__name__}: {error}".split())
            outcome = replace(outcome, reason=f"{task.name}: {words}")
        with self.gate.passing():
            self.report(task, replace(outcome, seconds=round(time.perf_counter() - started, 3)))

    def _do(self, task: Task, outcome: Outcome, started: float) -> None:
        photo = self.open(task.source if task.data is None else task.data, task.name)
        height, width = photo.pages[0].pixels.shape[:2]
        paths, sides = self._targets(task, photo)
        missing = [path for path in paths + sides if self.overwrite or not plan.is_finished(path)]
        if not missing:
            reason = f"{task.name}: already done ({paths[0]} exists); --overwrite replaces it"
            names = [str(path) for path in paths + sides]
            done = replace(outcome, outputs=names, status="skipped", reason=reason, finished_before=True)
            with self.gate.passing():
                self.report(task, done)
            return

        painted = self.paint(photo, task.format)
        files: list[tuple[Path, bytes]] = []
        for path, side, result in zip_longest(paths, sides, painted):
            if side in missing:
                from photochrom.cli.side_by_side import side_by_side

                files.append((side, side_by_side(photo, result)))
            if path in missing:
                files.append((path, self.encode(result, task.format)))
        with self.gate.passing():
            for path, data in files:
                _write(path, data, overwrite=self.overwrite)
            done = replace(
                outcome,
                outputs=[str(path) for path in paths + sides],
                status="done",
                seconds=round(time.perf_counter() - started, 3),
                width=width,
                height=height,
            )
            self.report(task, done)

    def _targets(self, task: Task, photo: Photo) -> tuple[list[Path], list[Path]]:
        """The result's files and the comparisons, now that the suffix is known for certain."""
        from photochrom.errors import PhotoError
        from photochrom.media.photo import extension_for

        candidates = self.options.candidates
        suffix = extension_for(photo, task.format)
        target = task.target
        if plan.FORMATS.get(suffix.lower()) != plan.FORMATS.get(target.suffix.lower()):
            target = target.with_name(target.stem + suffix)
        paths = plan.numbered(target, candidates)
        for path in paths:
            problem = self.claims.claim(path, task.source, overwrite=self.overwrite)
            if problem is not None:
                raise PhotoError(task.name, problem)
        return paths, plan.comparisons(target, candidates) if self.side_by_side else []

    def open(self, source: Path | bytes, name: str) -> Photo:
        """Open a photograph under the limit of ``--max-pixels``."""
        return open_photo(source, name, self.max_pixels)

    def paint(self, photo: Photo, format: str | None) -> list[Photo]:
        """Colorize `photo` for `format`; one result per candidate. Raises Skip if it is in colour, unless forced."""
        from photochrom.engine.toning import is_coloured
        from photochrom.media import provenance

        # Faint colours count as a tone, so the mark is asked first: `colorize *.jpg` lists our results too.
        if not self.force and (mark := provenance.read(photo)) is not None:
            raise Skip(f"was colorized before, by {mark.model}; --force colorizes it anew")
        if not self.force and any(is_coloured(page) for page in photo.pages):
            raise Skip("is in colour already; --force colorizes it anew")
        return self.colorizer.colorize_photo(photo, self.options, format=format)

    def encode(self, photo: Photo, format: str | None) -> bytes:
        """The file of a result, in `format` or in that of its input."""
        from photochrom.media.photo import encode

        return encode(photo, format=format, jpeg_quality=self.jpeg_quality)


def open_photo(source: Path | bytes, name: str, max_pixels: int | None) -> Photo:
    """`media.photo.open` under the limit of ``--max-pixels``, its remedies in the words of the command line."""
    from photochrom.errors import TooLargeError
    from photochrom.media import photo

    try:
        return photo.open(source, name=name, max_pixels=max_pixels or photo.MAX_PIXELS)
    except TooLargeError as error:
        raise _renamed(error, name, "max_pixels", "--max-pixels") from None


def _write(path: Path, data: bytes, *, overwrite: bool) -> None:
    """Write a result and the folders above it. WriteError names the whole path: a tree has many of one name."""
    from photochrom.errors import PhotoError, Remedy, WriteError
    from photochrom.files import write_atomic

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(
            str(path), f"its folder cannot be made ({error.strerror}); choose another -o"
        ) from error
    # An empty file is not a result, and may be replaced without being asked.
    empty = path.is_file() and path.stat().st_size == 0
    try:
        write_atomic(path, data, overwrite=overwrite or empty)
    except WriteError as error:
        words = {Remedy.ALLOW_OVERWRITE: "choose another name or allow it with --overwrite"}
        raise PhotoError("", error.sentence(words)) from None


def _renamed(error: PhotoError, name: str, old: str, new: str) -> PhotoError:
    return type(error)(name, str(error).removeprefix(f"{error.path}: ").replace(old, new))


def run(tasks: Iterable[Task], worker: Worker, jobs: int) -> None:
    """Do all tasks, `jobs` at a time, and return when the last is reported.

    At most ``2 * jobs`` tasks are handed out at once, so that 50,000 photographs cost no more than 50.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, once what was being written is whole. Threads may still be computing: `threads_abandoned`.
    """
    global _abandoned  # noqa: PLW0603 - it is a fact about the process, and `main` asks
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="photo")
    waiting = iter(tasks)
    running: set[Future[None]] = set()
    try:
        while True:
            while len(running) < 2 * jobs and (task := next(waiting, None)) is not None:
                running.add(pool.submit(worker, task))
            if not running:
                break
            # Windows delivers Ctrl-C only between waits, hence the short ones.
            done, running = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
    except KeyboardInterrupt:
        _abandoned = True
        with deaf_to_interrupts():
            worker.gate.close()
            pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def threads_abandoned() -> bool:
    """Whether threads were left at work, so that the process must not wait for them when it ends."""
    return _abandoned


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Ignore a second Ctrl-C while the last writes finish; it would leave the half file the first avoids."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> int | None:
    """Bytes of memory in this machine, where it can be asked."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def share_cores(photos: int, jobs: int | None, threads: int | None) -> tuple[int, int | None]:
    """How many photographs at once, and how many threads for the network of each (None: all cores).

    Decoding, encoding and the network all release Python's lock, so a photograph per core has the best rate.
    """
    cores = usable_cores()
    if jobs is None:
        memory = _memory()
        most = cores if memory is None else min(cores, max(1, memory // BYTES_PER_JOB))
        jobs = max(1, min(most, photos))
    if jobs > 1:
        import cv2

        threads = threads or max(1, cores // jobs)
        cv2.setNumThreads(threads)  # or each job would start a thread per core
    return jobs, threads
