"""Print the messages of the commands: one line each, on stderr. Only results go to stdout."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn

import typer

from photochrom.cli.words import plain, reason, sentence
from photochrom.errors import OptionError, PhotochromError, install_extra
from photochrom.files import words_of

if TYPE_CHECKING:
    from rich.progress import Progress

    from photochrom.pipeline.file_job import FileJob, Outcome

FAILED, USAGE, INTERRUPTED = 1, 2, 130


def say(line: str) -> None:
    """Print one line on stderr. rich is not used, because it would read [brackets] in a file name as markup."""
    print(plain(line), file=sys.stderr, flush=True)


def give_up(message: object, code: int = FAILED) -> NoReturn:
    """End the command with one line: ``photochrom: NAME: what; remedy``."""
    say(f"photochrom: {message}")
    raise typer.Exit(code)


@contextmanager
def needs_extra(extra: str, what: str, packages: Collection[str]) -> Iterator[None]:
    """If one of `packages` is missing, print one line that names it and the extra that `what` needs, and end."""
    try:
        yield
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in packages:
            raise
        give_up(f"{what} {missing}; install it with: {install_extra(extra)}")


@contextmanager
def sentences() -> Iterator[None]:
    """Turn the errors that a user can act on into one line and an exit code. All commands use it."""
    try:
        yield
    except PhotochromError as error:
        give_up(sentence(error), USAGE if isinstance(error, OptionError) else FAILED)
    except MemoryError:
        give_up("there is not enough memory; close other programs, or allow more (ulimit -v)")
    except BrokenPipeError:
        # The reader of stdout has closed the pipe, as in `photochrom info * | head -1`.
        raise typer.Exit(FAILED) from None
    except OSError as error:
        give_up(f"{error.filename or 'output'}: {words_of(error)}")


@contextmanager
def usage() -> Iterator[None]:
    """Turn a ValueError about options into one line and exit code 2."""
    try:
        yield
    except ValueError as error:
        give_up(sentence(error) if isinstance(error, PhotochromError) else error, USAGE)


def print_json(value: object) -> None:
    """Print one JSON document on stdout. Names that are not Unicode are escaped."""
    write_stdout((json.dumps(value, indent=2) + "\n").encode("ascii"))


def write_stdout(data: bytes) -> None:
    """Write all of `data` to stdout.

    Raises
    ------
    OSError
        If the pipe is closed or the disk is full.
    OptionError
        If the command was started without stdout (``>&-``).
    """
    if sys.stdout is None:
        raise OptionError("", "there is no standard output; do not close it")
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError as error:
        # Python flushes the buffer again when it exits. This would fail again and print a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise OSError(error.errno, error.strerror, "stdout") from error


class Report:
    """Counts outcomes, prints a line where needed, and moves the progress bar. Several threads can use it safely."""

    def __init__(
        self, total: int, *, quiet: bool = False, as_json: bool = False, chatty: bool = False
    ) -> None:
        self.total = total
        self.quiet = quiet
        self.as_json = as_json
        self.chatty = chatty or total == 1  # print a line for each result; many results have a progress bar
        self.counts = {"done": 0, "skipped": 0, "failed": 0}
        self._outcomes: dict[int, Outcome] = {}
        self._lock = threading.Lock()
        self._started = time.perf_counter()
        self._progress: Progress | None = None

    def __enter__(self) -> Report:
        if not self.quiet and not self.chatty and sys.stderr.isatty():
            self._progress = _progress()
            self._progress.start()
            self._progress.add_task("", total=self.total)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def add(self, job: FileJob, outcome: Outcome) -> None:
        """Count one outcome and print its lines."""
        with self._lock:
            self.counts[outcome.status] += 1
            if self.as_json:
                self._outcomes[job.index] = outcome
            for line in self._lines(outcome):
                self._say(line)
            if self._progress is not None:
                self._progress.advance(self._progress.task_ids[0])

    def _lines(self, outcome: Outcome) -> Iterator[str]:
        why = reason(outcome.error, outcome.input, outcome.outputs)
        if outcome.status == "failed":
            yield f"photochrom: {why}"
        elif self.quiet or (outcome.finished_before and self.total != 1):
            return
        elif outcome.status == "skipped":
            yield f"photochrom: {why}"
        elif self.chatty:
            yield f"{outcome.input} -> {', '.join(outcome.outputs)} ({outcome.seconds:.1f} s)"
        if outcome.notes and not self.quiet:
            yield f"photochrom: {outcome.input}: note: {' '.join(outcome.notes)}"

    def _say(self, line: str) -> None:
        if self._progress is None:
            say(line)
        else:
            self._progress.console.print(plain(line), markup=False, highlight=False, soft_wrap=True)

    def summary(self, *, stopped: bool = False) -> None:
        """Print the counts if there are several photos, and the JSON document if it was requested."""
        if self.total > 1 and not self.quiet and not stopped:
            seconds = time.perf_counter() - self._started
            say(f"{self.count_words()} in {seconds:.1f} s")
        if self.as_json:
            # The document has the order of the command line. Threads finish in any order.
            ordered = [self._outcomes[index] for index in sorted(self._outcomes)]
            print_json([_public(outcome) for outcome in ordered])

    def count_words(self) -> str:
        """ "3 done, 1 skipped, 0 failed"."""
        return ", ".join(f"{count} {status}" for status, count in self.counts.items())


def _public(outcome: Outcome) -> dict[str, object]:
    """An outcome as ``--json`` prints it."""
    done = outcome.status == "done"
    return {
        "input": outcome.input,
        "outputs": outcome.outputs,
        "status": outcome.status,
        "reason": None if done else reason(outcome.error, outcome.input, outcome.outputs),
        "code": outcome.error.code if outcome.error else None,
        "notes": outcome.notes,
        "seconds": outcome.seconds,
        "width": outcome.width,
        "height": outcome.height,
        "model": outcome.model,
    }


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TimeRemainingColumn
    from rich.progress import Task as Row
    from rich.text import Text

    class Rate(ProgressColumn):
        """Photos per second, or seconds per photo if that is the larger number."""

        def render(self, task: Row) -> Text:
            if not task.speed:
                return Text("")
            words = f"{task.speed:.1f}/s" if task.speed >= 1 else f"{1 / task.speed:.1f} s each"
            return Text(words)

    columns = (BarColumn(bar_width=None), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
