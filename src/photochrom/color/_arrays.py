"""Helpers by which each module of `color` has one implementation for NumPy and torch."""

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any
"""A floating-point ``numpy.ndarray`` or ``torch.Tensor``; the result has its namespace, dtype and device."""


def array_namespace(x: Array) -> Any:
    """Return NumPy for its own arrays (version 2 follows the standard), else array-api-compat's wrapper.

    The wrapper for NumPy would import all of it, with f2py and the test suite. Each command would start 150 ms later.
    """
    if isinstance(x, np.ndarray | np.generic):
        return np
    from array_api_compat import array_namespace as wrapped

    return wrapped(x)


def namespace(x: Array) -> Any:
    """Return the array namespace of `x`; raise TypeError unless it holds floating-point numbers."""
    xp = array_namespace(x)
    if not xp.isdtype(x.dtype, "real floating"):
        raise TypeError(f"colour maths wants floating-point values, got {x.dtype}; divide integers first")
    return xp


def channels(x: Array, axis: int) -> tuple[Array, Array, Array]:
    """Split `x` into its three channels along `axis`; raise ValueError if there are not three."""
    if x.shape[axis] != 3:
        raise ValueError(f"expected 3 channels on axis {axis}, got shape {tuple(x.shape)}")
    axis %= x.ndim
    first, second, third = (x[(slice(None),) * axis + (slice(i, i + 1),)] for i in range(3))
    return first, second, third


def matmul_channels(matrix: tuple[tuple[float, ...], ...], x: Array, axis: int) -> Array:
    """Multiply the three channels of `x` on `axis` by a constant 3x3 `matrix`."""
    xp = array_namespace(x)
    a, b, c = channels(x, axis)
    # Sums instead of a matmul keep float64 exact and need no transposition of channels.
    return xp.concat([row[0] * a + row[1] * b + row[2] * c for row in matrix], axis=axis)
