"""``photochrom info``: describe a photo, and tell whether its colours were inferred."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.cli.colorize import MaxPixels
from photochrom.cli.console import FAILED, print_json, say, sentences, write_stdout
from photochrom.cli.words import plain, sentence

if TYPE_CHECKING:
    from photochrom.media.model import Photo


@dataclass(frozen=True, slots=True)
class Facts:
    """The output of ``photochrom info --json`` for one file. If it cannot be opened, only `error` is set."""

    input: str
    error: str | None = None
    format: str | None = None
    bytes: int | None = None
    width: int | None = None
    height: int | None = None
    bits: int | None = None
    pages: int | None = None
    dpi: tuple[float, float] | None = None
    colour: str | None = None
    colorized: bool | None = None
    model: str | None = None
    version: str | None = None
    statement: str | None = None
    notes: list[str] = field(default_factory=list)
    frames: int | None = None
    seconds: float | None = None
    streams: dict[str, int] | None = None

    def words(self) -> str:
        """One line for people, and a second line if the colours were inferred."""
        parts = [f"{self.format} {self.width} x {self.height}, {self.bits} bit"]
        if self.colour is not None:
            parts.append("in colour" if self.colour == "colour" else self.colour)
        if self.seconds is not None:
            parts.append(f"{self.seconds:.1f} s")
        if self.streams is not None:
            parts += [f"{count} {kind}" for kind, count in self.streams.items() if kind != "video"]
        if self.pages is not None and self.pages != 1:
            parts.append(f"{self.pages} pages")
        if self.dpi is not None:
            across, down = self.dpi
            parts.append(f"{across:g} dpi" if across == down else f"{across:g} x {down:g} dpi")
        line = f"{self.input}: {', '.join(parts)}"
        if not self.colorized:
            return line
        return f"{line}\n    colorized by {self.model} {self.version}: {self.statement}"


def info(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Photos to look at.")],
    *,
    max_pixels: MaxPixels = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Describe photos: format, size, bit depth, pages, grey or in colour, and the model that colorized them."""
    from photochrom.errors import PhotoError

    failed = False
    facts = []
    with sentences():
        for file in files:
            try:
                fact = _look(file, max_pixels)
            except PhotoError as error:
                failed = True
                say(f"photochrom: {sentence(error)}")
                fact = Facts(str(file), error=sentence(error))
            facts.append(fact)
            if not as_json and fact.error is None:
                _print(fact.words())
        if as_json:
            print_json([asdict(fact) for fact in facts])
    if failed:
        raise typer.Exit(FAILED)


def _print(words: str) -> None:
    for line in words.splitlines():
        indent = " " * (len(line) - len(line.lstrip()))
        write_stdout(f"{indent}{plain(line)}\n".encode("utf-8", "replace"))


def _look(file: Path, max_pixels: int | None) -> Facts:
    from photochrom.files import require_file
    from photochrom.media import provenance
    from photochrom.pipeline.job import open_photo
    from photochrom.pipeline.request import ColorizeRequest

    require_file(file)
    if _is_film(file):
        return _look_at_film(file)
    photo = open_photo(file, ColorizeRequest(max_pixels=max_pixels, salvage=True), name=str(file))
    mark = provenance.read(photo)
    height, width = photo.pages[0].pixels.shape[:2]
    return Facts(
        input=str(file),
        format=photo.format,
        bytes=file.stat().st_size,
        width=width,
        height=height,
        bits=photo.bits,
        pages=len(photo.pages),
        dpi=photo.dpi,
        colour=_colour(photo),
        colorized=mark is not None,
        model=mark.model if mark else None,
        version=mark.version if mark else None,
        statement=mark.statement if mark else None,
        notes=list(photo.notes),
    )


def _is_film(file: Path) -> bool:
    from photochrom.media.formats import HEAD, sniff

    try:
        with file.open("rb") as opened:
            format = sniff(opened.read(HEAD), file.name)
    except OSError:
        return False  # opening the photo says what is wrong
    return format is not None and format.video


def _look_at_film(file: Path) -> Facts:
    from photochrom.jobs.film_mark import read_film_mark
    from photochrom.video.probe import probe

    film = probe(file)
    mark = read_film_mark(file)
    return Facts(
        input=str(file),
        format=f"film ({film.codec})",
        bytes=file.stat().st_size,
        width=film.width,
        height=film.height,
        bits=film.range.bits,
        colorized=mark is not None,
        model=mark.model if mark else None,
        version=mark.version if mark else None,
        statement=mark.statement if mark else None,
        frames=film.frames or None,
        seconds=film.seconds,
        streams=film.streams,
    )


def _colour(photo: Photo) -> str:
    """ "colour" if any page is in colour, else "toned" (such as sepia) if any page is toned, else "grey"."""
    from photochrom.engine.toning import kind_of

    kinds = {kind_of(page.thumbnail) for page in photo.pages}
    return next(kind for kind in ("colour", "toned", "grey") if kind in kinds)
