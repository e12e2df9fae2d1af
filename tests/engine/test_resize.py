"""A photo's luma at smaller sizes, against averages written out with NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from photochrom.engine.resize import as_float, reduced, resized


def test_reduced_is_the_area_average_at_both_depths() -> None:
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 256, (30, 40), np.uint8)
    luma = np.kron(blocks, np.ones((64, 64), np.uint8))
    for photo in (luma, luma.astype(np.uint16) * 257):
        np.testing.assert_allclose(reduced(photo, round((30 * 40) ** 0.5)), blocks / 255, atol=0.01)
    small = rng.integers(0, 256, (50, 60), np.uint8)
    np.testing.assert_allclose(reduced(small), small / 255, atol=1e-6)


@pytest.mark.parametrize("shape", [(1200, 800), (333, 1001), (2, 5000)])
def test_the_mean_stays_and_the_area_is_about_the_sides_square(shape: tuple[int, int]) -> None:
    luma = np.random.default_rng(1).integers(0, 65536, shape, np.uint16)
    small = reduced(luma, 100)
    height, width = shape
    assert abs(small.shape[0] - height * 100 / (height * width) ** 0.5) <= 1
    assert abs(small.shape[1] - width * 100 / (height * width) ** 0.5) <= 1
    assert small.dtype == np.float32
    assert abs(float(small.mean()) - luma.mean() / 65535) < 0.01


def test_a_photo_is_never_enlarged() -> None:
    luma = np.random.default_rng(2).integers(0, 256, (7, 9), np.uint8)
    np.testing.assert_allclose(reduced(luma, 400), luma / 255, atol=1e-6)
    assert reduced(np.full((1, 1), 255, np.uint8), 400).tolist() == [[1.0]]


def test_shrinking_averages_areas_and_growing_is_linear() -> None:
    luma = np.random.default_rng(3).random((12, 18), np.float32)
    averages = luma.reshape(4, 3, 6, 3).mean((1, 3))
    np.testing.assert_allclose(resized(luma, (4, 6)), averages, atol=1e-6)
    # Between the centres of two pixels, a quarter and three quarters of the way.
    grown = resized(np.float32([[0, 4]]), (1, 4))
    np.testing.assert_allclose(grown, [[0, 1, 3, 4]], atol=1e-6)


def test_float32_is_not_copied() -> None:
    luma = np.zeros((3, 4), np.float32)
    assert as_float(luma) is luma
    assert as_float(luma.astype(np.float64)).dtype == np.float32
