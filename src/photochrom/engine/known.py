"""Colours that are known in one frame of a shot, and their effect on the other frames of the shot.

The colours are hints at points, or a key frame that a person has coloured. `photochrom.color.propagation` spreads them
as in a photo: cells of any frame that look alike, by the model's learned affinity, take the change. Things move, so
the place of a cell counts `decay` times less with each frame between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import rgb_to_lab
from photochrom.color.propagation import chroma_gain, places, regression
from photochrom.engine.hints import Hint
from photochrom.engine.resize import Float, as_float, resized

__all__ = ["KnownColors", "Prediction", "agreement", "from_hints", "from_picture", "spread"]

GRID = 16
"""A key frame gives at most GRID x GRID known colours: 256 take about 10 ms for each frame that follows them."""
SAME = 0.12
"""Luma, in [0, 1], by which a cell of a key frame may differ from the film's frame and still show the same thing."""


class Prediction(NamedTuple):
    """Colours of one frame at the network's scale.

    `ab` (h, w, 2) is in Lab units, `luma` (h, w) in [0, 1], and `affinity` (h, w, P + 1), or None if the model has
    not learned it.
    """

    ab: Float
    luma: Float
    affinity: Float | None


@dataclass(frozen=True, slots=True)
class KnownColors:
    """K known colours in one frame of a shot.

    Attributes
    ----------
    frame
        The number of the frame in its shot.
    cells
        (K, 5 + P) the cells, see `photochrom.color.propagation.places`.
    amplitude
        (K,) the learned amplitudes, or None.
    predicted, known
        (K, 2) what the network predicts there, and what is known, in Lab units.
    picture
        (h, w, 2) the colours of a whole key frame, or None.
    """

    frame: int
    cells: Float
    amplitude: Float | None
    predicted: Float
    known: Float
    picture: Float | None = None


def from_hints(frame: int, prediction: Prediction, hints: Sequence[Hint]) -> KnownColors:
    """Take the known colours of hints, whose positions are shares of the frame's width and height."""
    height, width = prediction.luma.shape
    at = [min(int(h.y * height), height - 1) * width + min(int(h.x * width), width - 1) for h in hints]
    return _known(frame, prediction, np.array(at), np.stack([hint.ab for hint in hints]))


def from_picture(frame: int, prediction: Prediction, rgb: NDArray[np.uint8]) -> KnownColors:
    """Take the known colours of a coloured key frame, from a grid of its cells.

    Cells whose luma differs from the film's are left out: there the picture shows something else.

    Parameters
    ----------
    rgb : (H, W, 3) uint8 sRGB, the whole frame at any size
    """
    height, width = prediction.luma.shape
    lab = np.asarray(rgb_to_lab(resized(as_float(rgb / np.float32(255)), (height, width))), np.float32)
    ab = lab[..., 1:]
    same = np.abs(_luma(rgb, (height, width)) - prediction.luma) < SAME
    rows, columns = (
        np.unique(((np.arange(GRID) + 0.5) * size / GRID).astype(np.int64)) for size in (height, width)
    )
    at = (rows[:, None] * width + columns[None]).reshape(-1)
    at = at[same.reshape(-1)[at]]
    known = as_float(cv2.blur(ab, (3, 3))).reshape(-1, 2)[at]
    picture = np.where(same[..., None], ab, prediction.ab)
    return _known(frame, prediction, at, known, as_float(picture))


def agreement(rgb: NDArray[np.uint8], guide: NDArray[np.uint8]) -> float:
    """How well a picture agrees with a frame: the correlation of their luma, in [-1, 1].

    Parameters
    ----------
    rgb : (H, W, 3) uint8 sRGB
    guide : (h, w) uint8, the frame's luma
    """
    first, second = _luma(rgb, guide.shape).reshape(-1), as_float(guide).reshape(-1)
    spread = float(first.std() * second.std())
    if spread < 1e-6:
        return 0.0
    return float(np.mean((first - first.mean()) * (second - second.mean()))) / spread


def spread(prediction: Prediction, frame: int, known: Sequence[KnownColors], decay: float) -> Float:
    """Change a frame's predicted colours so that they agree with the known colours of its shot.

    Parameters
    ----------
    frame : the number of the predicted frame in the shot
    decay : how much less the place of a cell counts with each frame between; 1 is no less

    Returns
    -------
    (h, w, 2) in Lab units
    """
    known = [each for each in known if len(each.known)]
    if not known:
        return prediction.ab
    colors = np.concatenate([each.known for each in known])
    predicted = np.concatenate([each.predicted for each in known])
    gain = chroma_gain(predicted[None], colors[None])
    own, amplitude = _cells(prediction)
    cells = np.concatenate([*(each.cells for each in known), own])
    cells[:, :2] *= np.float32(decay ** min(abs(frame - each.frame) for each in known))
    amplitudes = None
    if amplitude is not None:
        amplitudes = np.concatenate([*_amplitudes(known), amplitude])[None]
    at = np.arange(len(colors))[None]
    change = regression(cells[None], amplitudes, at, colors[None] - predicted[None] * gain)
    height, width = prediction.luma.shape
    return as_float(prediction.ab * gain + change[0, len(colors) :].reshape(height, width, 2))


def _amplitudes(known: Iterable[KnownColors]) -> list[Float]:
    return [each.amplitude for each in known if each.amplitude is not None]


def _known(
    frame: int, prediction: Prediction, at: NDArray[np.int64], known: Float, picture: Float | None = None
) -> KnownColors:
    cells, amplitude = _cells(prediction)
    return KnownColors(
        frame,
        cells[at],
        None if amplitude is None else amplitude[at],
        prediction.ab.reshape(-1, 2)[at],
        as_float(known),
        picture,
    )


def _cells(prediction: Prediction) -> tuple[Float, Float | None]:
    """The places (N, 5 + P) and learned amplitudes (N,) of a frame's cells."""
    ab, learned = (None if x is None else x.transpose(2, 0, 1)[None] for x in prediction[::2])
    coordinates = None if learned is None else learned[:, :-1]
    cells = places(ab, prediction.luma[None, None], coordinates)[0]
    return as_float(cells), None if learned is None else as_float(learned[0, -1].reshape(-1))


def _luma(rgb: NDArray[np.uint8], shape: tuple[int, ...]) -> Float:
    grey = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY)
    return resized(as_float(grey) / np.float32(255), shape)
