"""``photochrom colorize``: files, folders or a pipe."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

import typer

from photochrom.cli import process
from photochrom.cli.console import FAILED, INTERRUPTED, Report, give_up, say, sentences, usage, write_stdout
from photochrom.errors import OptionError, PhotoError
from photochrom.files import words_of
from photochrom.resources import cores, share_cores

if TYPE_CHECKING:
    from photochrom.engine.colorizer import Colorizer
    from photochrom.engine.hints import Hint
    from photochrom.engine.options import Options
    from photochrom.engine.reference import Reference
    from photochrom.engine.session import Session
    from photochrom.jobs.plan import Plan
    from photochrom.pipeline.request import ColorizeRequest

T = TypeVar("T")

LOOK, RUN, FILES = "Colour", "Machine", "Files"

Look = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FILE",
        help="natural, fuller, softer, warmer, cooler, autochrome, or a .toml or .json file.",
        rich_help_panel=LOOK,
    ),
]
Strength = Annotated[
    float | None,
    typer.Option(
        help="How much colour: 0 none, 1 as inferred, 1.5 at most. Default: 1, or the look's.",
        rich_help_panel=LOOK,
    ),
]
Warmth = Annotated[
    float | None,
    typer.Option(help="From -1, cooler, to 1, warmer. Default: 0, or the look's.", rich_help_panel=LOOK),
]
Size = Annotated[
    int | None,
    typer.Option(help="Side of the network's input, in pixels. Default: by quality.", rich_help_panel=LOOK),
]
Quality = Annotated[
    str, typer.Option(metavar="fast|balanced|best", help="Better takes longer.", rich_help_panel=LOOK)
]
Colorfulness = Annotated[
    float | None,
    typer.Option(
        help="Fuller colours above 1, calmer ones below; 0 to 2. Default: 1, or the look's.",
        rich_help_panel=LOOK,
    ),
]
Seed = Annotated[int, typer.Option(help="Chooses how the candidates differ.", rich_help_panel=LOOK)]
Model = Annotated[
    str, typer.Option(metavar="NAME|FILE.onnx", help="See `photochrom models`.", rich_help_panel=LOOK)
]
Force = Annotated[bool, typer.Option("--force", help="Colorize what is in colour too.", rich_help_panel=LOOK)]
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
Salvage = Annotated[
    bool, typer.Option("--salvage", help="Colorize what is left of damaged photos.", rich_help_panel=FILES)
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, help="How many at once. Default: by cores.", rich_help_panel=RUN),
]
Threads = Annotated[
    int | None, typer.Option(min=1, help="Threads for each of them. Default: by cores.", rich_help_panel=RUN)
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, ...", rich_help_panel=RUN)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only say what failed.")]
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace former results. Other files stay.", rich_help_panel=FILES),
]
Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE|FOLDER",
        help="Default: NAME.color.EXT beside the input. In a folder, names and sub-folders are kept.",
        rich_help_panel=FILES,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the outcome for each input, as JSON.")]


def colorize(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="Photos, folders, or - for stdin to stdout.")
    ],
    *,
    out: Out = None,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Enter sub-folders.", rich_help_panel=FILES)
    ] = False,
    overwrite: Overwrite = False,
    format: Format = None,
    jpeg_quality: JpegQuality = None,
    side_by_side: Annotated[
        bool,
        typer.Option(
            "--side-by-side", help="Also write NAME.compare.jpg: before, after.", rich_help_panel=FILES
        ),
    ] = False,
    max_pixels: MaxPixels = None,
    look: Look = None,
    strength: Strength = None,
    size: Size = None,
    quality: Quality = "balanced",
    colorfulness: Colorfulness = None,
    warmth: Warmth = None,
    candidates: Annotated[
        int,
        typer.Option(help="Several versions: NAME.color.1.EXT, NAME.color.2.EXT, ...", rich_help_panel=LOOK),
    ] = 1,
    seed: Seed = 0,
    hints: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            help='Known colours at points: {"hints": [{"x": 0.5, "y": 0.2, "color": "#2040a0", "reach": "thing"}]}. '
            "x and y are shares of width and height; reach is here, thing, like or keep. See docs/hints.md.",
            rich_help_panel=LOOK,
        ),
    ] = None,
    reference: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PHOTO",
            help="A colour picture of the same people, place or time. May be given several times.",
            rich_help_panel=LOOK,
        ),
    ] = None,
    model: Model = "photochrom",
    force: Force = False,
    salvage: Salvage = False,
    jobs: Jobs = None,
    threads: Threads = None,
    device: Device = "auto",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Colorize photos. Originals do not change. A second run skips finished photos."""
    piped = "-" in inputs or out == "-"
    with sentences():
        with usage():
            options = make_options(
                look=look,
                strength=strength,
                size=size,
                quality=quality,
                colorfulness=colorfulness,
                warmth=warmth,
                candidates=candidates,
                seed=seed,
                hints=_read_hints(hints) if hints else (),
                references=_open_references(reference or []),
            )
            request = make_request(
                options,
                format=format,
                jpeg_quality=jpeg_quality,
                force=force,
                salvage=salvage,
                max_pixels=max_pixels,
            )
            if piped:
                _check_pipe(inputs, out, candidates, side_by_side, as_json)
            # ONNX Runtime reads the model in parallel, while the main thread imports modules and lists the files.
            several = len(inputs) > 1 or os.path.isdir(inputs[0])
            _, each = share_cores(cores() if several else 1, jobs, threads)
            helpers = ThreadPoolExecutor(2)
            loading = helpers.submit(load, model, device, each)
            from photochrom.jobs import batch, plan

            planned = plan.make(
                inputs,
                None if out == "-" else out,
                request,
                recursive=recursive,
                overwrite=overwrite,
                comparisons=side_by_side,
                piped=_stdin() if inputs == ["-"] else None,
            )
            if hints and len(planned.jobs) > 1:
                raise OptionError(
                    f"--hints {hints}", f"belong to one photo, and there are {len(planned.jobs)}"
                )

        if piped and out in (None, "-"):
            write_stdout(_through_pipe(planned, loading.result()))
            process.complete()
            return
        if len(planned.jobs) == 1:  # the photo is decoded while the model is read
            planned.jobs = [planned.jobs[0].opened_early(helpers)]
        stopped = False
        with Report(len(planned.jobs), quiet=quiet, as_json=as_json) as report:
            try:
                planned.sweep()
                at_once, _ = share_cores(len(planned.jobs), jobs, threads)
                worker = batch.Worker(loading.result(), planned.claims, report.add)
                process.start_collector()
                batch.run(planned.jobs, worker, at_once)
            except KeyboardInterrupt:
                stopped = True
        if planned.left_out and not quiet:
            counts = ", ".join(f"{count} ({why})" for why, count in planned.left_out.items())
            say(f"photochrom: left out of the folders: {counts}")
        report.summary(stopped=stopped)
        if stopped:
            give_up(f"stopped with {report.count_words()}; the same command continues", INTERRUPTED)
        process.complete()
        if report.counts["failed"]:
            raise typer.Exit(FAILED)


