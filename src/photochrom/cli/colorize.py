"""``photochrom colorize``: files, folders or a pipe."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from photochrom.cli import batch, plan
from photochrom.cli.batch import Outcome
from photochrom.cli.console import FAILED, INTERRUPTED, Report, give_up, sentences, usage, write_stdout
from photochrom.cli.plan import Task, UsageError

if TYPE_CHECKING:
    from photochrom.engine.colorizer import Colorizer
    from photochrom.engine.hints import Hint
    from photochrom.engine.options import Options

LOOK, RUN, FILES = "Colour", "Machine", "Files"

Strength = Annotated[
    float, typer.Option(help="How much colour: 0 none, 1 as inferred, 1.5 at most.", rich_help_panel=LOOK)
]
Size = Annotated[
    int | None,
    typer.Option(
        help="Size the network sees the photo at, in pixels. Default: by quality.", rich_help_panel=LOOK
    ),
]
Quality = Annotated[
    str, typer.Option(metavar="fast|balanced|best", help="Time for looks.", rich_help_panel=LOOK)
]
Temperature = Annotated[
    float | None, typer.Option(help="Below 1 bolder colours, above 1 calmer ones.", rich_help_panel=LOOK)
]
Seed = Annotated[int, typer.Option(help="Which candidates are drawn.", rich_help_panel=LOOK)]
Model = Annotated[
    str, typer.Option(metavar="NAME|FILE.onnx", help="See `photochrom models`.", rich_help_panel=LOOK)
]
Force = Annotated[
    bool, typer.Option("--force", help="Colorize photos that are in colour too.", rich_help_panel=LOOK)
]
Format = Annotated[
    str | None,
    typer.Option(metavar="jpeg|png|tiff|...", help="Default: as the input.", rich_help_panel=FILES),
]
JpegQuality = Annotated[
    int | None, typer.Option(min=1, max=100, help="Default: as the input.", rich_help_panel=FILES)
]
MaxPixels = Annotated[
    int | None,
    typer.Option(min=1, help="Refuse larger pictures. Default: 500 million.", rich_help_panel=FILES),
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, help="Photos at once. Default: by cores.", rich_help_panel=RUN),
]
Threads = Annotated[
    int | None, typer.Option(min=1, help="Threads of the network per photo.", rich_help_panel=RUN)
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, ...", rich_help_panel=RUN)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only say what failed.")]


def colorize(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="Photos, folders, or - for stdin to stdout.")
    ],
    *,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE|FOLDER",
            help="Default: NAME.color.EXT beside the input. In a folder, names and sub-folders are kept.",
            rich_help_panel=FILES,
        ),
    ] = None,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Enter sub-folders.", rich_help_panel=FILES)
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace results, even where one is an input.", rich_help_panel=FILES
        ),
    ] = False,
    format: Format = None,
    jpeg_quality: JpegQuality = None,
    side_by_side: Annotated[
        bool,
        typer.Option(
            "--side-by-side", help="Also write NAME.compare.jpg: before, after.", rich_help_panel=FILES
        ),
    ] = False,
    max_pixels: MaxPixels = None,
    strength: Strength = 1.0,
    size: Size = None,
    quality: Quality = "balanced",
    temperature: Temperature = None,
    candidates: Annotated[
        int,
        typer.Option(help="Several versions: NAME.color.1.EXT, NAME.color.2.EXT, ...", rich_help_panel=LOOK),
    ] = 1,
    seed: Seed = 0,
    hints: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json", help="Colours you know, at points; the rest follows.", rich_help_panel=LOOK
        ),
    ] = None,
    model: Model = "photochrom",
    force: Force = False,
    jobs: Jobs = None,
    threads: Threads = None,
    device: Device = "auto",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what became of each photo, as JSON.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Colorize photos. Originals stay as they are; a second run does what is missing."""
    piped = "-" in inputs or out == "-"
    with sentences():
        with usage():
            options = make_options(
                strength=strength,
                size=size,
                quality=quality,
                temperature=temperature,
                candidates=candidates,
                seed=seed,
                hints=_read_hints(hints) if hints else (),
            )
            format = plan.format_named(format)
            if piped:
                _check_pipe(inputs, out, candidates, side_by_side, as_json)
            tasks, claims = plan.make(
                inputs,
                None if out == "-" else out,
                recursive=recursive,
                format=format,
                overwrite=overwrite,
                candidates=candidates,
                side_by_side=side_by_side,
            )
            if hints and len(tasks) > 1:
                raise UsageError(f"--hints {hints}: belong to one photo, and there are {len(tasks)}")

        def start(photos: int, report: Report) -> tuple[batch.Worker, int]:
            parallel, each = batch.share_cores(photos, jobs, threads)
            worker = batch.Worker(load(model, device, each), options, claims, report.add)
            worker.jpeg_quality, worker.max_pixels = jpeg_quality, max_pixels
            worker.overwrite, worker.force, worker.side_by_side = overwrite, force, side_by_side
            return worker, parallel

        if piped and out in (None, "-"):
            worker, _ = start(1, Report(1, quiet=True))
            write_stdout(_through_pipe(worker, tasks[0]))
            return
        stopped = False
        with Report(len(tasks), quiet=quiet, as_json=as_json) as report:
            try:
                todo = settle(tasks, report, overwrite, candidates, side_by_side)
                if todo:
                    batch.run(todo, *start(len(todo), report))
            except KeyboardInterrupt:
                stopped = True
        report.summary(stopped=stopped)
        if stopped:
            give_up(f"stopped with {report.count_words()}; the same command does the rest", INTERRUPTED)
        if report.counts["failed"]:
            raise typer.Exit(FAILED)


