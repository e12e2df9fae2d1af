"""References: colour pictures of the same people, place or time, from which a photo takes colours.

Each cell of the photo finds the most similar cells of the reference, by the network's own features and by the texture
around it, and moves towards their true colours. A cell counts the less the worse its match is. The whole reference
counts only if the photo finds more in it than chance: cells that are more alike there than elsewhere in the photo
itself, or matches that are mutual. So a reference that does not fit changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import rgb_to_lab
from photochrom.color.luma import rgb_to_luma
from photochrom.engine.resize import Float, as_float, resized

__all__ = ["MOST_REFERENCES", "Cells", "Match", "Reference", "cells_of", "match", "take_colors"]

MOST_REFERENCES = 8
CELLS = 48
"""Photo and reference are compared at about this side squared."""
AFFINITY, LUMA, COLOR, PATCH, DISTRIBUTION = 0.5, 0.15, 12.0, 0.35, 5.0
"""One unit of unlikeness: of the learned coordinates, luma in [0, 1] and ab in Lab units; and the weights of a patch of
normalized luma and of the square root of the distribution over colours."""
SOFTNESS = 1.5
"""How fast a worse match than the best one loses weight."""
DOUBT = 6.0
"""The squared unlikeness at which a match counts half."""
ELSEWHERE = 8
"""So many cells away counts as elsewhere in the photo."""
MUTUAL = 3.0
"""A match is mutual if the way back ends within so many cells."""
MORE_ALIKE, MUTUALITY, UNLIKE = (0.08, 0.25), (0.20, 0.35), (5.0, 8.0)
"""From nothing to full fitness: the share of cells that are more alike in the reference than elsewhere in the photo,
the share of mutual matches, and the median unlikeness, which goes the other way."""
EVERY = 5
"""Every so many cells are compared with the rest of the photo."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A colour picture.

    Attributes
    ----------
    digest
        SHA-256 of its file, hexadecimal; two references with one digest are equal.
    name
        For messages.
    rgb
        ``(h, w, 3)`` uint8 sRGB, small.
    """

    digest: str
    name: str = field(compare=False)
    rgb: NDArray[np.uint8] = field(compare=False, repr=False)
    _cells: dict[str, Cells] = field(default_factory=dict, compare=False, repr=False)

    @property
    def luma(self) -> Float:
        """``(h, w)`` in [0, 1]."""
        return as_float(rgb_to_luma(self.rgb.astype(np.float32) / 255))

    def cells(self, model: str, found: Cells) -> Cells:
        """Remember its cells for a model, so that the network runs once for many photos."""
        return self._cells.setdefault(model, found)

    def known_cells(self, model: str) -> Cells | None:
        """What `cells` has remembered."""
        return self._cells.get(model)


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """A picture for comparison: features ``(h, w, F)``, and true colours ``(h, w, 2)`` if it is a reference."""

    features: Float
    ab: Float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """What a photo takes from a reference.

    Attributes
    ----------
    ab
        ``(h, w, 2)``: the colour that each cell finds.
    weight
        ``(h, w)`` in [0, 1]: how much it counts.
    fitness
        How well the whole reference fits, in [0, 1]. It is a factor of `weight` already.
    """

    ab: Float
    weight: Float
    fitness: float


def cells_of(
    luma: Float,
    ab: Float,
    affinity: Float | None,
    distribution: Float | None,
    rgb: NDArray[np.uint8] | None = None,
) -> Cells:
    """Describe a picture.

    Parameters
    ----------
    luma : (H, W) in [0, 1]
    ab : (h, w, 2) predicted colours; used only if the model learns no affinity
    affinity : (h, w, P + 1) or None
    distribution : (h, w, K) over colours, sums 1, or None
    rgb : (H', W', 3), of a reference
    """
    scale = min(1.0, CELLS / (ab.shape[0] * ab.shape[1]) ** 0.5)
    shape = (max(1, round(ab.shape[0] * scale)), max(1, round(ab.shape[1] * scale)))
    learned = ab / np.float32(COLOR) if affinity is None else affinity[..., :-1] / np.float32(AFFINITY)
    parts = [
        _fitted(learned, shape),
        resized(luma, shape)[..., None] / np.float32(LUMA),
        _patches(luma, shape) * np.float32(PATCH),
    ]
    if distribution is not None:
        parts.append(np.sqrt(np.clip(_fitted(distribution, shape), 0, None)) * np.float32(DISTRIBUTION))
    features = as_float(np.concatenate(parts, axis=-1))
    if rgb is None:
        return Cells(features)
    true = as_float(rgb_to_lab(rgb.astype(np.float32) / 255)[..., 1:])
    return Cells(features, _fitted(true, shape))


def match(photo: Cells, reference: Cells) -> Match:
    """Find the colours of a photo in a reference."""
    assert reference.ab is not None
    height, width = photo.features.shape[:2]
    own = photo.features.reshape(height * width, -1)
    other = reference.features.reshape(-1, own.shape[1])
    unlike = _unlikeness(own, other)
    best, back = unlike.argmin(axis=1), unlike.argmin(axis=0)
    least = unlike[np.arange(len(own)), best]
    weights = np.exp((least[:, None] - unlike) * np.float32(SOFTNESS))
    weights /= weights.sum(axis=1, keepdims=True)
    ab = weights @ reference.ab.reshape(-1, 2)
    there_and_back = back[best]
    numbers = np.arange(len(own))
    mutual = _cells_apart(there_and_back, numbers, width) <= MUTUAL
    some = numbers[::EVERY]
    within = _unlikeness(own[some], own)
    within[_cells_apart(some[:, None], numbers[None], width) < ELSEWHERE] = np.inf
    more_alike = least[some] < within.min(axis=1)
    fitness = max(_ramp(float(more_alike.mean()), MORE_ALIKE), _ramp(float(mutual.mean()), MUTUALITY))
    fitness *= 1 - _ramp(float(np.median(least)), UNLIKE)
    weight = np.float32(fitness) / (1 + (least / np.float32(DOUBT)) ** 2)
    return Match(
        as_float(ab.reshape(height, width, 2)), as_float(weight.reshape(height, width)), float(fitness)
    )


def take_colors(ab: Float, matches: list[Match]) -> Float:
    """Move predicted colours ``(h, w, 2)`` towards those that were found, by their weights."""
    shape = ab.shape[:2]
    weights = np.stack([_fitted(each.weight[..., None], shape) for each in matches])
    colors = np.stack([_fitted(each.ab, shape) for each in matches])
    total = weights.sum(axis=0)
    mean = (weights * colors).sum(axis=0) / np.maximum(total, 1e-6)
    # Several references that say little each say more together, but never more than one that is sure.
    taken = 1 - np.prod(1 - weights, axis=0)
    return as_float(ab + taken * (mean - ab))


def _unlikeness(first: Float, second: Float) -> Float:
    """Squared distances ``(N, M)``."""
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)[None]
    return as_float(np.maximum(squares - 2 * first @ second.T, 0))


def _patches(luma: Float, shape: tuple[int, int]) -> Float:
    """7 x 7 samples of normalized luma around each cell, half a cell apart: ``(h, w, 49)``."""
    height, width = shape
    fine = resized(luma, (2 * height, 2 * width))
    centred = fine - cv2.GaussianBlur(fine, (0, 0), 4)
    spread = np.sqrt(cv2.GaussianBlur(centred**2, (0, 0), 4)) + np.float32(0.03)
    padded = cv2.copyMakeBorder(as_float(centred / spread), 6, 6, 6, 6, cv2.BORDER_REFLECT)
    offsets = range(0, 13, 2)
    return np.stack(
        [padded[y : y + 2 * height : 2, x : x + 2 * width : 2] for y in offsets for x in offsets], axis=-1
    )


def _fitted(maps: Float, shape: tuple[int, ...]) -> Float:
    """`maps` ``(h, w, C)`` at `shape`. OpenCV takes up to 512 channels."""
    if maps.shape[:2] == tuple(shape):
        return maps
    shrinks = maps.shape[0] >= shape[0] and maps.shape[1] >= shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return as_float(cv2.resize(maps, shape[1::-1], interpolation=how)).reshape(*shape, -1)


def _cells_apart(first: NDArray[np.intp], second: NDArray[np.intp], width: int) -> Float:
    return as_float(np.hypot(first // width - second // width, first % width - second % width))


def _ramp(value: float, ends: tuple[float, float]) -> float:
    return float(np.clip((value - ends[0]) / (ends[1] - ends[0]), 0, 1))