def make_request(
    options: Options,
    *,
    format: str | None = None,
    jpeg_quality: int | None = None,
    force: bool = False,
    salvage: bool = False,
    max_pixels: int | None = None,
) -> ColorizeRequest:
    """Build the request of a command for photos. Raises OptionError if one of its options is out of range."""
    from photochrom.pipeline.request import ColorizeRequest

    return ColorizeRequest(options, format_named(format), jpeg_quality, force, salvage, max_pixels)


def make_options(
    *,
    look: str | None = None,
    strength: float | None = None,
    size: int | None = None,
    quality: str = "balanced",
    colorfulness: float | None = None,
    warmth: float | None = None,
    candidates: int = 1,
    seed: int = 0,
    hints: tuple[Hint, ...] = (),
    references: tuple[Reference, ...] = (),
) -> Options:
    """Build the options of a command for photos or films. Raises OptionError if one is out of range."""
    from photochrom.engine.options import Options
    from photochrom.pipeline.looks import look_values

    return Options(
        size=size,
        quality=cast(Any, quality),  # checked by Options
        candidates=candidates,
        seed=seed,
        hints=hints,
        references=references,
        **look_values(look, strength=strength, colorfulness=colorfulness, warmth=warmth),
    )


def format_named(format: str | None) -> str | None:
    """The format that ``--format`` names ("jpg" or "JPEG"). Raises OptionError if it cannot be written."""
    if format is None:
        return None
    from photochrom.media import formats

    found = formats.by_name(format)
    if found is None or not found.writes:
        known = ", ".join(each.name.lower() for each in formats.writable())
        raise OptionError(f"--format {format}", f"cannot be written; choose from {known}")
    return found.name


