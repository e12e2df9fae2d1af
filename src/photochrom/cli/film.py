"""``photochrom film``: films, one after another."""

from __future__ import annotations

import os
import re
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from photochrom.cli.colorize import (
    FILES,
    LOOK,
    RUN,
    Device,
    Look,
    Model,
    Quality,
    Quiet,
    Size,
    Strength,
    Temperature,
    Warmth,
)
from photochrom.cli.console import FAILED, INTERRUPTED, give_up, print_json, say, sentences, usage
from photochrom.cli.words import plain, sentence

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from photochrom.engine.options import Options
    from photochrom.engine.session import Session
    from photochrom.jobs.film import FilmOptions, FilmResult, Progress

TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)s?")
STAGES = {"plan": "finding shots", "colour": "colorizing", "join": "writing"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one film; the fields are those of ``--json``, in its order."""

    input: str
    output: str | None = None
    status: Literal["done", "skipped", "failed"] = "done"
    reason: str | None = None
    seconds: float = 0.0
    frames: int | None = None
    shots: int | None = None
    resumed: int | None = None
    damaged: int | None = None
    width: int | None = None
    height: int | None = None
    codec: str | None = None
    model: str | None = None


def film(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="Films.")],
    *,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE|FOLDER",
            help="Default: NAME.color.EXT beside the film.",
            rich_help_panel=FILES,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace results.", rich_help_panel=FILES)
    ] = False,
    preview: Annotated[
        str | None,
        typer.Option(
            metavar="10s|0:40-0:50",
            help="Only this piece, into NAME.color.preview.EXT.",
            rich_help_panel=FILES,
        ),
    ] = None,
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
    temperature: Temperature = None,
    warmth: Warmth = None,
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
    force: Annotated[
        bool, typer.Option("--force", help="Colorize films that are in colour too.", rich_help_panel=LOOK)
    ] = False,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Default: one per core.", rich_help_panel=RUN)
    ] = None,
    device: Device = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print what became of each film, as JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """Colorize films. Sound, subtitles and all else stay as they are; a second run goes on where one stopped."""
    with sentences():
        with usage():
            from photochrom.engine.options import Options
            from photochrom.engine.temporal import Coherence
            from photochrom.jobs.film import FilmOptions
            from photochrom.pipeline.looks import look_values

            values = look_values(look, strength=strength, temperature=temperature, warmth=warmth)
            options = Options(size=size, quality=cast(Any, quality), **values)  # checks the quality
            film_options = FilmOptions(
                codec=codec,
                crf=crf,
                preset=preset,
                preview=None if preview is None else parse_preview(preview),
                deinterlace=deinterlace,
                coherence=Coherence(every=every),
            )
        from photochrom.engine.models import resolve
        from photochrom.engine.session import Session

        work = Work(
            session=Session(resolve(model), device=device, threads=threads),
            options=options,
            film_options=film_options,
            overwrite=overwrite,
            force=force,
            threads=threads or 0,
        )
        folder = out if out is not None and _is_folder(out, inputs) else None
        outcomes: list[Outcome] = []
        taken: set[Path] = set()
        stopped = False
        with Meter(quiet=quiet) as meter:
            try:
                for name in inputs:
                    target = None if folder else out
                    outcomes.append(work.do(name, target, folder, taken, meter))
                    _tell(outcomes[-1], meter, quiet)
            except KeyboardInterrupt:
                stopped = True
        if as_json:
            print_json([asdict(outcome) for outcome in outcomes])
        if stopped:
            give_up("stopped; the same command goes on from here", INTERRUPTED)
        if any(outcome.status == "failed" for outcome in outcomes):
            raise typer.Exit(FAILED)


def parse_preview(text: str) -> tuple[float, float]:
    """``10s`` or ``0:40-0:50`` or ``1:02:03-1:02:30.5``, in seconds.

    Raises
    ------
    ValueError
        If it is neither.
    """
    first, dash, second = text.partition("-")
    begin, end = (_seconds(first), _seconds(second)) if dash else (0.0, _seconds(first))
    if begin is None or end is None:
        raise ValueError(f"--preview must be a length such as 10s or times such as 0:40-0:50, got {text!r}")
    return begin, end


def _seconds(text: str) -> float | None:
    found = TIME.fullmatch(text.strip())
    if found is None:
        return None
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return 3600 * hours + 60 * minutes + seconds


@dataclass(frozen=True, slots=True)
class Work:
    """Does one film after another with the same settings."""

    session: Session
    options: Options
    film_options: FilmOptions
    overwrite: bool
    force: bool
    threads: int

    def do(self, name: str, out: str | None, folder: str | None, taken: set[Path], meter: Meter) -> Outcome:
        """Colorize one film; whatever is wrong with it, the others go on."""
        from photochrom.errors import OptionError, PhotochromError

        started = time.perf_counter()
        meter.start(name)
        try:
            result = self._do(Path(name), out, folder, taken, meter)
        except Skip as skip:
            return Outcome(name, str(skip.target), "skipped", str(skip), model=self.session.info.name)
        except OptionError:
            raise
        except PhotochromError as error:
            return Outcome(name, status="failed", reason=sentence(error), model=self.session.info.name)
        except MemoryError:
            return Outcome(
                name, status="failed", reason=f"{name}: not enough memory", model=self.session.info.name
            )
        return Outcome(
            input=name,
            output=str(result.path),
            seconds=round(time.perf_counter() - started, 3),
            frames=result.frames,
            shots=result.shots,
            resumed=result.resumed,
            damaged=result.damaged,
            width=result.width,
            height=result.height,
            codec=result.codec,
            model=self.session.info.name,
        )

    def _do(
        self, source: Path, out: str | None, folder: str | None, taken: set[Path], meter: Meter
    ) -> FilmResult:
        from photochrom.errors import AlreadyColorError, NameTakenError, Remedy
        from photochrom.jobs.film import colorize_film, result_path

        target = Path(out) if out is not None else result_path(source, self.film_options)
        if folder is not None:
            target = Path(folder) / target.name
            _make_folder(Path(folder))
        if target.resolve() in taken:
            raise NameTakenError(
                str(source), f"its result would have the name of another's, {target}", Remedy.SEPARATE_FOLDERS
            )
        taken.add(target.resolve())
        same = target.exists() and source.exists() and target.samefile(source)
        if target.exists() and not self.overwrite and not same:
            raise Skip(f"{source}: already done ({target} exists); --overwrite makes it anew", target)
        try:
            return colorize_film(
                source,
                self.session,
                target,
                options=self.options,
                film_options=self.film_options,
                overwrite=self.overwrite,
                force=self.force,
                threads=self.threads,
                progress=meter.show,
            )
        except AlreadyColorError as error:
            raise Skip(sentence(error), source) from None


class Skip(Exception):
    """This film needs no work; the message says why."""

    def __init__(self, words: str, target: Path) -> None:
        super().__init__(words)
        self.target = target


class Meter:
    """The progress bar: frames done, frames a second, time left. Silent where nobody looks."""

    def __init__(self, *, quiet: bool) -> None:
        self._bar: Bar | None = _bar() if not quiet and sys.stderr.isatty() else None
        self._name = ""
        self._stage = ""

    def __enter__(self) -> Meter:
        if self._bar is not None:
            self._bar.start()
            self._bar.add_task("", total=None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def start(self, name: str) -> None:
        """Begin with another film."""
        self._name, self._stage = name, ""

    def show(self, progress: Progress) -> None:
        """Show how far it is."""
        if self._bar is None:
            return
        row = self._bar.task_ids[0]
        if progress.stage != self._stage:
            self._stage = progress.stage
            words = f"{os.path.basename(self._name)}: {STAGES[progress.stage]}"
            # What a former run has done must not count as this one's speed.
            self._bar.reset(row, total=progress.total or None, completed=progress.done, description=words)
        self._bar.update(row, completed=progress.done, total=progress.total or None)

    def say(self, line: str) -> None:
        """A line above the bar."""
        if self._bar is None:
            say(plain(line))
        else:
            self._bar.console.print(plain(line), markup=False, highlight=False, soft_wrap=True)


def _tell(outcome: Outcome, meter: Meter, quiet: bool) -> None:
    if outcome.status == "failed" or (outcome.status == "skipped" and not quiet):
        meter.say(f"photochrom: {outcome.reason}")
    elif outcome.status == "done" and not quiet:
        notes = f"{outcome.frames} frames in {outcome.seconds:.1f} s"
        if outcome.resumed:
            notes += f", {outcome.resumed} of them before"
        if outcome.damaged:
            notes += f"; {outcome.damaged} damaged packets were left out"
        meter.say(f"{outcome.input} -> {outcome.output} ({notes})")


def _is_folder(out: str, inputs: list[str]) -> bool:
    return len(inputs) > 1 or out.endswith(("/", os.sep)) or Path(out).is_dir()


def _make_folder(folder: Path) -> None:
    from photochrom.files import write_error

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error


def _bar() -> Bar:
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


__all__: list[str] = ["film", "parse_preview"]
