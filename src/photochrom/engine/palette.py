"""One palette for the frames of a shot: what looks alike, by the model's learned affinity, has one colour.

Predictions of neighbouring key frames differ a little, and over seconds they drift: a coat is brown, then red. Each
prediction moves towards the mean of those of all key frames that are looked at together, weighted by likeness
(Nadaraya-Watson regression) and by how sure the model is. A coat that leaves and comes back so has its colour again.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from photochrom.engine.resize import Float, as_float

__all__ = ["precision", "share_palette"]

AFFINITY, LUMA, COLOUR = 0.3, 0.1, 12.0
"""One unit of unlikeness: of the learned coordinates, of luma in [0, 1], and of ab in Lab units."""
PULL = 0.7
"""How far a colour moves towards the palette's at most."""
DOUBT = 0.6
"""So many cells that are quite alike pull half as far as any number of them."""
MOST_CELLS = 600
"""Cells of the palette, spread over all key frames: 2,000 change nothing but the time."""
LEAST, MOST = 0.05, 20.0
"""The bounds of `precision`."""


def precision(affinity: Float) -> Float:
    """How sure the model is of each cell's colour: the inverse of the variance of its error, relative to others.

    Parameters
    ----------
    affinity : (h, w, P + 1); its last channel is the learned amplitude of the error

    Returns
    -------
    (h, w) in [0.05, 20], about 1 for most cells
    """
    return as_float(np.clip(1 / np.maximum(affinity[..., -1], 1e-3) ** 2, LEAST, MOST))


def share_palette(predicted: Mapping[int, tuple[Float, Float, Float]]) -> dict[int, Float]:
    """Predictions of one shot that agree on the colours of what looks alike.

    Parameters
    ----------
    predicted : by key frame: ab (h, w, 2) in Lab units, luma (h, w) in [0, 1] and affinity (h, w, P + 1)

    Returns
    -------
    ab (h, w, 2) by key frame.
    """
    places = {key: _places(*each) for key, each in predicted.items()}
    colours = {key: ab.reshape(-1, 2) for key, (ab, _, _) in predicted.items()}
    total = sum(len(each) for each in colours.values())
    step = max(1, total // MOST_CELLS)
    cells = np.concatenate(list(places.values()))[::step]
    known = np.concatenate(list(colours.values()))[::step]
    sure = np.concatenate([precision(affinity).reshape(-1) for _, _, affinity in predicted.values()])[::step]
    squares = (cells**2).sum(1)
    shared = {}
    for key, here in places.items():
        far = (here**2).sum(1)[:, None] + squares[None] - 2 * here @ cells.T
        alike = np.exp(np.clip(far, 0, None) * np.float32(-0.5)) * sure
        weight = alike.sum(1, keepdims=True)
        pull = PULL * weight / (weight + DOUBT)
        palette = alike @ known / np.maximum(weight, 1e-6)
        moved = colours[key] + pull * (palette - colours[key])
        shared[key] = as_float(moved.reshape(predicted[key][0].shape))
    return shared


def _places(ab: Float, luma: Float, affinity: Float) -> Float:
    coordinates = affinity[..., :-1].reshape(-1, affinity.shape[-1] - 1) / np.float32(AFFINITY)
    grey = luma.reshape(-1, 1) / np.float32(LUMA)
    return as_float(np.concatenate([coordinates, grey, ab.reshape(-1, 2) / np.float32(COLOUR)], axis=1))