def _stdin() -> bytes:
    """Read all of stdin. Raises OptionError if the command was started without stdin (``<&-``)."""
    if sys.stdin is None:
        raise OptionError("", "-: there is no standard input; send the photo through a pipe")
    return sys.stdin.buffer.read()


def _read_hints(path: Path) -> tuple[Hint, ...]:
    from photochrom.engine.hints import parse_hints

    return read_json("--hints", path, parse_hints)


def read_json(option: str, path: Path, parse: Callable[[Any], T]) -> T:
    """What `parse` makes of a JSON file that is the value of `option`. Raises OptionError if it is wrong."""
    try:
        # utf-8-sig accepts a byte order mark, which some editors write.
        return parse(json.loads(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise OptionError(f"{option} {path}", f"cannot be read ({words_of(error)})") from None
    except ValueError as error:  # the base class of json.JSONDecodeError and UnicodeDecodeError
        raise OptionError("", f"{option} {path}: {error}") from None


def _open_references(paths: list[Path]) -> tuple[Reference, ...]:
    if not paths:
        return ()
    from photochrom.pipeline.references import open_reference

    try:
        return tuple(open_reference(path) for path in paths)
    except PhotoError as error:
        raise OptionError("", f"--reference {error.sentence()}", code=error.code) from None


def load(model: str, device: str, threads: int | None) -> Colorizer:
    """Load the network into a `Colorizer`."""
    session = load_session(model, device, threads)
    from photochrom.engine.colorizer import Colorizer

    return Colorizer(session, threads=threads)


def load_session(model: str, device: str, threads: int | None) -> Session:
    """Load only the network. This imports few modules, and ONNX Runtime reads the model without Python's lock."""
    from photochrom.engine.session import Session
    from photochrom.modelfile.table import resolve

    return Session(resolve(model), device=device, threads=threads or cores())


def _check_pipe(
    inputs: list[str], out: str | None, candidates: int, side_by_side: bool, as_json: bool
) -> None:
    from photochrom.jobs import plan

    if len(inputs) > 1:
        raise OptionError("", "-: a pipe holds one photo; give it alone")
    if out is not None and out != "-":
        if plan.is_folder(out, inputs):
            named = Path(out, "photo.jpg")
            raise OptionError(
                f"-o {out}", f"is a folder, and a photo from stdin has no name; give one, such as {named}"
            )
        return
    if candidates > 1 or side_by_side or as_json:
        raise OptionError("", "-: stdout holds one picture and nothing else; give -o FILE for more")
    if sys.stdout is None:
        raise OptionError("", "-: there is no standard output; redirect it, or give -o FILE")
    if sys.stdout.isatty():
        raise OptionError("", "-: stdout is a terminal; redirect it, or give -o FILE")


def _through_pipe(planned: Plan, colorizer: Colorizer) -> bytes:
    """Colorize the one photo of a pipe.

    A photo in colour is an error here, because an output without bytes would be a broken picture.
    """
    from photochrom.pipeline.job import as_error, colorize

    (job,) = planned.jobs
    if job.problem is not None:
        raise job.problem
    try:
        photo, (result,) = colorize(colorizer, job.data or job.source, job.request, name=job.name)
        data = result.encode()
    except Exception as error:
        raise as_error(error, job.name) from None
    for note in dict.fromkeys([*photo.notes, *result.photo.notes]):
        say(f"photochrom: {job.name}: note: {note}")
    return data
