"""Films from Python: a file at once, or frame by frame in a pipeline of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.ycbcr import BT601, Range
from photochrom.engine.hints import Hint
from photochrom.engine.merge import merge_rgb
from photochrom.engine.models import DEFAULT, resolve
from photochrom.engine.options import Options
from photochrom.engine.session import Session
from photochrom.engine.shots import Guide, ShotColorizer, guide_of
from photochrom.engine.temporal import Coherence
from photochrom.jobs import film
from photochrom.jobs.film_known import KeyFrame, TimedHint
from photochrom.jobs.film_options import FilmOptions, Progress
from photochrom.jobs.film_plan import SHOT_SIDE, CutFinder
from photochrom.pipeline.looks import look_values

__all__ = ["color_frames", "colorize_film", "colorize_frames"]

Frame = NDArray[Any]
PIECE = 48
"""So many frames are coloured at once; they and the margin lie in memory."""
LAG = 2
"""A cut is known so many frames after it."""


def colorize_film(
    path: str | Path,
    out: str | Path | None = None,
    *,
    model: str | Path = DEFAULT,
    device: str = "auto",
    overwrite: bool = False,
    force: bool = False,
    codec: str | None = None,
    crf: float | None = None,
    preset: str | None = None,
    preview: tuple[float, float] | None = None,
    deinterlace: bool = False,
    every: int = Coherence().every,
    hints: Iterable[tuple[float, Hint]] = (),
    references: Iterable[tuple[float, str | Path]] = (),
    sheet: bool = False,
    progress: Callable[[Progress], None] | None = None,
    **options: Any,
) -> Path:
    """Colorize a film; sound, subtitles and all else stay as they are.

    Parameters
    ----------
    out : the result; ``NAME.color.EXT`` beside the film, if None
    every : the network sees every so many frames; optical flow carries its colours to the others
    codec, crf, preset, preview, deinterlace : see `photochrom.jobs.film_options.FilmOptions`
    hints : times in seconds, and known colours at points of the frames at these times
    references : times in seconds, and files of the frames at these times that a person has coloured
    sheet : also write ``NAME.color.sheet.jpg``, which shows each shot before and after
    progress : called often with how far it is
    **options : the fields of `photochrom.Options`, and `look`, see `photochrom.pipeline.looks`

    Returns
    -------
    The result's path. A call that was stopped goes on when it is made again.

    Raises
    ------
    PhotoError, ModelError, ValueError
    """
    film_options = FilmOptions(
        codec,
        crf,
        preset,
        preview,
        deinterlace,
        Coherence(every=every),
        tuple(TimedHint(time, hint) for time, hint in hints),
        tuple(KeyFrame(time, str(file)) for time, file in references),
    )
    session = _session(model, device)
    made = film.colorize_film(
        path,
        session,
        out,
        options=Options(**look_values(options.pop("look", None), **options)),
        film_options=film_options,
        overwrite=overwrite,
        force=force,
        sheet=sheet,
        progress=progress,
    )
    return made.path


def colorize_frames(
    frames: Iterable[Frame],
    *,
    rate: float = 25.0,
    model: str | Path = DEFAULT,
    device: str = "auto",
    every: int = Coherence().every,
    **options: Any,
) -> Iterator[Frame]:
    """Colorize frames as they come, with colours that hold still within a shot.

    Parameters
    ----------
    frames : luma ``(H, W)``, uint8 or uint16 in full range, all of one size
    rate : frames a second; cuts are looked for with it
    every, model, device, **options : see `colorize_film`

    Yields
    ------
    sRGB ``(H, W, 3)`` of the same dtype for each frame, in order, whose Rec. 601 luma is the frame's own within one
    level. About 75 frames lie in memory: colours look that far ahead.

    Raises
    ------
    ValueError
        If a frame has another shape or dtype.
    """
    wanted = Options(**options)
    yield from color_frames(frames, _session(model, device), rate=rate, options=wanted, every=every)


def color_frames(
    frames: Iterable[Frame],
    session: Session,
    *,
    rate: float = 25.0,
    options: Options | None = None,
    every: int = Coherence().every,
) -> Iterator[Frame]:
    """As `colorize_frames`, with a session that is loaded already."""
    wanted = options or Options()
    coherence = Coherence(every=every)
    colorizer = ShotColorizer(session, wanted, coherence, BT601)
    cuts = CutFinder(rate)
    waiting = _Waiting(coherence.margin)
    for frame in frames:
        held = _range_of(frame, waiting)
        waiting.add(frame, guide_of(frame, held, colorizer.side))
        cuts.add(guide_of(frame, held, SHOT_SIDE))
        yield from waiting.colored(colorizer, cuts.found, wanted.strength, end=False)
    yield from waiting.colored(colorizer, cuts.found, wanted.strength, end=True)


class _Waiting:
    """Frames whose colours are not known yet, and the guides of those around them."""

    def __init__(self, margin: int) -> None:
        self.margin = margin
        self.frames: dict[int, Frame] = {}
        self.guides: dict[int, Guide] = {}
        self.count = self.done = self.shot = 0

    def add(self, frame: Frame, guide: Guide) -> None:
        self.frames[self.count], self.guides[self.count] = frame, guide
        self.count += 1

    def colored(
        self, colorizer: ShotColorizer, cuts: list[int], strength: float, *, end: bool
    ) -> Iterator[Frame]:
        """The frames whose shot has ended, or of which enough come after."""
        while self.done < self.count:
            cut = next((cut for cut in cuts if cut > self.done), None)
            known = self.count if end else self.count - LAG
            stop = cut if cut is not None else known
            ready = stop if cut is not None or end else min(self.done + PIECE, stop - self.margin)
            ready = min(ready, self.done + PIECE)
            if ready <= self.done or (cut is None and not end and ready < self.done + PIECE):
                return
            low, high = max(self.shot, self.done - self.margin), min(stop, ready + self.margin)
            guides = [self.guides[number] for number in range(low, high)]
            part = range(self.done - low, ready - low)
            chroma = colorizer.colors(self.shot, guides, low - self.shot, part)
            for number, found in zip(range(self.done, ready), chroma, strict=True):
                coefficients = colorizer.coefficients(found, self.guides[number])
                yield np.asarray(merge_rgb(self.frames.pop(number), coefficients, strength))
            self.done = ready
            self.shot = ready if ready == cut else self.shot
            self.guides = {number: g for number, g in self.guides.items() if number >= ready - self.margin}


def _range_of(frame: Frame, waiting: _Waiting) -> Range:
    if frame.ndim != 2 or frame.dtype not in (np.uint8, np.uint16) or not frame.size:
        raise ValueError(f"a frame of {frame.dtype} and shape {frame.shape}; give (H, W) of uint8 or uint16")
    last = next(reversed(waiting.frames.values()), None)
    if last is not None and (last.shape != frame.shape or last.dtype != frame.dtype):
        raise ValueError(f"a frame of {frame.dtype} and shape {frame.shape} after one of {last.shape}")
    return Range(8 * frame.dtype.itemsize, full=True)


@cache
def _session(model: str | Path, device: str) -> Session:
    return Session(resolve(model), device=device)
