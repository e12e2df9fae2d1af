"""The contact sheet of a film: the middle frame of each shot, before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from photochrom._version import __version__
from photochrom.files import write_atomic
from photochrom.jobs.film_plan import FilmPlan
from photochrom.jobs.film_time import time_text
from photochrom.media import photo as photos
from photochrom.media import provenance
from photochrom.media.model import Page, Photo
from photochrom.video.probe import Film, probe
from photochrom.video.read import FrameReader, read_frames
from photochrom.video.remux import Segment
from photochrom.video.thumbnail import shown_size, thumbnail, upright

__all__ = ["sheet_path", "write_sheet"]

MOST_SHOTS = 48
"""A film may have a thousand shots; these many are shown, evenly spread over the film."""
WIDTH = 240
PAIRS = 3
GAP, LABEL = 8, 20
QUALITY = 88


@dataclass(frozen=True, slots=True)
class Pair:
    """A frame before and after, (h, w, 3) uint8 sRGB each, and its time in seconds."""

    seconds: float
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]


def sheet_path(target: Path) -> Path:
    """``NAME.color.sheet.jpg`` of ``NAME.color.EXT``."""
    return target.with_name(f"{target.stem}.sheet.jpg")


def write_sheet(
    film: Film,
    plan: FilmPlan,
    segments: list[Segment],
    target: Path,
    model: str,
    *,
    deinterlace: bool,
    overwrite: bool,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write the sheet as a JPEG that says that its colours were inferred.

    Parameters
    ----------
    segments : the coloured film, in order
    target : the JPEG
    progress : called with the shots drawn and their number

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    numbers = middles(plan)
    pairs = []
    for pair in _pairs(film, plan, segments, numbers, deinterlace):
        pairs.append(pair)
        progress(len(pairs), len(numbers))
    sheet = Photo([Page(np.asarray(draw(pairs)), "rgb")], target.name, "JPEG", ".jpg")
    provenance.mark(sheet, model, __version__, source_name=Path(film.path).name)
    write_atomic(target, photos.encode(sheet, format="JPEG", jpeg_quality=QUALITY), overwrite=overwrite)


def middles(plan: FilmPlan) -> list[int]:
    """The numbers of the middle frames of at most `MOST_SHOTS` shots, ascending."""
    shots = [
        (start + stop) // 2
        for start, stop in zip(plan.shots, (*plan.shots[1:], plan.frames), strict=True)
        if stop > start
    ]
    count = min(len(shots), MOST_SHOTS)
    return [shots[i * len(shots) // count] for i in range(count)]


def draw(pairs: list[Pair]) -> Image.Image:
    """The pairs in rows, each with its time below."""
    height, width = pairs[0].before.shape[:2]
    columns = min(PAIRS, len(pairs))
    rows = -(-len(pairs) // columns)
    across, down = 2 * width + GAP, height + LABEL
    sheet = Image.new("RGB", (columns * across - GAP, rows * down), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for number, pair in enumerate(pairs):
        x, y = number % columns * across, number // columns * down
        sheet.paste(Image.fromarray(pair.before), (x, y))
        sheet.paste(Image.fromarray(pair.after), (x + width, y))
        pen.text((x + 2, y + height + 2), time_text(pair.seconds), "black", font)
    return sheet


def _pairs(
    film: Film, plan: FilmPlan, segments: list[Segment], numbers: list[int], deinterlace: bool
) -> Iterator[Pair]:
    size = shown_size(film, WIDTH)
    with closing(
        FrameReader(film, plan.times, seekable=plan.seekable, skipped=plan.skipped, deinterlace=deinterlace)
    ) as reader:
        for number in numbers:
            picture = reader.get(number)
            before = thumbnail(picture, film, size, grey=True)
            segment = next(s for s in segments if s.first <= number < s.first + s.count)
            seconds = float((int(plan.times[number]) - plan.start) * film.time_base)
            after = _colored(segment, number, size)
            yield Pair(seconds, upright(before, film), upright(after, film))


def _colored(segment: Segment, number: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    colored = probe(segment.path)
    with closing(read_frames(colored)) as frames:
        picture = next(islice(frames, number - segment.first, None))
        return thumbnail(picture, colored, size)
