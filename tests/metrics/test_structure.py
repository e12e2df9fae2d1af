"""SSIM against scikit-image; MS-SSIM against it and the contrast terms of torchmetrics."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage.measure import block_reduce
from skimage.metrics import structural_similarity
from torch import Tensor
from torchmetrics.functional.image.ssim import _ssim_update

from photochrom.metrics.structure import MSSSIM, SCALES, SSIM


def by_scikit_image(one: NDArray[np.float64], two: NDArray[np.float64]) -> float:
    """Of two ``(3, H, W)`` pictures, with the settings of the paper's authors."""
    return float(
        structural_similarity(
            one,
            two,
            channel_axis=0,
            data_range=1,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )


def astronaut_part(astronaut: NDArray[np.uint8], height: int, width: int) -> Tensor:
    return torch.from_numpy(astronaut[:height, 100 : 100 + width] / 255).permute(2, 0, 1)[None]


def test_ssim_against_scikit_image(prediction: Tensor, truth: Tensor) -> None:
    metric = SSIM()
    metric.update(prediction, truth)
    for value, ours, true in zip(metric.values, prediction, truth, strict=True):
        expected = by_scikit_image(true.double().numpy(), ours.double().numpy())
        assert float(value) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("strength", [0.02, 0.5])
def test_ms_ssim_against_the_scales_one_by_one(strength: float, astronaut: NDArray[np.uint8]) -> None:
    truth = astronaut_part(astronaut, 192, 208)
    noise = torch.rand(truth.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    prediction = (truth + strength * (noise - 0.5)).clamp(0, 1)
    metric = MSSSIM()
    metric.update(prediction, truth)
    expected, ours, true = 1.0, prediction[0].numpy(), truth[0].numpy()
    for exponent in SCALES[:-1]:
        pair = (torch.from_numpy(x)[None] for x in (ours, true))
        _, contrast = _ssim_update(*pair, data_range=1.0, return_contrast_sensitivity=True)
        expected *= float(contrast) ** exponent
        ours, true = (block_reduce(x, (1, 2, 2), np.mean) for x in (ours, true))
    expected *= by_scikit_image(ours, true) ** SCALES[-1]
    assert float(metric.compute()) == pytest.approx(expected, abs=1e-9)
    assert float(metric.compute()) < 0.9999


def test_the_negative_has_no_ms_ssim_and_no_nan(astronaut: NDArray[np.uint8]) -> None:
    truth = astronaut_part(astronaut, 176, 176)
    metric = MSSSIM()
    metric.update(1 - truth, truth)
    assert float(metric.compute()) == 0


@pytest.mark.parametrize(("metric", "side"), [(SSIM(), 11), (MSSSIM(), 176)])
def test_a_photo_that_is_too_small_raises(metric: SSIM | MSSSIM, side: int) -> None:
    small = torch.zeros(1, 3, side, side - 1)
    with pytest.raises(ValueError, match=f"at least {side}x{side} pixels, got {side - 1}x{side}"):
        metric.update(small, small)
    enough = torch.zeros(1, 3, side, side)
    metric.update(enough, enough)
    assert float(metric.compute()) == pytest.approx(1)
