"""MSE and PSNR against scikit-image."""

import numpy as np
import pytest
import torch
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio
from torch import Tensor

from photochrom.metrics.pixel import CEILING, MSE, PSNR


def pictures(photos: Tensor) -> list[np.ndarray]:
    return [photo.permute(1, 2, 0).double().numpy() for photo in photos]


def test_against_scikit_image(prediction: Tensor, truth: Tensor) -> None:
    pairs = list(zip(pictures(truth), pictures(prediction), strict=True))
    for metric, by, close in (
        (MSE(), mean_squared_error, 1e-8),
        (PSNR(), lambda t, p: peak_signal_noise_ratio(t, p, data_range=1), 1e-6),
    ):
        metric.update(prediction, truth)
        expected = [by(t, p) for t, p in pairs]
        np.testing.assert_allclose(metric.values.numpy(), expected, atol=close)
        assert float(metric.compute()) == pytest.approx(np.mean(expected), abs=close)


def test_psnr_is_the_mean_of_the_photos_and_not_of_their_errors() -> None:
    truth = torch.zeros(2, 3, 4, 4)
    prediction = truth.clone()
    # Errors of 0.1 and 0.01: 20 and 40 dB. Their mean squared error, 0.00505, would give 23 dB.
    prediction[0], prediction[1] = 0.1, 0.01
    metric = PSNR()
    metric.update(prediction, truth)
    assert float(metric.compute()) == pytest.approx(30, abs=1e-5)


def test_a_copy_has_the_ceiling(truth: Tensor) -> None:
    metric = PSNR()
    metric.update(truth, truth)
    assert float(metric.compute()) == CEILING
