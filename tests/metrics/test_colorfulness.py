"""Colorfulness against its definition in NumPy, and the two readings of dCF by hand."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from photochrom.metrics.colorfulness import (
    Colorfulness,
    DifferenceOfMeans,
    MeanOfDifferences,
    colorfulness,
)


def by_definition(pixels: NDArray[np.float64], signed: bool) -> float:
    """Hasler and Suesstrunk 2003, equations 7 to 10, of (3, H, W) in 0..255."""
    red, green, blue = pixels
    rg, yb = red - green, 0.5 * (red + green) - blue
    if not signed:
        rg, yb = np.abs(rg), np.abs(yb)
    return float(np.hypot(np.std(rg), np.std(yb)) + 0.3 * np.hypot(np.mean(rg), np.mean(yb)))


@pytest.mark.parametrize("signed", [True, False])
def test_against_numpy(signed: bool, prediction: Tensor, truth: Tensor) -> None:
    expected = [by_definition(255 * photo.double().numpy(), signed) for photo in prediction]
    metric = Colorfulness(signed)
    metric.update(prediction, truth)
    np.testing.assert_allclose(metric.values.numpy(), expected, rtol=1e-6)


def test_the_sign_matters_where_opposite_colors_meet() -> None:
    photo = torch.zeros(1, 3, 1, 2)
    # One red and one green pixel: R - G is +255 and -255, yellow - blue 127.5 in both.
    photo[0, 0, 0, 0] = photo[0, 1, 0, 1] = 1
    assert float(colorfulness(photo, signed=True)) == pytest.approx(255 + 0.3 * 127.5)
    assert float(colorfulness(photo, signed=False)) == pytest.approx(0.3 * np.hypot(255, 127.5))


def uniform(*strengths: float) -> Tensor:
    """Red-tinted greys: the opponents are s and s / 2 everywhere, so the colorfulness is 0.3 * 255 * 1.118 s."""
    photos = torch.full((len(strengths), 3, 2, 2), 0.4, dtype=torch.float64)
    photos[:, 0] += torch.tensor(strengths, dtype=torch.float64).view(-1, 1, 1)
    return photos


def test_the_two_dcf_differ() -> None:
    unit = 0.3 * 255 * np.hypot(1, 0.5)
    truth, prediction = uniform(0.2, 0.2), uniform(0.1, 0.4)
    # Colorfulness 0.1 too low and 0.2 too high: the means differ by 0.05, the photos by 0.15.
    for kind, expected in ((DifferenceOfMeans, 0.05), (MeanOfDifferences, 0.15)):
        for signed in (True, False):
            metric = kind(signed)
            metric.update(prediction, truth)
            assert float(metric.compute()) == pytest.approx(expected * unit)
    each = MeanOfDifferences()
    each.update(prediction, truth)
    np.testing.assert_allclose(each.values.numpy(), [0.1 * unit, 0.2 * unit])


def test_dcf_of_means_takes_the_difference_after_all_batches() -> None:
    metric = DifferenceOfMeans()
    metric.update(uniform(0.1), uniform(0.2))
    metric.update(uniform(0.3), uniform(0.2))
    assert float(metric.compute()) == pytest.approx(0, abs=1e-9)


def test_greys_have_none() -> None:
    greys = torch.linspace(0, 1, 16).view(1, 1, 4, 4).repeat(1, 3, 1, 1)
    for signed in (True, False):
        assert float(colorfulness(greys, signed=signed)) == 0
