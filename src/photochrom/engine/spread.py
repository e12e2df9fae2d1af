"""Spread hints over a photo: each over its brush, its thing or everything like it, and nowhere where colours are kept.

The steps, in this order:

1. Hints on at least three things that agree set the chroma of the whole photo (`photochrom.color.propagation`).
2. Hints that reach everything like them spread by Gaussian process regression.
3. Hints that reach their thing spread by it too, as far as hints on other things predict them. A single hint, or two,
   therefore change nothing but their things. Ten that agree correct the whole photo.
4. What then remains at a hint is added over its thing. Where things overlap, it is interpolated by inverse distance
   (Shepard 1968), so that no colour lies beyond those of the hints.
5. Brushes are laid over the result, and kept things get back the automatic colours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color.propagation import AT_ONCE, NOISE, chroma_gain, kernel, places, regression
from photochrom.engine.guidance import Guidance, enlarged
from photochrom.engine.hints import Hint
from photochrom.engine.resize import Float, as_float

__all__ = ["apply_hints", "reach_of"]

FEW, MANY = 2, 5
"""Up to `FEW` things with hints change nothing else. From `MANY` on, their evidence counts in full."""
PRIOR = 1500.0
"""The squared Lab units of one more prediction that is right, when hints are tested against each other."""
WIDER = 0.7
"""The factor of distances in the picture. The kernel was learned at the network's scale, with fewer hints."""
TOGETHER = 0.5
"""Two hints are on one thing if one of them belongs at least so much to the other's."""


Numbers: TypeAlias = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class _Field:
    """The N pixels of the grid, and behind them one row for each of the K hints: the mean of 3 x 3 pixels around it.

    `pixels` ``(K,)`` are the rows of the hints' pixels, `at` ``(K,)`` those behind the grid. `flat` ``(N + K, 2)``
    are the predicted colours, `cells` the coordinates in which near pixels have similar colours, `amplitude`
    ``(N + K,)`` the learned one or None, `things` ``(K, N + K)`` how much each pixel belongs to the thing of each hint,
    and `known` ``(K, 2)`` the hints' colours.
    """

    pixels: Numbers
    at: Numbers
    flat: Float
    cells: Float
    amplitude: Float | None
    things: Float
    known: Float

    @classmethod
    def of(cls, flat: Float, guidance: Guidance, hints: list[Hint]) -> _Field:
        height, width = guidance.luma.shape
        cells = [guidance.cell(hint.x, hint.y) for hint in hints]
        pixels = np.array([row * width + column for row, column in cells])
        things = guidance.things(cells).reshape(len(cells), -1)
        amplitude = _amplitude(guidance)

        def extended(maps: Float) -> Float:
            mean = cv2.blur(np.ascontiguousarray(maps.reshape(height, width, -1)), (3, 3))
            return as_float(np.concatenate([maps, mean.reshape(maps.shape)[pixels]]))

        return cls(
            pixels,
            height * width + np.arange(len(pixels)),
            extended(flat),
            extended(_places(flat, guidance)),
            None if amplitude is None else extended(amplitude),
            np.concatenate([things, things[:, pixels]], axis=1),
            as_float(np.stack([hint.ab for hint in hints])),
        )


def apply_hints(ab: Float, guidance: Guidance, hints: tuple[Hint, ...]) -> Float:
    """Return the change of predicted colours by which they agree with the hints.

    Parameters
    ----------
    ab : (h, w, 2) predicted colours in Lab units, of any size
    guidance : the photo; its grid is that of the result

    Returns
    -------
    (gh, gw, 2) in Lab units
    """
    shape = guidance.luma.shape
    flat = enlarged(ab, shape).reshape(-1, 2)
    coloured = [hint for hint in hints if hint.reach in ("thing", "like")]
    moved = flat.copy()
    if coloured:
        like = np.array([hint.reach == "like" for hint in coloured])
        moved = _spread(_Field.of(flat, guidance, coloured), like)[: len(flat)]
    for hint in hints:
        if hint.reach == "here":
            cell = guidance.cell(hint.x, hint.y)
            # The prediction's own variation stays, around the colour of the brush.
            painted = hint.ab + flat - flat[cell[0] * shape[1] + cell[1]]
            moved += guidance.disc(cell, hint.brush).reshape(-1, 1) * (painted - moved)
    change = moved - flat
    kept = [hint for hint in hints if hint.reach == "keep"]
    if kept:
        change *= _free(guidance, kept, [hint for hint in hints if hint.reach == "thing"])[:, None]
    return as_float(change.reshape(*shape, 2))


def reach_of(ab: Float, guidance: Guidance, hint: Hint) -> Float:
    """How strongly a hint alone acts on each pixel: ``(gh, gw)`` in [0, 1]. For "keep", how much is kept."""
    shape = guidance.luma.shape
    cell = guidance.cell(hint.x, hint.y)
    if hint.reach == "here":
        return guidance.disc(cell, hint.brush)
    if hint.reach == "keep":
        return as_float(guidance.things([cell])[0])
    cells, amplitude = _places(enlarged(ab, shape).reshape(-1, 2), guidance), _amplitude(guidance)
    at = np.array([cell[0] * shape[1] + cell[1]])
    alike = kernel(cells[None], cells[at][None])[0]
    if hint.reach == "thing":
        return as_float((np.sqrt(alike[:, 0]) * guidance.things([cell])[0].reshape(-1)).reshape(shape))
    if amplitude is not None:
        alike = alike * amplitude[:, None] / amplitude[at]
    return as_float(np.clip(alike[:, 0], 0, 1).reshape(shape))


