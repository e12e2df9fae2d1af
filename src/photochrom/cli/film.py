"""``photochrom film``: films, one after another or several at once."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from photochrom.cli.colorize import (
    FILES,
    LOOK,
    RUN,
    AsJson,
    Colorfulness,
    Device,
    Force,
    Look,
    Model,
    Out,
    Overwrite,
    Quality,
    Quiet,
    Size,
    Strength,
    Threads,
    Warmth,
    load_session,
    make_options,
    read_json,
)
from photochrom.cli.console import FAILED, INTERRUPTED, give_up, print_json, sentences, usage
from photochrom.cli.film_meter import Meter
from photochrom.cli.film_work import FilmOutcome, FilmWork
from photochrom.errors import OptionError

if TYPE_CHECKING:
    from photochrom.jobs.film_batch import Check
    from photochrom.jobs.film_known import KeyFrame, TimedHint

__all__ = ["film"]


def film(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="Films.")],
    *,
    out: Out = None,
    overwrite: Overwrite = False,
    preview: Annotated[
        str | None,
        typer.Option(
            metavar="10s|0:40-0:50",
            help="Only this piece, into NAME.color.preview.EXT.",
            rich_help_panel=FILES,
        ),
    ] = None,
    sheet: Annotated[
        bool,
        typer.Option(
            "--sheet", help="Also write NAME.color.sheet.jpg: each shot before, after.", rich_help_panel=FILES
        ),
    ] = False,
    codec: Annotated[
        str | None,
        typer.Option(
            metavar="h264|h265|av1|ffv1|prores",
            help="Default: the film's own, or h264.",
            rich_help_panel=FILES,
        ),
    ] = None,
    crf: Annotated[
        float | None,
        typer.Option(
            help="Quality, as ffmpeg means it: lower is better. Default: by codec.", rich_help_panel=FILES
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(help="Speed of the encoder, as ffmpeg means it: slow, fast, ...", rich_help_panel=FILES),
    ] = None,
    look: Look = None,
    strength: Strength = None,
    size: Size = None,
    quality: Quality = "balanced",
    colorfulness: Colorfulness = None,
    warmth: Warmth = None,
    hints: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json", help="Known colours at points and times of the film.", rich_help_panel=LOOK
        ),
    ] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY.png@0:12",
            help="The frame at that time, coloured by you. Its shot follows it. May be repeated.",
            rich_help_panel=LOOK,
        ),
    ] = None,
    every: Annotated[
        int,
        typer.Option(
            help="The network sees every so many frames; optical flow carries its colours to the others.",
            rich_help_panel=LOOK,
        ),
    ] = 6,
    deinterlace: Annotated[
        bool,
        typer.Option("--deinterlace", help="Make whole frames of interlaced ones.", rich_help_panel=LOOK),
    ] = False,
    model: Model = "photochrom",
    force: Force = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Films at once.", rich_help_panel=RUN)] = 1,
    threads: Threads = None,
    device: Device = "auto",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Colorize films. Sound, subtitles and all else stay as they are; a second run goes on where one stopped."""
    with sentences():
        with usage():
            from photochrom.engine.temporal import Coherence
            from photochrom.jobs.film_batch import films_at_once, run_films
            from photochrom.jobs.film_options import FilmOptions
            from photochrom.jobs.film_time import parse_window
            from photochrom.jobs.plan import is_folder
            from photochrom.resources import share_cores

            options = make_options(
                look=look,
                strength=strength,
                size=size,
                quality=quality,
                colorfulness=colorfulness,
                warmth=warmth,
            )
            film_options = FilmOptions(
                codec=codec,
                crf=crf,
                preset=preset,
                preview=None if preview is None else _worded("--preview", parse_window, preview),
                deinterlace=deinterlace,
                coherence=Coherence(every=every),
                hints=() if hints is None else _read_hints(hints),
                references=_references(reference or []),
            )
            if len(inputs) > 1 and (hints or reference):
                name = f"--hints {hints}" if hints else f"--reference {(reference or [])[0]}"
                raise OptionError(name, f"belongs to one film, and there are {len(inputs)}")
        wanted = min(len(inputs), jobs)
        at_once = films_at_once(inputs, wanted)
        _, each = share_cores(len(inputs), at_once, threads)
        folder = out if out is not None and is_folder(out, inputs) else None
        work = FilmWork(
            load_session(model, device, each),
            options,
            film_options,
            out=None if folder else out,
            folder=folder,
            overwrite=overwrite,
            force=force,
            sheet=sheet,
            alone=len(inputs) == 1,
            threads=each or 0,
        )
        outcomes: dict[int, FilmOutcome] = {}
        stopped = False
        with Meter(quiet=quiet) as meter:
            if at_once < wanted:
                meter.say(f"photochrom: the memory is enough for {at_once} of these films at once")

            def one(number: int, check: Check) -> None:
                outcomes[number] = work.do(inputs[number], meter, check)
                for line in _lines(outcomes[number], quiet):
                    meter.say(line)

            try:
                run_films(len(inputs), one, at_once)
            except KeyboardInterrupt:
                stopped = True
        if as_json:
            print_json([asdict(outcomes[number]) for number in sorted(outcomes)])
        if stopped:
            give_up("stopped; the same command goes on from here", INTERRUPTED)
        if any(outcome.status == "failed" for outcome in outcomes.values()):
            raise typer.Exit(FAILED)


def _read_hints(path: Path) -> tuple[TimedHint, ...]:
    from photochrom.jobs.film_known import parse_timed_hints

    return read_json("--hints", path, parse_timed_hints)


def _references(given: list[str]) -> tuple[KeyFrame, ...]:
    from photochrom.jobs.film_known import parse_key_frame

    return tuple(_worded("--reference", parse_key_frame, text) for text in given)


def _worded(name: str, parse: Any, text: str) -> Any:
    """What `parse` reads. A ValueError becomes an OptionError that names the option."""
    try:
        return parse(text)
    except ValueError as error:
        raise OptionError(name, str(error)) from None


def _lines(outcome: FilmOutcome, quiet: bool) -> list[str]:
    if outcome.status == "failed" or (outcome.status == "skipped" and not quiet):
        return [f"photochrom: {outcome.reason}"]
    if quiet:
        return []
    notes = f"{outcome.frames} frames in {outcome.seconds:.1f} s"
    if outcome.resumed:
        notes += f", {outcome.resumed} of them before"
    if outcome.damaged:
        notes += f"; {outcome.damaged} damaged packets were left out"
    lines = [f"{outcome.input} -> {outcome.output} ({notes})"]
    if outcome.notes:
        lines.append(f"photochrom: {outcome.input}: note: {' '.join(outcome.notes)}")
    return lines
