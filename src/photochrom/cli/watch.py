"""``photochrom watch``: a folder that colorizes what is put into it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli import batch, colorize, plan
from photochrom.cli.batch import Outcome
from photochrom.cli.console import FAILED, Report, give_up, say, sentences, usage
from photochrom.cli.plan import Claims, Task, UsageError

Stamp = tuple[int, int]  # size in bytes, time of change in ns


class Arrivals:
    """Tells which files have come to rest: a scanner or a copy writes them over seconds."""

    def __init__(self) -> None:
        self._seen: dict[Path, Stamp] = {}
        self._taken: dict[Path, Stamp] = {}

    def ready(self, paths: Iterable[Path]) -> list[Path]:
        """Of `paths`, those unchanged since the last call and not handed out before in this state."""
        now = {path: stamp for path in paths if (stamp := _stamp(path)) is not None}
        rested = [
            path for path, stamp in now.items() if self._seen.get(path) == stamp != self._taken.get(path)
        ]
        self._seen = now
        # A file that went away may come back; forgetting it also keeps the memory of a long watch small.
        self._taken = {path: stamp for path, stamp in self._taken.items() if path in now}
        self._taken.update((path, now[path]) for path in rested)
        return rested

    def restless(self) -> list[Path]:
        """The files seen last that have not been handed out in their present state."""
        return [path for path, stamp in self._seen.items() if self._taken.get(path) != stamp]


def _stamp(path: Path) -> Stamp | None:
    try:
        facts = path.stat()
    except OSError:
        return None  # gone between the listing and now
    return facts.st_size, facts.st_mtime_ns


def watch(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where photos arrive.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where results go, names kept.")],
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Enter sub-folders.")] = False,
    interval: Annotated[float, typer.Option(min=0.01, help="Seconds between looks.")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Do what is there, then stop.")] = False,
    format: colorize.Format = None,
    jpeg_quality: colorize.JpegQuality = None,
    max_pixels: colorize.MaxPixels = None,
    strength: colorize.Strength = 1.0,
    size: colorize.Size = None,
    quality: colorize.Quality = "balanced",
    temperature: colorize.Temperature = None,
    seed: colorize.Seed = 0,
    model: colorize.Model = "photochrom",
    force: colorize.Force = False,
    jobs: colorize.Jobs = None,
    threads: colorize.Threads = None,
    device: colorize.Device = "auto",
    quiet: colorize.Quiet = False,
) -> None:
    """Colorize what arrives in a folder, until Ctrl-C. Results that are there already are left alone.

    A photo is taken once it has stopped growing; one that fails is reported once, and tried again
    when it changes.
    """
    with sentences():
        with usage():
            _check(folder, out)
            options = colorize.make_options(
                strength=strength,
                size=size,
                quality=quality,
                temperature=temperature,
                candidates=1,
                seed=seed,
            )
            format = plan.format_named(format)
        report = Report(0, quiet=quiet, chatty=True)
        try:
            parallel, each = batch.share_cores(batch.usable_cores(), jobs, threads)
            worker = batch.Worker(colorize.load(model, device, each), options, Claims(), report.add)
            worker.jpeg_quality, worker.max_pixels = jpeg_quality, max_pixels
            worker.force = force
            if not quiet:
                say(f"watching {folder}; results go to {out}; Ctrl-C stops")
            _look(
                folder,
                out,
                worker,
                parallel,
                format=format,
                recursive=recursive,
                interval=interval,
                once=once,
            )
        except KeyboardInterrupt:
            once = False
        if not quiet:
            say(f"stopped with {report.count_words()}")
        if once and report.counts["failed"]:
            raise typer.Exit(FAILED)


def _check(folder: Path, out: Path) -> None:
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder")
    if out.exists() and not out.is_dir():
        raise UsageError(f"-o {out}: is a file; name a folder")
    if os.path.realpath(folder) == os.path.realpath(out):
        raise UsageError(f"-o {out}: is the watched folder; results need another one")


def _look(
    folder: Path,
    out: Path,
    worker: batch.Worker,
    jobs: int,
    *,
    format: str | None,
    recursive: bool,
    interval: float,
    once: bool,
) -> None:
    """Look every `interval` seconds and work on what has come to rest; with `once`, look twice."""
    arrivals = Arrivals()
    trouble = ""
    count = 0
    looks = 0
    while True:
        looks += 1
        try:
            ready = arrivals.ready(plan.scan(folder, recursive=recursive, leave_out=out))
            trouble = ""
        except OSError as error:
            # A network share goes away and comes back: say it once, and go on looking.
            ready = []
            words = f"photochrom: {error.filename}: cannot be listed ({error.strerror}); still trying"
            if once:
                give_up(words.removeprefix("photochrom: ").removesuffix("; still trying"))
            if words != trouble:
                say(words)
            trouble = words
        tasks = []
        for path in ready:
            target = plan.with_format(out / path.relative_to(folder), format)
            task = Task(count, path, target, format)
            count += 1
            if plan.is_finished(target):
                reason = f"{path}: already done ({target}); delete that to have it done again"
                worker.report(
                    task, Outcome(task.name, [str(target)], "skipped", reason, finished_before=True)
                )
            else:
                tasks.append(task)
        batch.run(tasks, worker, jobs)
        if once and looks == 2:
            for path in arrivals.restless():
                say(f"photochrom: {path}: still changing; left for the next time")
            return
        time.sleep(interval)
