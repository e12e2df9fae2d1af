"""``photochrom watch``: colorize the photos that arrive in a folder."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.cli import colorize
from photochrom.cli.console import FAILED, Report, give_up, say, sentences, usage
from photochrom.cli.words import sentence
from photochrom.errors import OptionError

if TYPE_CHECKING:
    from photochrom.jobs.batch import Worker
    from photochrom.jobs.watch import Watch


def watch(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where photos arrive.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder of the results.")],
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Enter sub-folders.")] = False,
    interval: Annotated[float, typer.Option(min=0.01, help="Seconds between looks.")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Colorize the present photos, then stop.")] = False,
    format: colorize.Format = None,
    jpeg_quality: colorize.JpegQuality = None,
    max_pixels: colorize.MaxPixels = None,
    look: colorize.Look = None,
    strength: colorize.Strength = None,
    size: colorize.Size = None,
    quality: colorize.Quality = "balanced",
    colorfulness: colorize.Colorfulness = None,
    warmth: colorize.Warmth = None,
    seed: colorize.Seed = 0,
    model: colorize.Model = "photochrom",
    force: colorize.Force = False,
    salvage: colorize.Salvage = False,
    jobs: colorize.Jobs = None,
    threads: colorize.Threads = None,
    device: colorize.Device = "auto",
    quiet: colorize.Quiet = False,
) -> None:
    """Colorize the photos that arrive in a folder, until Ctrl-C. Finished photos are skipped.

    A photo is colorized when it has stopped growing. A photo that fails is reported once. A photo that changes is
    colorized again.
    """
    with sentences():
        with usage():
            _check(folder, out)
            options = colorize.make_options(
                look=look,
                strength=strength,
                size=size,
                quality=quality,
                colorfulness=colorfulness,
                warmth=warmth,
                seed=seed,
            )
            request = colorize.make_request(
                options,
                format=format,
                jpeg_quality=jpeg_quality,
                force=force,
                salvage=salvage,
                max_pixels=max_pixels,
            )
        from photochrom import resources
        from photochrom.files import sweep
        from photochrom.jobs import batch
        from photochrom.jobs.watch import Watch
        from photochrom.pipeline.targets import Claims

        report = Report(0, quiet=quiet, chatty=True)
        try:
            at_once, each = resources.share_cores(resources.cores(), jobs, threads)
            worker = batch.Worker(colorize.load(model, device, each), Claims(), report.add)
            if not quiet:
                say(f"watching {folder}; results go to {out}; Ctrl-C stops")
            sweep(out)
            _look(Watch(folder, out, request, recursive), worker, at_once, interval=interval, once=once)
        except KeyboardInterrupt:
            once = False
        if not quiet:
            say(f"stopped with {report.count_words()}")
        if once and report.counts["failed"]:
            raise typer.Exit(FAILED)


def _check(folder: Path, out: Path) -> None:
    if str(folder) in ("", "."):
        folder = Path.cwd()
    if not os.path.isdir(folder):
        raise OptionError("", f"{folder}: no such folder")
    if os.path.exists(out) and not os.path.isdir(out):
        raise OptionError(f"-o {out}", "is a file; name a folder")
    if os.path.realpath(folder) == os.path.realpath(out):
        raise OptionError(f"-o {out}", "is the watched folder; results need another one")


def _look(watched: Watch, worker: Worker, at_once: int, *, interval: float, once: bool) -> None:
    """Look every `interval` seconds and colorize the files that have stopped changing. With `once`, look twice."""
    from photochrom.jobs import batch

    looks = 0
    while True:
        looks += 1
        jobs = watched.look()
        for problem in watched.problems:
            if once and problem.path == str(watched.folder):
                give_up(sentence(problem))
            say(f"photochrom: {sentence(problem)}; still trying")
        batch.run(jobs, worker, at_once)
        if once and looks == 2:
            for path in watched.arrivals.restless():
                say(f"photochrom: {path}: still changing; left for the next time")
            return
        time.sleep(interval)
