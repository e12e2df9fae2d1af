"""Structural similarity at one scale and at five scales."""

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.metrics.metric import MeanOverPhotos, photo_mean
from photochrom.metrics.photos import Photos

WINDOW, SIGMA = 11, 1.5
C1, C2 = 0.01**2, 0.03**2
SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of the five scales, finest first (Wang, Simoncelli and Bovik 2003)."""


class SSIM(MeanOverPhotos):
    """Structural similarity (Wang et al. 2004), 11x11 Gaussian window of sigma 1.5, mean over R, G and B.

    It covers the places where the whole window fits, as in the authors' code. torchmetrics adds a mirrored border.
    """

    higher_is_better = True

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        require_side("SSIM", prediction.rgb, WINDOW)
        similarity, _ = structure(prediction.rgb, truth.rgb)
        return similarity


class MSSSIM(MeanOverPhotos):
    """Multi-scale structural similarity (Wang, Simoncelli and Bovik 2003) of R, G and B.

    It compares contrast and structure at five scales, each half the size of the one before, and luminance at the last.
    It needs photos of at least 176 pixels a side.
    """

    higher_is_better = True

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        require_side("MS-SSIM", prediction.rgb, WINDOW * 2 ** (len(SCALES) - 1))
        ours, true = prediction.rgb, truth.rgb
        figure = torch.ones((), dtype=torch.float64, device=ours.device)
        for i, exponent in enumerate(SCALES):
            similarity, contrast = structure(ours, true)
            last = i == len(SCALES) - 1
            # The structure of an inverted photo is negative, and its power is not defined.
            figure = figure * (similarity if last else contrast).clamp(min=0) ** exponent
            if not last:
                ours, true = F.avg_pool2d(ours, 2), F.avg_pool2d(true, 2)
        return figure


def structure(one: Tensor, two: Tensor) -> tuple[Tensor, Tensor]:
    """Return the means ``(B,)`` of the similarity and of its contrast-structure term, where the window fits."""
    channels = one.shape[1]
    blurred = _blur(torch.cat([one, two, one * one, two * two, one * two], dim=1))
    mean1, mean2, square1, square2, product = torch.split(blurred, channels, dim=1)
    means = mean1 * mean2
    energy = mean1.square() + mean2.square()
    contrast = (2 * (product - means) + C2) / (square1 + square2 - energy + C2)
    luminance = (2 * means + C1) / (energy + C1)
    return photo_mean(luminance * contrast), photo_mean(contrast)


def require_side(name: str, rgb: Tensor, side: int) -> None:
    """Raise ValueError unless both sides have at least `side` pixels."""
    if min(rgb.shape[2:]) < side:
        height, width = rgb.shape[2:]
        raise ValueError(f"{name} needs photos of at least {side}x{side} pixels, got {width}x{height}")


def _blur(x: Tensor) -> Tensor:
    channels = x.shape[1]
    # As a column and a row, the window needs 22 products per pixel instead of 121.
    window = torch.tensor(_window(), dtype=x.dtype, device=x.device)
    column = window.view(1, 1, -1, 1).expand(channels, -1, -1, -1)
    row = window.view(1, 1, 1, -1).expand(channels, -1, -1, -1)
    return F.conv2d(F.conv2d(x, column, groups=channels), row, groups=channels)


@cache
def _window() -> tuple[float, ...]:
    distance = torch.arange(WINDOW, dtype=torch.float64) - WINDOW // 2
    weights = torch.exp(-distance.square() / (2 * SIGMA**2))
    return tuple((weights / weights.sum()).tolist())
