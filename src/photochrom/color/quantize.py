"""The ab plane quantised into bins, as Zhang et al. 2016 ("Colorful Image Colorization") classify colour.

The bins are computed from the sRGB gamut. The paper's published list has 313 bins and this one 261. The number depends
on the test whether the gamut touches a bin's square. A published network therefore needs its own list, which is in the
weights of its last layer.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color._arrays import Array, array_namespace, namespace
from photochrom.color.lab import rgb_to_lab

BIN = 10.0
SIGMA = 5.0
NEIGHBOURS = 5
TEMPERATURE = 0.38


@cache
def ab_bins(bin_size: float = BIN) -> NDArray[np.float32]:
    """Return the centres of the bins that the sRGB gamut touches.

    Returns
    -------
    (K, 2) float32, a then b, ordered by a and then by b; read-only. K is 261 for a bin size of 10.
    """
    # Every in-gamut (a, b) is in the projection of the RGB cube, and the projection of the cube's surface covers it.
    # With 8-bit steps of 3, no gap is as wide as 3 units.
    level = np.linspace(0.0, 1.0, 86)
    u, v = (x.ravel() for x in np.meshgrid(level, level))
    faces = [
        np.insert(np.stack([u, v], axis=-1), channel, constant, axis=-1)
        for channel in range(3)
        for constant in (0.0, 1.0)
    ]
    ab = rgb_to_lab(np.concatenate(faces))[:, 1:]
    cells = np.unique(np.round(ab / bin_size).astype(int), axis=0)
    # These steps may miss the corner of an inner bin, so each row of a is filled between its ends.
    rows = [
        (a, b)
        for a in np.unique(cells[:, 0])
        for b in range(cells[cells[:, 0] == a, 1].min(), cells[cells[:, 0] == a, 1].max() + 1)
    ]
    centres = np.asarray(rows, dtype=np.float32) * np.float32(bin_size)
    centres.flags.writeable = False
    return centres


def soft_encode(
    ab: Array, bins: Array, *, neighbours: int = NEIGHBOURS, sigma: float = SIGMA
) -> tuple[Array, Array]:
    """Spread each colour over its nearest bins with Gaussian weights (Zhang et al. 2016, section 2.2).

    Parameters
    ----------
    ab : (..., 2) floating point
    bins : (K, 2), same namespace

    Returns
    -------
    indices : (..., neighbours) integers
        The nearest bins.
    weights : (..., neighbours)
        They sum to 1.
    """
    xp = namespace(ab)
    if ab.shape[-1] != 2:
        raise ValueError(f"expected (..., 2) ab values, got shape {tuple(ab.shape)}")
    # |ab - c|^2 without |ab|^2, which is the same for every bin. One matmul replaces a (..., K, 2) array.
    partial = xp.sum(bins * bins, axis=-1) - 2 * (ab @ bins.T)
    indices = xp.argsort(partial, axis=-1)[..., :neighbours]
    nearest = xp.reshape(xp.take(bins, xp.reshape(indices, (-1,)), axis=0), (*ab.shape[:-1], neighbours, 2))
    squared = xp.sum((ab[..., None, :] - nearest) ** 2, axis=-1)
    weights = xp.exp(-(squared - xp.min(squared, axis=-1, keepdims=True)) / (2 * sigma**2))
    return indices, weights / xp.sum(weights, axis=-1, keepdims=True)


def softmax(logits: Array, *, axis: int = -1) -> Array:
    """Return the probabilities of `logits`. Along `axis` they sum to 1."""
    xp = namespace(logits)
    powers = xp.exp(logits - xp.max(logits, axis=axis, keepdims=True))
    return powers / xp.sum(powers, axis=axis, keepdims=True)


def annealed_mean(logits: Array, bins: Array, *, temperature: float = TEMPERATURE, axis: int = -1) -> Array:
    """Decode a distribution over bins to one colour (Zhang et al. 2016, equation 5).

    Temperature 1 gives the mean, which is safe but greyish. Near 0 it gives the mode, which is vivid but patchy.

    Parameters
    ----------
    logits : array with K entries on `axis` (any additive constant)
    bins : (K, 2), same namespace
    temperature : float > 0

    Returns
    -------
    array with 2 entries (a, b) on `axis`.
    """
    xp = namespace(logits)
    if temperature <= 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    moved = xp.moveaxis(logits, axis, -1) / temperature
    moved = xp.exp(moved - xp.max(moved, axis=-1, keepdims=True))
    ab = (moved @ bins) / xp.sum(moved, axis=-1, keepdims=True)
    return xp.moveaxis(ab, -1, axis)


def class_weights(prior: Array, mix: float = 0.5) -> Array:
    """Rebalancing weights ``1 / ((1 - mix) p + mix / K)``, scaled to mean 1 under `prior` (section 2.2).

    Parameters
    ----------
    prior : (K,) probabilities of the bins in the training photos
    mix : float in [0, 1]
        The share of the uniform distribution; 1 is no rebalancing. The paper takes 0.5.
    """
    xp = namespace(prior)
    weights = 1 / ((1 - mix) * prior + mix / prior.shape[0])
    return weights / xp.sum(prior * weights)


def prior_of(ab: Any, bins: Array) -> Array:
    """Return the soft-encoded histogram of `ab` ``(..., 2)`` over `bins`. It sums to 1."""
    xp = array_namespace(bins)
    indices, weights = soft_encode(xp.reshape(ab, (-1, 2)), bins)
    flat, values = np.asarray(indices).ravel(), np.asarray(weights, dtype=np.float64).ravel()
    histogram = np.bincount(flat, values, minlength=bins.shape[0])
    return xp.asarray(histogram / histogram.sum(), dtype=bins.dtype)
