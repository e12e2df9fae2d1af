"""Errors of RGB values: MSE and PSNR."""

import torch
from torch import Tensor
from torchmetrics.functional.image import peak_signal_noise_ratio

from photochrom.metrics.metric import MeanOverPhotos, photo_mean
from photochrom.metrics.photos import Photos

CEILING = 100.0
"""The PSNR in dB of a photo without error. With infinity, every mean would be infinite."""


class MSE(MeanOverPhotos):
    """Mean squared error of sRGB values in [0, 1], over channels and pixels."""

    higher_is_better = False

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        return photo_mean((prediction.rgb - truth.rgb).square())


class PSNR(MeanOverPhotos):
    """Peak signal-to-noise ratio in dB of sRGB in [0, 1]: the mean of the photos' own ratios.

    The published tables print this mean. The PSNR of the mean error of all photos is about 2 dB lower. A photo without
    error counts as `CEILING`.
    """

    higher_is_better = True

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        ratio: Tensor = peak_signal_noise_ratio(
            prediction.rgb.to(torch.float64),
            truth.rgb.to(torch.float64),
            data_range=1.0,
            dim=(1, 2, 3),
            reduction="none",
        )
        return ratio.clamp(max=CEILING)
