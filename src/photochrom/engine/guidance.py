"""`Guidance`: what the spread of a hint follows and where it stops, in one photo.

A thing is what a path from the hint reaches cheaply. A path pays for each edge of luma and of the learned affinity that
it crosses, and pays more where the affinity differs from the hint's (geodesic segmentation, Bai and Sapiro 2007). The
radius of a thing is the one at which its area grows least, as in maximally stable extremal regions (Matas et al. 2002).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from photochrom.engine.geodesic import geodesic_distances
from photochrom.engine.resize import Float, as_float, resized

__all__ = ["SIDE", "Guidance", "guidance_of"]

SIDE = 144
"""Hints spread on a grid of about this side squared. It is finer than the network's cells, whose edges are coarse."""
LUMA_EDGE = 0.15
"""The change of luma in [0, 1] that costs as much as a distance of 1 in the learned coordinates."""
COLOR_EDGE = 10.0
"""The distance in ab units that counts as 1, where a model has no learned coordinates."""
LENGTH = 2.9
"""The cost of a path as long as the picture's mean side, without any edge."""
UNLIKE = 8.0
"""How much more a path costs at a squared distance of 1 from the hint's coordinates."""
RADII = (4.0, 16.0)
"""The smallest and the largest geodesic radius of a thing."""
USUAL = 6.5
STABILITY = 1.2
"""The factor of the radius over which the growth of the area is measured."""
LEANING = 0.4
"""How much a radius that differs from the usual one counts against stability."""
LARGEST = 0.6
"""The largest share of the picture that one thing may have, unless even the smallest radius has more."""
SHARPNESS = 10
"""The exponent of the edge of a thing: 6 % of the radius from full effect to three quarters."""
AT_ONCE = 16
KEPT = 64


@dataclass(frozen=True, slots=True, eq=False)
class Guidance:
    """One photo on the grid on which hints spread.

    Attributes
    ----------
    luma
        ``(h, w)`` in [0, 1].
    affinity
        ``(h, w, P + 1)``: the learned coordinates and the amplitude, or None.
    coordinates
        ``(h, w, P)``: coordinates whose edges are those of the luma.
    edges
        ``(h, w)``: the cost of crossing a pixel.
    """

    luma: Float
    affinity: Float | None
    coordinates: Float
    edges: Float
    _kept: dict[tuple[int, int], Float] = field(default_factory=dict, repr=False)

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """Row and column of the place ``(x, y)``, shares of the width and the height."""
        height, width = self.luma.shape
        return min(int(y * height), height - 1), min(int(x * width), width - 1)

    def things(self, cells: Sequence[tuple[int, int]]) -> Float:
        """Return how much each pixel belongs to the thing at each of K cells: ``(K, h, w)`` in [0, 1].

        The most recent ones are cached, because a hint stays in its place while its colour is chosen.
        """
        new = [cell for cell in dict.fromkeys(cells) if cell not in self._kept]
        found = {cell: self._kept[cell] for cell in cells if cell in self._kept}
        for start in range(0, len(new), AT_ONCE):
            some = new[start : start + AT_ONCE]
            found.update(zip(some, _membership(self._distances(some)), strict=True))
        for cell in new:
            self._kept[cell] = found[cell]
        for cell in list(self._kept)[:-KEPT]:
            self._kept.pop(cell, None)
        return np.stack([found[cell] for cell in cells])

    def disc(self, cell: tuple[int, int], radius: float) -> Float:
        """A soft disc ``(h, w)`` in [0, 1] around a cell; `radius` is a share of the mean side."""
        height, width = self.luma.shape
        rows, columns = np.ogrid[:height, :width]
        far = np.hypot(rows - cell[0], columns - cell[1]) / max(radius * (height * width) ** 0.5, 0.5)
        return as_float(1 / (1 + np.minimum(far, 100) ** 8))

    def _distances(self, cells: list[tuple[int, int]]) -> Float:
        """``(K, h, w)`` geodesic distances."""
        own = np.stack([_around(self.coordinates, cell) for cell in cells])
        unlike = ((self.coordinates[None] - own[:, None, None]) ** 2).sum(axis=-1)
        length = np.float32(LENGTH / self.luma.size**0.5)
        return geodesic_distances((self.edges + length) * (1 + np.float32(UNLIKE) * unlike), cells)


