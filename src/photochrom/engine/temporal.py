"""Colour that holds still: predictions of key frames, averaged along the optical flow within a shot.

Every frame gets the mean of the key frames' predictions around it, moved along the flow to where its things are. A key
frame that lies `n` frames away counts ``decay ** n``, in the past and in the future alike, and only as far as the flow
can be trusted: what was covered a moment ago takes its colour from frames that see it. The measure is Liu et al. 2021
(arXiv:2110.04562): the colour of a thing must change no more than in a true colour film.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.engine.flow import Flow, Grey, moved, trusted
from photochrom.engine.resize import Float, as_float

__all__ = ["Coherence", "average_along_flow", "certainty", "flow_shape", "is_key"]

UNTRUSTED = 1e-3
"""What a way that is not trusted counts: enough to fill a place that no trusted way leads to."""
DARK = 0.02, 0.10
"""Standard deviation of a frame's luma, in [0, 1], below which its prediction counts nothing, and from which fully."""
LEAST = 1e-3
"""What the prediction of a black frame counts: enough to have a colour where a shot has no other frame."""


@dataclass(frozen=True, slots=True)
class Coherence:
    """How colours are kept still.

    Attributes
    ----------
    every
        The network runs on every `every`-th frame of a shot; 1 is all.
    decay
        What a prediction counts in the frame next to its own; 0 colours key frames by themselves.
    margin
        How many frames before and after a piece of a long shot are looked at for it.
    side
        Flow is found at about side x side pixels.
    """

    every: int = 6
    decay: float = 0.9
    margin: int = 24
    side: int = 128

    def __post_init__(self) -> None:
        if not 1 <= self.every <= 24:
            raise ValueError(f"every must be between 1 and 24 frames, got {self.every}")
        if not 0 <= self.decay <= 0.99:
            raise ValueError(f"decay must be between 0 and 0.99, got {self.decay}")
        if not 0 <= self.margin <= 250:
            raise ValueError(f"margin must be between 0 and 250 frames, got {self.margin}")
        if not 32 <= self.side <= 512:
            raise ValueError(f"side must be between 32 and 512 pixels, got {self.side}")


def is_key(number: int, every: int) -> bool:
    """Whether the network sees frame `number` of a shot; the first one is always seen."""
    return number % every == 0


def flow_shape(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    """Height and width, of about side x side pixels, at which the flow of frames of `shape` is found."""
    scale = min(1.0, side / (shape[0] * shape[1]) ** 0.5)
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def certainty(guide: NDArray[np.uint8]) -> float:
    """What the prediction of a frame counts, in [0.001, 1]: the network guesses wildly in frames that are black.

    Parameters
    ----------
    guide : (h, w) uint8, the frame's luma
    """
    low, high = DARK
    spread = float(guide.std()) / 255
    return max(LEAST, min(1.0, (spread - low) / (high - low)))


def average_along_flow(
    greys: Sequence[Grey],
    predicted: Mapping[int, Float],
    counts: Mapping[int, float | Float],
    decay: float,
    wanted: range | None = None,
) -> list[Float]:
    """Colours of neighbouring frames of one shot, from those of its key frames.

    Parameters
    ----------
    greys : n pictures (h, w) uint8, every frame of the piece
    predicted : (h', w', 2) in Lab units, by number in `greys`; enlarged to (h, w)
    counts : what each prediction counts, above 0: a number, or one for each place (h', w'); see `certainty`
    decay : see `Coherence`
    wanted : the frames to give back; all if None

    Returns
    -------
    One (h, w, 2) for each frame of `wanted`.

    Raises
    ------
    ValueError
        If no frame has a prediction.
    """
    if not predicted:
        raise ValueError("no frame has a prediction")
    height, width = greys[0].shape
    own = [_weighted(predicted.get(i), counts.get(i, 1.0), (height, width)) for i in range(len(greys))]
    finder = Flow()
    flows = [finder.between(first, second) for first, second in pairwise(greys)]
    wanted = range(len(greys)) if wanted is None else wanted
    sums: dict[int, Float] = {}
    total = np.zeros((height, width, 3), np.float32)
    for i, mine in enumerate(own):
        if i:
            to_second, to_first = flows[i - 1]
            total = _carried(total, to_first, to_second, greys[i], greys[i - 1], decay)
        if i in wanted:
            sums[i] = total.copy()
        if mine is not None:
            total = total + mine
    total = np.zeros((height, width, 3), np.float32)
    for i in range(len(greys) - 1, -1, -1):
        if i < len(greys) - 1:
            to_second, to_first = flows[i]
            total = _carried(total, to_second, to_first, greys[i], greys[i + 1], decay)
        if (mine := own[i]) is not None:
            total = total + mine
        if i in sums:
            sums[i] += total
    return [_mean(sums[i], predicted, i) for i in wanted]


def _carried(
    total: Float, there: Float, back: Float, here_grey: Grey, there_grey: Grey, decay: float
) -> Float:
    trust = np.maximum(trusted(there, back, here_grey, there_grey), UNTRUSTED) * np.float32(decay)
    return moved(total, there) * trust[..., None]


def _weighted(ab: Float | None, count: float | Float, shape: tuple[int, int]) -> Float | None:
    """``(h, w, 3)``: a and b times what they count, and what they count."""
    if ab is None:
        return None
    enlarged = as_float(cv2.resize(ab, shape[::-1], interpolation=cv2.INTER_LINEAR))
    weight = np.full((*shape, 1), 1, np.float32)
    weight *= (
        cv2.resize(count, shape[::-1])[..., None] if isinstance(count, np.ndarray) else np.float32(count)
    )
    return np.concatenate([enlarged * weight, weight], axis=2)


def _mean(total: Float, predicted: Mapping[int, Float], i: int) -> Float:
    weight = total[..., 2:]
    if weight.min() > 1e-20:
        return as_float(total[..., :2] / weight)
    # Without decay, or very far from key frames, nothing may be left: the nearest prediction stands in.
    nearest = predicted[min(predicted, key=lambda key: abs(key - i))]
    stand_in = cv2.resize(nearest, total.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return as_float(np.where(weight > 1e-20, total[..., :2] / np.maximum(weight, 1e-20), stand_in))
