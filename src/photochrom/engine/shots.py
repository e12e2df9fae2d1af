"""One shot of a film: from its frames' luma to the guided filter's coefficients of every frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color.gamut import ab_to_chroma
from photochrom.color.ycbcr import Matrix, Range
from photochrom.engine.hints import Hint
from photochrom.engine.known import KnownColors, Prediction, from_hints, from_picture, spread
from photochrom.engine.merge import solve_guided, window
from photochrom.engine.options import Options
from photochrom.engine.palette import precision, share_palette
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
KEY_FRAME = 8.0
"""What the colours of a key frame that a person has coloured count, beside 1 for a prediction."""


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
        self._predicted: dict[int, Prediction] = {}

    def colors(
        self,
        shot: object,
        guides: Sequence[Guide],
        first: int,
        wanted: range,
        known: Sequence[KnownColors] = (),
    ) -> list[Float]:
        """Cb and Cr of neighbouring frames of one shot.

        Parameters
        ----------
        shot : what tells the shot from others
        guides : of the frames looked at, see `guide_of`
        first : the number in its shot of the first of them
        wanted : which of `guides` are to be coloured; the others lie around them
        known : the known colours of the shot, always the same for one shot

        Returns
        -------
        One (h, w, 2) for each wanted frame, at about `Coherence.side` squared.
        """
        every = self.coherence.every
        pictures = {each.frame - first: each.picture for each in known if each.picture is not None}
        keys = [i for i in range(len(guides)) if is_key(first + i, every) or i in pictures]
        # A piece between two key frames, with no margin, has none of its own.
        keys = keys or [wanted.start]
        if shot != self._shot:
            self._shot, self._predicted = shot, {}
        self._predicted = {number: each for number, each in self._predicted.items() if number >= first}
        for i in keys:
            if first + i not in self._predicted:
                predicted = self._predict(guides[i])
                ab = pictures.get(i)
                if ab is None:
                    ab = spread(predicted, first + i, known, self.coherence.decay)
                self._predicted[first + i] = predicted._replace(ab=ab)
        chroma = self._chroma({i: self._predicted[first + i] for i in keys}, pictures)
        shape = flow_shape(guides[0].shape, self.coherence.side)
        greys = [
            np.asarray(cv2.resize(g, shape[::-1], interpolation=cv2.INTER_AREA), np.uint8) for g in guides
        ]
        counts = {
            i: KEY_FRAME if i in pictures else self._count(guides[i], self._predicted[first + i])
            for i in keys
        }
        return average_along_flow(greys, chroma, counts, self.coherence.decay, wanted)

    def known_from_hints(self, guide: Guide, frame: int, hints: Sequence[Hint]) -> KnownColors:
        """The known colours that `hints` give in a frame, whose number in its shot is `frame`."""
        return from_hints(frame, self._predict(guide), hints)

    def known_from_picture(self, guide: Guide, frame: int, rgb: NDArray[np.uint8]) -> KnownColors:
        """The known colours of a frame that a person has coloured: `rgb` (H, W, 3) sRGB."""
        return from_picture(frame, self._predict(guide), rgb)

    def coefficients(self, chroma: Float, guide: Guide) -> Float:
        """The guided filter's coefficients ``(4, gh, gw)`` of one frame, for `photochrom.engine.planes`."""
        cells = self.session.size // 4
        scale = cells / (guide.shape[0] * guide.shape[1]) ** 0.5
        radius = window(guide.shape, (max(1, guide.shape[0] * scale), max(1, guide.shape[1] * scale)))
        return solve_guided(chroma, as_float(guide) * np.float32(1 / 255), radius)

    def _count(self, guide: Guide, predicted: Prediction) -> float | Float:
        """What the prediction of a frame counts, for each place if the model can tell."""
        if predicted.affinity is None:
            return certainty(guide)
        return precision(predicted.affinity) * np.float32(certainty(guide))

    def _predict(self, guide: Guide) -> Prediction:
        luma = as_float(guide) * np.float32(1 / 255)
        (colours,) = predict_raw(self.session, luma, self.options, with_affinity=True)
        shape = colours.ab.shape[:2]
        affinity = colours.affinity
        if affinity is not None:
            affinity = as_float(cv2.resize(affinity, shape[::-1]))
        return Prediction(warmed(colours.ab, luma, self.options.warmth), resized(luma, shape), affinity)

    def _chroma(self, predicted: dict[int, Prediction], pictures: Mapping[int, Float]) -> dict[int, Float]:
        """Cb and Cr ``(h, w, 2)`` of key frames, with one palette if the model can tell what is alike.

        The colours of `pictures` stay as they are.
        """
        able = {key: (ab, luma, like) for key, (ab, luma, like) in predicted.items() if like is not None}
        shared = share_palette(able) if self.coherence.decay and able else {}
        colours = {key: each.ab for key, each in predicted.items()} | shared | dict(pictures)
        return {
            key: as_float(np.stack(ab_to_chroma(colours[key], each.luma, self.matrix), -1))
            for key, each in predicted.items()
        }


def pieces(start: int, stop: int, most: int) -> Iterator[tuple[int, int]]:
    """A shot's frames ``start`` to ``stop`` in nearly equal pieces of at most `most`."""
    count = -(-(stop - start) // most)
    edges = [start + (stop - start) * i // count for i in range(count + 1)]
    yield from pairwise(edges)