def guidance_of(guide: Float, ab: Float, affinity: Float | None) -> Guidance:
    """Prepare a photo for its hints.

    Parameters
    ----------
    guide : (gh, gw) luma in [0, 1]; the grid is not finer
    ab : (h, w, 2) predicted colours; used only if there is no affinity
    affinity : (h, w, P + 1), what the model has learned, or None
    """
    scale = min(1.0, SIDE / guide.size**0.5)
    shape = tuple(max(1, round(side * scale)) for side in guide.shape)
    luma = resized(guide, shape)
    if affinity is None:
        coordinates = enlarged(ab, shape) / np.float32(COLOR_EDGE)
    else:
        affinity = enlarged(affinity, shape)
        coordinates = affinity[..., :-1]
    coordinates = _follow_edges(coordinates, luma)
    # Noise and grain cost nothing; edges stay.
    smooth = as_float(cv2.bilateralFilter(luma, 5, 0.06, 2))
    edges = _gradient(coordinates) + _gradient(smooth[..., None]) / np.float32(LUMA_EDGE)
    return Guidance(luma, affinity, coordinates, edges)


def enlarged(maps: Float, shape: tuple[int, ...]) -> Float:
    """`maps` ``(h, w, P)`` at `shape`, by bilinear interpolation."""
    # OpenCV resizes at most four channels at once in its fast path, and drops a single one.
    return as_float(cv2.resize(maps, shape[1::-1], interpolation=cv2.INTER_LINEAR)).reshape(*shape, -1)


def _membership(distances: Float) -> Float:
    found = np.empty_like(distances)
    for thing, far in zip(found, distances, strict=True):
        thing[:] = 1 / (1 + np.minimum(far / _stable_radius(far), 100) ** SHARPNESS)
    return found


def _stable_radius(far: Float) -> float:
    """The radius at which the area within it grows least."""
    ordered = np.sort(far, axis=None)
    radii = np.geomspace(*RADII, 24)
    inner, outer = (np.searchsorted(ordered, radii * factor) for factor in (1 / STABILITY, STABILITY))
    growth = np.log(outer / np.maximum(inner, 1)) / (2 * np.log(STABILITY))
    # The whole picture does not grow either, but it is no thing.
    growth[outer > LARGEST * far.size] = np.inf
    return float(radii[np.argmin(growth + LEANING * np.log(radii / USUAL) ** 2)])


def _around(maps: Float, cell: tuple[int, int]) -> Float:
    """The mean ``(P,)`` of 3 x 3 pixels, because a click is not more precise."""
    row, column = cell
    near = maps[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
    return as_float(near.reshape(-1, maps.shape[-1]).mean(axis=0))


def _follow_edges(maps: Float, luma: Float, radius: int = 3, regularization: float = 1e-3) -> Float:
    """The guided filter (He et al. 2013) of each channel: edges move to those of the luma."""
    side = (2 * radius + 1, 2 * radius + 1)

    def mean(x: Float) -> Float:
        return as_float(cv2.blur(x, side, borderType=cv2.BORDER_REFLECT))

    mean_luma = mean(luma)
    variance = mean(luma * luma) - mean_luma**2 + np.float32(regularization)
    found = np.empty_like(maps)
    for channel in range(maps.shape[-1]):
        part = np.ascontiguousarray(maps[..., channel])
        mean_part = mean(part)
        slope = (mean(luma * part) - mean_luma * mean_part) / variance
        found[..., channel] = mean(slope) * luma + mean(mean_part - slope * mean_luma)
    return found


def _gradient(maps: Float) -> Float:
    """The change ``(h, w)`` across each pixel, of maps ``(h, w, P)``: rows and columns together."""
    found = np.zeros(maps.shape[:2], np.float32)
    down = np.sqrt(((maps[1:] - maps[:-1]) ** 2).sum(axis=-1)) / 2
    across = np.sqrt(((maps[:, 1:] - maps[:, :-1]) ** 2).sum(axis=-1)) / 2
    found[1:] += down
    found[:-1] += down
    found[:, 1:] += across
    found[:, :-1] += across
    return found