def _spread(field: _Field, like: NDArray[np.bool_]) -> Float:
    """Steps 1 to 4: colours ``(N + K, 2)``. `like` ``(K,)`` marks the hints that reach everything like them."""
    at, known = field.at, field.known
    groups = _groups(field)
    evidence = 1.0 if like.all() else float(np.clip((groups.max() + 1 - FEW) / (MANY - FEW), 0, 1))
    gain = chroma_gain(field.flat[at][None], known[None])[0, 0, 0]
    moved = field.flat * (1 + (gain - 1) * np.float32(evidence))
    if like.any():
        moved = moved + _regressed(field, at[like], (known - moved[at])[like])
    if evidence > 0 and not like.all():
        rest = known - moved[at]
        share = evidence * _agreement(field, rest, groups)
        moved = moved + np.float32(share) * _regressed(field, at, rest)
    return as_float(moved + _shepard(field, known - moved[field.pixels], like))


def _shepard(field: _Field, rest: Float, like: NDArray[np.bool_]) -> Float:
    """Step 4: ``(N + K, 2)``. A pixel that belongs to no thing does not change."""
    known = field.cells[field.at]
    # On a detail, the pixel itself differs from the mean around it. It counts as equal to it.
    own = np.diagonal(kernel(field.cells[field.pixels][None], known[None])[0])
    changed = np.empty_like(field.flat)
    step = max(1, AT_ONCE // len(known))
    for start in range(0, len(changed), step):
        part = slice(start, start + step)
        alike = np.minimum(kernel(field.cells[part][None], known[None])[0] / own, 1)
        # What reaches everything like it has spread in step 2, and only its surroundings are left.
        within = np.where(like, alike**2, field.things[:, part].T) * np.sqrt(alike)
        weight = 1 / np.maximum(1 / np.maximum(within, 1e-6) - 1 + NOISE, NOISE)
        changed[part] = weight @ rest / (weight.sum(axis=1, keepdims=True) + 1)
    return changed


def _regressed(field: _Field, at: Numbers, rest: Float) -> Float:
    amplitude = None if field.amplitude is None else field.amplitude[None]
    return as_float(regression(field.cells[None], amplitude, at[None], rest[None])[0])


def _agreement(field: _Field, rest: Float, groups: Numbers) -> float:
    """How well each thing's hints are predicted by those of the other things, in [0, 1].

    It is the slope of the changes that hints ask for on those that the others predict, without the thing that speaks
    most for it.
    """
    at = field.at
    near = kernel(field.cells[at][None], field.cells[at][None])[0].astype(np.float64)
    scale = np.ones((len(at), 1)) if field.amplitude is None else field.amplitude[at][:, None]
    inverse = np.linalg.inv(near + NOISE * np.eye(len(at)))
    wanted = rest / scale
    weights = inverse @ wanted
    products, squares = np.zeros(groups.max() + 1), np.zeros(groups.max() + 1)
    for group in range(groups.max() + 1):
        own = groups == group
        # The prediction of Gaussian process regression without these points (Rasmussen and Williams 2006, 5.4.2).
        predicted = (wanted[own] - np.linalg.solve(inverse[np.ix_(own, own)], weights[own])) * scale[own]
        square = (predicted**2).sum(axis=1)
        squares[group] = square.sum()
        products[group] = np.minimum((predicted * rest[own]).sum(axis=1), 2 * square).sum()
    slopes = (products.sum() - products + PRIOR) / (squares.sum() - squares + PRIOR)
    return float(np.clip(slopes.min(), 0, 1))


def _groups(field: _Field) -> Numbers:
    """The number of the thing ``(K,)`` on which each hint lies, from 0."""
    belongs = field.things[:, field.at]
    together = np.maximum(belongs, belongs.T) > TOGETHER
    numbers = np.arange(len(together))
    for row in range(len(together)):
        joined = np.unique(numbers[together[row]])
        numbers[np.isin(numbers, joined)] = joined[0]
    return np.asarray(np.unique(numbers, return_inverse=True)[1])


def _free(guidance: Guidance, kept: list[Hint], coloured: list[Hint]) -> Float:
    """How much of the change stays: ``(N,)`` in [0, 1].

    Where a kept and a coloured point are on one thing, the nearer one wins.
    """
    shape = guidance.luma.shape
    hold = (
        guidance.things([guidance.cell(hint.x, hint.y) for hint in kept]).reshape(len(kept), -1).max(axis=0)
    )
    if coloured:
        cells = [guidance.cell(hint.x, hint.y) for hint in coloured]
        rows, columns = np.mgrid[: shape[0], : shape[1]].reshape(2, -1)

        def nearest(points: list[tuple[int, int]]) -> Float:
            return as_float(np.min([np.hypot(rows - r, columns - c) for r, c in points], axis=0))

        far, near = nearest([guidance.cell(hint.x, hint.y) for hint in kept]), nearest(cells)
        mine = guidance.things(cells).reshape(len(cells), -1).max(axis=0)
        # Only where both things overlap does the distance decide.
        contested = hold * mine
        wins = near**4 / np.maximum(far**4 + near**4, 1e-6)
        hold = hold * (1 - contested + contested * wins)
    return as_float(1 - hold)


def _places(flat: Float, guidance: Guidance) -> Float:
    """The coordinates ``(N, P + 5)`` in which near pixels have similar colours."""
    height, width = guidance.luma.shape
    ab = flat.T.reshape(1, 2, height, width)
    learned = None if guidance.affinity is None else guidance.affinity[..., :-1].transpose(2, 0, 1)[None]
    found = places(ab, guidance.luma[None, None], learned)[0]
    found[:, :2] *= WIDER
    return as_float(found)


def _amplitude(guidance: Guidance) -> Float | None:
    return None if guidance.affinity is None else guidance.affinity[..., -1].reshape(-1)