def make_options(
    *,
    strength: float,
    size: int | None,
    quality: str,
    temperature: float | None,
    candidates: int,
    seed: int,
    hints: tuple[Hint, ...] = (),
) -> Options:
    """The engine's options; ValueError with its sentence where one is out of range."""
    from photochrom.engine.options import Options

    return Options(
        strength=strength,
        size=size,
        quality=cast(Any, quality),  # checked by Options
        temperature=temperature,
        candidates=candidates,
        seed=seed,
        hints=hints,
    )


def _read_hints(path: Path) -> tuple[Hint, ...]:
    from photochrom.engine.hints import parse_hints

    try:
        return parse_hints(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"--hints {path}: {error.strerror or error}") from None
    except ValueError as error:  # json.JSONDecodeError and UnicodeDecodeError are such
        raise UsageError(f"--hints {path}: {error}") from None


def settle(
    tasks: list[Task], report: Report, overwrite: bool, candidates: int, side_by_side: bool
) -> list[Task]:
    """Report what the plan refuses and what a former run has done, and return the tasks that are left."""
    todo = []
    for task in tasks:
        wanted = plan.numbered(task.target, candidates)
        if side_by_side:
            wanted += plan.comparisons(task.target, candidates)
        if task.problem is not None:
            report.add(task, Outcome(task.name, status="failed", reason=f"{task.name}: {task.problem}"))
        elif not overwrite and task.exists() and all(map(plan.is_finished, wanted)):
            reason = f"{task.name}: already done ({wanted[0]} exists); --overwrite replaces it"
            names = [str(path) for path in wanted]
            report.add(task, Outcome(task.name, names, "skipped", reason, finished_before=True))
        else:
            todo.append(task)
    return todo


def load(model: str, device: str, threads: int | None) -> Colorizer:
    """The network, ready to run."""
    from photochrom.engine.colorizer import Colorizer

    return Colorizer(model, device=device, threads=threads)


def _check_pipe(
    inputs: list[str], out: str | None, candidates: int, side_by_side: bool, as_json: bool
) -> None:
    if len(inputs) > 1:
        raise UsageError("-: a pipe holds one photo; give it alone")
    if out is not None and out != "-":
        if plan.is_folder(out, inputs):
            raise UsageError(
                f"-o {out}: a photo from stdin has no name; give one, such as {Path(out, 'photo.jpg')}"
            )
        return
    if candidates > 1 or side_by_side or as_json:
        raise UsageError("-: stdout holds one picture and nothing else; give -o FILE for more")
    if sys.stdout.isatty():
        raise UsageError("-: stdout is a terminal; redirect it, or give -o FILE")


def _through_pipe(worker: batch.Worker, task: Task) -> bytes:
    """Colorize the one photo of a pipe. One in colour is an error: no bytes would be a broken picture."""
    from photochrom.errors import PhotoError

    try:
        photo = worker.open(task.source if task.data is None else task.data, task.name)
        (result,) = worker.paint(photo, task.format)
    except batch.Skip as skip:
        raise PhotoError(task.name, str(skip)) from None
    return worker.encode(result, task.format)
