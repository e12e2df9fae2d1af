"""`FilmFile`: a colour film, read shot by shot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.jobs.film_plan import FilmPlan, make_plan
from photochrom.video.probe import probe
from photochrom.video.read import FrameReader
from photochrom.video.thumbnail import thumbnail

__all__ = ["FilmFile"]

LEAST = 5
"""Shots with fewer frames are left out: CDC compares frames that are four apart."""
MOST_LINES = 540
"""Larger frames are reduced to this height when they are read."""


class FilmFile:
    """A film file; its shots are found as ``photochrom film`` finds them.

    Raises
    ------
    PhotoError
        If it cannot be read.
    ValueError
        If all its shots are too short.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._film = probe(path)
        self._plan: FilmPlan = make_plan(self._film, {})
        stops = (*self._plan.shots[1:], self._plan.frames)
        self._shots = [
            range(start, stop)
            for start, stop in zip(self._plan.shots, stops, strict=True)
            if stop - start >= LEAST
        ]
        if not self._shots:
            raise ValueError(f"{path}: has no shot of at least {LEAST} frames")

    @property
    def rate(self) -> float:
        """Frames a second."""
        return float(self._film.rate)

    def shots(self) -> Iterator[Iterator[tuple[str, NDArray[np.uint8]]]]:
        """The name and the sRGB ``(H, W, 3)`` of each frame of each shot."""
        film = self._film
        scale = min(1.0, MOST_LINES / film.height)
        size = max(1, round(film.width * scale)), max(1, round(film.height * scale))
        with closing(FrameReader(film, self._plan.times, seekable=self._plan.seekable)) as reader:
            for shot in self._shots:
                yield (
                    (f"{self.name} {number}", thumbnail(reader.get(number), film, size)) for number in shot
                )
