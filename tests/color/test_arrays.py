"""What all colour maths shares: namespaces, and three channels on any axis."""

from typing import Any

import numpy as np
import pytest
import torch

from photochrom.color._arrays import array_namespace, channels, matmul_channels, namespace

MATRIX = ((0.5, -1.0, 2.0), (0.0, 3.0, 1.0), (-0.25, 0.125, 0.0))


def test_numpy_serves_its_own_arrays() -> None:
    assert array_namespace(np.zeros(3)) is np
    assert array_namespace(np.float32(1)) is np
    assert "torch" in array_namespace(torch.zeros(3)).__name__


@pytest.mark.parametrize(
    "x", [np.zeros(3, np.uint8), np.zeros(3, bool), np.zeros(3, complex), torch.zeros(3, dtype=torch.int64)]
)
def test_only_floating_point_numbers_are_colors(x: Any) -> None:
    with pytest.raises(TypeError, match=f"floating-point values, got {x.dtype}; divide integers first"):
        namespace(x)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_channels_keep_their_axis(axis: int) -> None:
    x = np.random.default_rng(0).random((3, 3, 3))
    parts = channels(x, axis)
    for i, part in enumerate(parts):
        np.testing.assert_array_equal(part, np.take(x, [i], axis=axis))


@pytest.mark.parametrize(("shape", "axis"), [((3, 4), 1), ((2, 4, 4), 0), ((5, 1), -1)])
def test_other_numbers_of_channels_raise(shape: tuple[int, ...], axis: int) -> None:
    with pytest.raises(ValueError, match="expected 3 channels on axis") as caught:
        channels(np.zeros(shape), axis)
    assert str(shape) in str(caught.value)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_a_matrix_multiplies_the_channels(axis: int, kind: Any) -> None:
    x = np.random.default_rng(1).normal(size=(3, 3, 3))
    expected = np.moveaxis(np.einsum("ij,...j->...i", np.array(MATRIX), np.moveaxis(x, axis, -1)), -1, axis)
    got = matmul_channels(MATRIX, kind(x), axis)
    assert type(got) is type(kind(x))
    np.testing.assert_allclose(np.asarray(got), expected, atol=1e-12)


def test_float32_stays_float32() -> None:
    assert matmul_channels(MATRIX, np.ones((3, 2), np.float32), 0).dtype == np.float32
    assert matmul_channels(MATRIX, torch.ones(3, 2), 0).dtype == torch.float32
