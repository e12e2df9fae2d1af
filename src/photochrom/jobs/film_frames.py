"""`ColorFrames`: the frames of a film in colour."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from photochrom.engine.known import KnownColors, agreement
from photochrom.engine.options import Options
from photochrom.engine.planes import chroma_planes
from photochrom.engine.resize import Float
from photochrom.engine.session import Session
from photochrom.engine.shots import Guide, ShotColorizer, guide_of
from photochrom.errors import OptionError
from photochrom.jobs.film_known import KnownFrame
from photochrom.jobs.film_options import FilmOptions
from photochrom.jobs.film_plan import FilmPlan
from photochrom.jobs.film_time import time_text
from photochrom.video.layout import Layout
from photochrom.video.probe import Film
from photochrom.video.read import FrameReader

__all__ = ["ColorFrames"]

ALIKE = 0.5
"""The least correlation of luma between a key frame and the film's frame. A picture of another scene mostly has less
than 0.3, and a repainted or recompressed picture of the frame has more than 0.9."""


class ColorFrames:
    """Finds the luma and chroma of a film's frames.

    It computes the colours of the next part in a thread of its own, while the caller encodes this part.

    Parameters
    ----------
    layout : of the chroma planes, see `photochrom.video.encode.result_layout`
    threads : of each of two decoders; 0 is one per core
    known : what is known of frames' colours, by their number

    Raises
    ------
    OptionError
        If a key frame does not show the film's frame.
    """

    def __init__(
        self,
        film: Film,
        plan: FilmPlan,
        session: Session,
        options: Options,
        film_options: FilmOptions,
        layout: Layout,
        threads: int,
        known: Mapping[int, KnownFrame] | None = None,
    ) -> None:
        self._film, self._plan, self._layout = film, plan, layout
        self._strength, self._coherence = options.strength, film_options.coherence
        self._shots = ShotColorizer(session, options, self._coherence, film.matrix)
        self._ahead, self._main = (
            FrameReader(
                film,
                plan.times,
                seekable=plan.seekable,
                skipped=plan.skipped,
                threads=threads,
                deinterlace=film_options.deinterlace,
            )
            for _ in range(2)
        )
        self._guides: dict[int, Guide] = {}
        self._pool = ThreadPoolExecutor(1, "photochrom-film")
        self._found: tuple[tuple[int, int], Future[_Found]] | None = None
        self._stop = threading.Event()
        self._known_frames = known or {}
        self._known: tuple[int, list[KnownColors]] = (-1, [])
        try:
            self._check_pictures()
        except BaseException:
            self.close()
            raise

    def frames(
        self, first: int, stop: int
    ) -> Iterator[tuple[NDArray[Any], tuple[NDArray[Any], NDArray[Any]], int]]:
        """Y of the film, U and V in the result's layout, and the time in ticks, of frames `first` to `stop`."""
        film, layout = self._film, self._layout
        for begin, end in self._parts(first, stop):
            found = self._take((begin, end))
            for number, chroma, guide in zip(range(begin, end), found.chroma, found.guides, strict=True):
                picture = self._main.get(number)
                planes = chroma_planes(
                    picture.luma,
                    self._shots.coefficients(chroma, guide),
                    film.matrix,
                    film.range,
                    wanted=layout.range,
                    subsampling=layout.subsampling,
                    centred=layout.centred,
                    strength=self._strength,
                )
                yield picture.luma, planes, int(self._plan.times[number])

    def close(self) -> None:
        """Stop the thread, and close the film."""
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._ahead.close()
        self._main.close()

    def _parts(self, first: int, stop: int) -> Iterator[tuple[int, int]]:
        """A segment's frames by shot."""
        while first < stop:
            _, end = self._plan.shot_of(first)
            yield first, min(end, stop)
            first = min(end, stop)

    def _take(self, part: tuple[int, int]) -> _Found:
        if self._found is None or self._found[0] != part:
            self._found = (part, self._pool.submit(self._find, *part))
        found = self._found[1].result()
        after = next(self._parts(part[1], self._segment_end(part[1])), None)
        self._found = None if after is None else (after, self._pool.submit(self._find, *after))
        return found

    def _segment_end(self, frame: int) -> int:
        """The end of the segment that `frame` lies in; `frame` itself behind the last one."""
        ends = (first + count for first, count in self._plan.segments if first <= frame < first + count)
        return next(ends, frame)

    def _find(self, begin: int, end: int) -> _Found:
        start, stop = self._plan.shot_of(begin)
        low, high = max(start, begin - self._coherence.margin), min(stop, end + self._coherence.margin)
        if self._known[0] != start:
            self._known = (start, list(self._known_colors(start, stop)))
        self._guides = {number: guide for number, guide in self._guides.items() if number >= low}
        for number in range(low, high):
            if self._stop.is_set():
                raise InterruptedError
            if number not in self._guides:
                self._guides[number] = self._guide(number)
        guides = [self._guides[number] for number in range(low, high)]
        wanted = range(begin - low, end - low)
        chroma = self._shots.colors(start, guides, low - start, wanted, self._known[1])
        return _Found(chroma, guides[wanted.start : wanted.stop])

    def _guide(self, number: int) -> Guide:
        return guide_of(self._ahead.get(number).luma, self._film.range, self._shots.side)

    def _known_colors(self, start: int, stop: int) -> Iterator[KnownColors]:
        """The known colours of a shot. They do not depend on the segment, so that a resumed run has the same."""
        for number in sorted(self._known_frames):
            if start <= number < stop:
                guide, known = self._guide(number), self._known_frames[number]
                if known.hints:
                    yield self._shots.known_from_hints(guide, number - start, known.hints)
                for _, rgb in known.pictures:
                    yield self._shots.known_from_picture(guide, number - start, rgb)

    def _check_pictures(self) -> None:
        for number in sorted(self._known_frames):
            for path, rgb in self._known_frames[number].pictures:
                if agreement(rgb, self._guide(number)) < ALIKE:
                    seconds = float((int(self._plan.times[number]) - self._plan.start) * self._film.time_base)
                    words = f"does not show the frame of {self._film.path} at {time_text(seconds)}"
                    raise OptionError(f"reference {path}", words, code="other_frame")


@dataclass(frozen=True, slots=True)
class _Found:
    """Chroma and guides of a part of a segment, one for each frame."""

    chroma: list[Float]
    guides: list[Guide]
