"""Colorize many photos with one shared network and a thread per photo. Ctrl-C leaves no incomplete file."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field

import cv2

from photochrom import resources
from photochrom.engine.colorizer import Colorizer
from photochrom.pipeline.file_job import FileJob, Outcome, colorize_file
from photochrom.pipeline.targets import Claims

__all__ = ["Gate", "Stopped", "Worker", "run", "threads_abandoned"]

_abandoned = False


class Stopped(BaseException):
    """Raised in a thread that may not write any more. It is not an Exception, so that no other code catches it."""


class Gate:
    """Permits writes until it is closed. `close` waits for the writes in progress."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open = True
        self._inside = 0

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Keep the gate open while a result is written. Raises Stopped if it is closed."""
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
        """Permit no new writes, and return when the last one is complete."""
        with self._changed:
            self._open = False
            self._changed.wait_for(lambda: self._inside == 0)


@dataclass(slots=True)
class Worker:
    """Colorizes one photo per call. All threads share one instance.

    Parameters
    ----------
    report : called with each outcome, on the thread that did the work
    """

    colorizer: Colorizer
    claims: Claims
    report: Callable[[FileJob, Outcome], None]
    gate: Gate = field(default_factory=Gate)

    def __call__(self, job: FileJob) -> None:
        """Do `job` and report its outcome. It raises only Stopped; errors in the photo become outcomes."""
        colorize_file(
            job,
            self.colorizer,
            self.claims,
            writing=self.gate.passing,
            report=lambda outcome: self.report(job, outcome),
        )


def run(jobs: Iterable[FileJob], worker: Worker, at_once: int) -> None:
    """Do all jobs, `at_once` at a time, and return when the last one is reported.

    At most ``2 * at_once`` jobs are submitted at a time, so that 50,000 photos need no more memory than 50.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, after the files in progress are complete. Threads may still compute; see `threads_abandoned`.
    """
    global _abandoned  # noqa: PLW0603 - the state belongs to the process, and `main` reads it
    if at_once > 1:
        # Otherwise each job would start one thread per core.
        cv2.setNumThreads(max(1, resources.cores() // at_once))
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="photo")
    waiting = iter(jobs)
    running: set[Future[None]] = set()
    try:
        while True:
            while len(running) < 2 * at_once and (job := next(waiting, None)) is not None:
                running.add(pool.submit(worker, job))
            if not running:
                break
            # Windows delivers Ctrl-C only between waits, so the waits are short.
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
    """Whether threads still compute after Ctrl-C. The process must then not wait for them when it exits."""
    return _abandoned


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Ignore a second Ctrl-C while the last writes finish. It would leave an incomplete file."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
