"""What every module of `color` needs to serve NumPy and torch with one implementation."""

from typing import Any, TypeAlias

from array_api_compat import array_namespace

Array: TypeAlias = Any
"""A floating-point ``numpy.ndarray`` or ``torch.Tensor``; the result has its namespace, dtype and device."""


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
    xp = array_namespace(x)
    first, second, third = (xp.take(x, xp.asarray([i], device=_device(x)), axis=axis) for i in range(3))
    return first, second, third


def matmul_channels(matrix: tuple[tuple[float, ...], ...], x: Array, axis: int) -> Array:
    """Multiply the three channels of `x` on `axis` by a constant 3x3 `matrix`."""
    xp = array_namespace(x)
    a, b, c = channels(x, axis)
    # Written as sums, not as a matmul: it keeps float64 exact and needs no transposition of channels.
    return xp.concat([row[0] * a + row[1] * b + row[2] * c for row in matrix], axis=axis)


def _device(x: Array) -> Any:
    return getattr(x, "device", None)
