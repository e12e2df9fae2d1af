"""The progress bars of ``photochrom film``: frames done, frames a second, time left."""

from __future__ import annotations

import os
import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any

from photochrom.cli.console import say
from photochrom.cli.words import plain

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from photochrom.jobs.film_options import Progress

__all__ = ["Meter"]

STAGES = {"plan": "finding shots", "colour": "colorizing", "join": "writing", "sheet": "drawing the sheet"}


class Meter:
    """One bar for each film that is worked on; safe from several threads. It shows nothing if stderr is no terminal."""

    def __init__(self, *, quiet: bool) -> None:
        self._bars: Bars | None = _bars() if not quiet and sys.stderr.isatty() else None
        self._rows: dict[str, tuple[TaskID, str]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Meter:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def show(self, name: str, progress: Progress) -> None:
        """Show how far the film called `name` is."""
        if self._bars is None:
            return
        with self._lock:
            row, stage = self._rows.get(name, (None, ""))
            if row is None:
                row = self._bars.add_task("", total=None)
            if progress.stage != stage:
                words = f"{os.path.basename(name)}: {STAGES[progress.stage]}"
                # The frames of a former run must not count in this run's rate.
                self._bars.reset(
                    row, total=progress.total or None, completed=progress.done, description=words
                )
                self._rows[name] = (row, progress.stage)
            self._bars.update(row, completed=progress.done, total=progress.total or None)

    def end(self, name: str) -> None:
        """Remove the bar of a film."""
        with self._lock:
            row, _ = self._rows.pop(name, (None, ""))
            if self._bars is not None and row is not None:
                self._bars.remove_task(row)

    def say(self, line: str) -> None:
        """Print a line above the bars."""
        if self._bars is None:
            say(plain(line))
        else:
            self._bars.console.print(plain(line), markup=False, highlight=False, soft_wrap=True)


def _bars() -> Bars:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Task as Row
    from rich.text import Text

    class Rate(ProgressColumn):
        """Frames a second."""

        def render(self, task: Row) -> Text:
            return Text(f"{task.speed:.1f} frames/s" if task.speed else "")

    columns: list[Any] = [
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    ]
    return Progress(*columns, console=Console(stderr=True), transient=True)
