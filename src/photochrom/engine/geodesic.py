"""Geodesic distance on a picture: the smallest cost of a path from a seed to each pixel.

Raster scans in alternating directions (Toivanen 1996) converge to the distance that Dijkstra's algorithm gives on the
same grid. Each row is one NumPy operation for all seeds, so that no compiled extension is needed.
"""

from __future__ import annotations

import numpy as np

from photochrom.engine.resize import Float

__all__ = ["geodesic_distances"]

UNREACHED = np.float32(1e9)
DIAGONAL = np.float32(2**0.5)
CLOSE = 1e-4
"""The scans end when no distance shrinks by more than this share."""


def geodesic_distances(cost: Float, seeds: list[tuple[int, int]], scans: int = 8) -> Float:
    """Return the geodesic distance of every pixel from each seed.

    A step to one of the eight neighbours costs the mean of both pixels' costs, times the length of the step.

    Parameters
    ----------
    cost : (K, h, w), above 0
    seeds : row and column of each of the K seeds
    scans : the largest number of pairs of scans, one down and one up. Two or three suffice for most photos.

    Returns
    -------
    (K, h, w)
    """
    count, height, _ = cost.shape
    far = np.full(cost.shape, UNREACHED)
    rows, columns = np.array(seeds).T
    far[np.arange(count), rows, columns] = 0
    across = np.zeros_like(cost)
    np.cumsum((cost[:, :, 1:] + cost[:, :, :-1]) / 2, axis=2, out=across[:, :, 1:])
    straight = (cost[:, 1:] + cost[:, :-1]) / 2
    # From (r, c) to (r + 1, c + 1), and from (r, c + 1) to (r + 1, c).
    right = (cost[:, :-1, :-1] + cost[:, 1:, 1:]) * (DIAGONAL / 2)
    left = (cost[:, :-1, 1:] + cost[:, 1:, :-1]) * (DIAGONAL / 2)
    for _ in range(scans):
        before = far.copy()
        _relax_row(far[:, 0], across[:, 0])
        for row in range(1, height):
            here, above = far[:, row], far[:, row - 1]
            np.minimum(here, above + straight[:, row - 1], out=here)
            np.minimum(here[:, 1:], above[:, :-1] + right[:, row - 1], out=here[:, 1:])
            np.minimum(here[:, :-1], above[:, 1:] + left[:, row - 1], out=here[:, :-1])
            _relax_row(here, across[:, row])
        for row in range(height - 2, -1, -1):
            here, below = far[:, row], far[:, row + 1]
            np.minimum(here, below + straight[:, row], out=here)
            np.minimum(here[:, :-1], below[:, 1:] + right[:, row], out=here[:, :-1])
            np.minimum(here[:, 1:], below[:, :-1] + left[:, row], out=here[:, 1:])
            _relax_row(here, across[:, row])
        if (before - far <= CLOSE * before).all():
            break
    return far


def _relax_row(far: Float, across: Float) -> None:
    """Let each pixel of a row ``(K, w)`` be reached along the row, where `across` is the cost from its left end."""
    np.minimum(far, np.minimum.accumulate(far - across, axis=1) + across, out=far)
    np.minimum(far, np.minimum.accumulate((far + across)[:, ::-1], axis=1)[:, ::-1] - across, out=far)
