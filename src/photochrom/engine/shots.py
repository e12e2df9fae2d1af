"""One shot of a film: from its frames' luma to the guided filter's coefficients of every frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color.ycbcr import Matrix, Range, ab_to_chroma
from photochrom.engine.merge import solve_guided, window
from photochrom.engine.options import Options
from photochrom.engine.palette import share_palette
from photochrom.engine.predict import predict_raw, sides
from photochrom.engine.resize import Float, as_float, reduced, resized
from photochrom.engine.session import Session
from photochrom.engine.temporal import Coherence, average_along_flow, certainty, flow_shape, is_key
from photochrom.engine.warmth import warmed

__all__ = ["Guide", "ShotColorizer", "guide_of"]

Guide = NDArray[np.uint8]
GUIDE_SIDE = 256
"""Frames are reduced to about this side squared for the network and the guided filter; smaller than a photo's guide,
because it is done for every frame."""


def guide_of(luma: NDArray[Any], held: Range, side: int = GUIDE_SIDE) -> Guide:
    """A frame's luma at about side x side pixels, ``(h, w)`` uint8 in full range.

    Parameters
    ----------
    luma : (H, W) integers as `held` says
    """
    levels = reduced(luma, side) * np.float32(np.iinfo(luma.dtype).max)
    grey = (levels - np.float32(held.black)) * np.float32(255 / held.luma_levels)
    return np.asarray(np.clip(grey + np.float32(0.5), 0, 255), np.uint8)


class ShotColorizer:
    """Finds the colours of shots, one after another; not safe to share between threads.

    Parameters
    ----------
    session : runs the network
    options : how frames are colorized
    coherence : how their colours are kept still
    matrix : of the film
    """

    def __init__(self, session: Session, options: Options, coherence: Coherence, matrix: Matrix) -> None:
        self.session, self.options, self.coherence, self.matrix = session, options, coherence, matrix
        self.side = max(GUIDE_SIDE, *sides(session, options))
        self._shot: object = None
        self._known: dict[int, tuple[Float, Float, Float | None]] = {}

    def colors(self, shot: object, guides: Sequence[Guide], first: int, wanted: range) -> list[Float]:
        """Cb and Cr of neighbouring frames of one shot.

        Parameters
        ----------
        shot : what tells the shot from others
        guides : of the frames looked at, see `guide_of`
        first : the number in its shot of the first of them
        wanted : which of `guides` are to be coloured; the others lie around them

        Returns
        -------
        One (h, w, 2) for each wanted frame, at about `Coherence.side` squared.
        """
        every = self.coherence.every
        keys = [i for i in range(len(guides)) if is_key(first + i, every)]
        # A piece between two key frames, with no margin, has none of its own.
        keys = keys or [wanted.start]
        if shot != self._shot:
            self._shot, self._known = shot, {}
        self._known = {number: each for number, each in self._known.items() if number >= first}
        for i in keys:
            if first + i not in self._known:
                self._known[first + i] = self._predict(guides[i])
        predicted = self._chroma({i: self._known[first + i] for i in keys})
        shape = flow_shape(guides[0].shape, self.coherence.side)
        greys = [
            np.asarray(cv2.resize(g, shape[::-1], interpolation=cv2.INTER_AREA), np.uint8) for g in guides
        ]
        counts = {i: certainty(guides[i]) for i in keys}
        return average_along_flow(greys, predicted, counts, self.coherence.decay, wanted)

    def coefficients(self, chroma: Float, guide: Guide) -> Float:
        """The guided filter's coefficients ``(4, gh, gw)`` of one frame, for `photochrom.engine.planes`."""
        cells = self.session.size // 4
        scale = cells / (guide.shape[0] * guide.shape[1]) ** 0.5
        radius = window(guide.shape, (max(1, guide.shape[0] * scale), max(1, guide.shape[1] * scale)))
        return solve_guided(chroma, as_float(guide) * np.float32(1 / 255), radius)

    def _predict(self, guide: Guide) -> tuple[Float, Float, Float | None]:
        """ab, luma and affinity, if the model has learned it, at the network's scale."""
        luma = as_float(guide) * np.float32(1 / 255)
        (colours,) = predict_raw(self.session, luma, self.options, with_affinity=True)
        shape = colours.ab.shape[:2]
        affinity = colours.affinity
        if affinity is not None:
            affinity = as_float(cv2.resize(affinity, shape[::-1]))
        return warmed(colours.ab, luma, self.options.warmth), resized(luma, shape), affinity

    def _chroma(self, known: dict[int, tuple[Float, Float, Float | None]]) -> dict[int, Float]:
        """Cb and Cr ``(h, w, 2)`` of key frames, with one palette where the model can tell what is alike."""
        able = {key: (ab, luma, like) for key, (ab, luma, like) in known.items() if like is not None}
        shared = share_palette(able) if self.coherence.decay and able else {}
        return {
            key: as_float(np.stack(ab_to_chroma(shared.get(key, ab), luma, self.matrix), -1))
            for key, (ab, luma, _) in known.items()
        }


def pieces(start: int, stop: int, most: int) -> Iterator[tuple[int, int]]:
    """A shot's frames ``start`` to ``stop`` in nearly equal pieces of at most `most`."""
    count = -(-(stop - start) // most)
    edges = [start + (stop - start) * i // count for i in range(count + 1)]
    yield from pairwise(edges)
