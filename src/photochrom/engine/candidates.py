"""Further candidates: other plausible colours of the things in a photo."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color.quantize import softmax
from photochrom.engine.resize import as_float

Float = NDArray[np.float32]
THINGS = 8
"""The largest number of things into which a photo is divided."""
ITERATIONS = 12
SPREAD = 12.0
"""The standard deviation, in ab units, of the colours that one mode of a distribution stands for."""
PLACE = 0.7
"""The weight of a cell's place beside its distribution and its luma."""
ONE_THING = 0.8
"""Cells nearer to each other than this are never divided. Place alone keeps them nearer."""
PLAUSIBLE = 0.15
"""A mode with less of this share of the largest mode's probability is not drawn."""


def alternatives(
    logits: Float, luma: Float, bins: Float, temperature: float, first: Float, count: int, seed: int
) -> list[Float]:
    """Draw `count` further colourings from a photo's distribution.

    The cells are divided into things: groups of cells with similar distributions that lie near each other. Each
    candidate draws one mode of each thing's distribution, so that a thing changes its colour as a whole. A thing whose
    colour is certain has one mode and keeps it. The thing that is least certain has another mode in each candidate than
    in the ones before.

    Parameters
    ----------
    logits : (K, h, w), calibrated
    luma : (h, w) in [0, 1]
    bins : (K, 2), the centres of the bins in Lab units
    temperature : of the annealed mean (Zhang et al. 2016)
    first : (h', w', 2), the colours of the first candidate
    seed : candidate i depends only on the seed, on i, and on the candidates before it

    Returns
    -------
    `count` arrays (h, w, 2) in Lab units.
    """
    classes, height, width = logits.shape
    flat = np.ascontiguousarray(logits.reshape(classes, -1).T)
    posterior = softmax(flat)
    target = as_float(cv2.resize(first, (width, height), interpolation=cv2.INTER_AREA)).reshape(-1, 2)
    things = _things(posterior, bins, luma)
    # (cells, things), and the mean distribution of each thing.
    members = as_float(things[:, None] == np.arange(things.max() + 1))
    sizes = members.sum(axis=0)
    of_things = members.T @ posterior / sizes[:, None]
    near = as_float(np.exp(-((bins[:, None] - bins) ** 2).sum(axis=2) / (2 * SPREAD**2)))
    # The probability that a thing has about this colour, at each bin.
    mass = of_things @ near
    modes = [_modes(row, bins) for row in mass]
    # The mode of the first candidate, whose colours stay where it is drawn.
    own = [_nearest(bins[found], target[things == i].mean(axis=0)) for i, found in enumerate(modes)]
    taken = [{mode} for mode in own]
    # The thing that can change most: a large one whose other modes are likely.
    doubt = [sizes[i] * (1 - mass[i, found[own[i]]] / mass[i, found].sum()) for i, found in enumerate(modes)]
    soft = cv2.blur(members.reshape(height, width, -1), (3, 3)).reshape(height * width, -1)
    results = []
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        ab = target.copy()
        for i, found in enumerate(modes):
            chances = mass[i, found]
            if i == int(np.argmax(doubt)):
                chances = _without(chances, taken[i])
            choice = int(rng.choice(len(found), p=chances / chances.sum()))
            taken[i].add(choice)
            if choice == own[i]:
                continue
            # Each cell prefers the colours near this mode.
            distance = as_float(((bins - bins[found[choice]]) ** 2).sum(axis=1))
            tilted = softmax(as_float((flat - distance / (2 * SPREAD**2)) / temperature))
            # A border between two things is as soft as a cell is wide.
            ab += soft[:, i, None] * (tilted @ bins - target)
        results.append(ab.reshape(height, width, 2))
    return results


def _things(posterior: Float, bins: Float, luma: Float) -> NDArray[np.intp]:
    """Divide the cells by k-means over the mean and the spread of their distributions, their luma and their place."""
    height, width = luma.shape
    mean = posterior @ bins
    spread = np.sqrt(np.maximum(posterior @ bins**2 - mean**2, 0))
    scale = max(float(np.hypot(*mean.std(axis=0))), 1.0)
    rows, columns = np.indices(luma.shape).reshape(2, -1)
    place = np.stack([rows, columns], axis=1) * (PLACE / max(height, width))
    points = as_float(np.concatenate([mean / scale, spread / scale, 2 * luma.reshape(-1, 1), place], axis=1))
    # Each new centre is the point that is farthest from the others (Gonzalez 1985). Nothing is drawn, so the division
    # is repeatable.
    centres = points[:1]
    for _ in range(THINGS - 1):
        distances = ((points[:, None] - centres) ** 2).sum(axis=2).min(axis=1)
        if distances.max() < ONE_THING**2:
            break
        centres = np.concatenate([centres, points[distances.argmax()][None]])
    nearest = np.zeros(len(points), np.intp)
    for _ in range(ITERATIONS):
        nearest = ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        used, nearest = np.unique(nearest, return_inverse=True)
        centres = np.stack([points[nearest == i].mean(axis=0) for i in range(len(used))])
    return nearest


def _modes(mass: Float, bins: Float) -> NDArray[np.intp]:
    """The bins that have more mass than all bins within two `SPREAD`, the largest first."""
    order = np.argsort(-mass, kind="stable")
    found: list[int] = []
    for index in order:
        if mass[index] < PLAUSIBLE * mass[order[0]]:
            break
        if all(np.hypot(*(bins[index] - bins[other])) > 2 * SPREAD for other in found):
            found.append(int(index))
    return np.array(found)


def _nearest(colors: Float, color: Float) -> int:
    return int(((colors - color) ** 2).sum(axis=1).argmin())


def _without(chances: Float, taken: set[int]) -> Float:
    """Give the modes that are taken no chance, unless all are taken."""
    left = chances.copy()
    left[list(taken)] = 0
    return left if left.any() else chances
