"""Colour differences against scikit-image, and the one that bears another's name."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage.color import deltaE_cie76, deltaE_ciede2000, rgb2lab
from torch import Tensor

from photochrom.metrics.difference import CIE76, CIEDE2000, SquaredLabDifference


def squared(one: NDArray[np.float64], two: NDArray[np.float64]) -> NDArray[np.float64]:
    return (one - two) ** 2


@pytest.mark.parametrize(
    ("kind", "by"),
    [(CIE76, deltaE_cie76), (CIEDE2000, deltaE_ciede2000), (SquaredLabDifference, squared)],
)
def test_against_scikit_image(
    kind: type[CIE76], by: Callable[..., NDArray[np.float64]], prediction: Tensor, truth: Tensor
) -> None:
    ours, true = (rgb2lab(x.permute(0, 2, 3, 1).double().numpy()) for x in (prediction, truth))
    expected = [by(t, p).mean() for t, p in zip(true, ours, strict=True)]
    assert min(expected) > 1
    for dtype, close in ((torch.float64, 1e-4), (torch.float32, 1e-3)):
        metric = kind()
        metric.update(prediction.to(dtype), truth.to(dtype))
        np.testing.assert_allclose(metric.values.numpy(), expected, rtol=close)
        assert float(metric.compute()) == pytest.approx(np.mean(expected), rel=close)


def test_what_one_report_prints_as_cie76_is_another_figure() -> None:
    # Two greys of L* 0 and 100 in a quarter of the photo: a mean distance of 25, but 100^2 / 4 / 3 squared.
    truth = torch.zeros(1, 3, 2, 2)
    prediction = truth.clone()
    prediction[..., 0, 0] = 1
    distance, square = CIE76(), SquaredLabDifference()
    distance.update(prediction, truth)
    square.update(prediction, truth)
    assert float(distance.compute()) == pytest.approx(25, abs=1e-3)
    assert float(square.compute()) == pytest.approx(10_000 / 12, abs=0.1)
