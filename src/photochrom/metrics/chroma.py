"""Metrics of chroma: its mean, its ratio to the truth, and the share of predictions that are brown or nearly grey.

Chroma is ``hypot(a*, b*)`` of CIE L*a*b* (D65, 2-degree observer). The mean chroma of a photo is the mean over its
pixels. More chroma is not better. The best value is that of the truth.
"""

from abc import abstractmethod

import torch
from torch import Tensor

from photochrom.metrics.metric import MeanOverPhotos, OfMeans, photo_mean
from photochrom.metrics.photos import Photos
from photochrom.metrics.ratio import RatioToTruth

BROWN_HUES = (40.0, 105.0)
"""Hue angles in degrees, both included, from orange to greenish yellow."""
BROWN_CHROMA = 3.0
"""A mean colour with at most this chroma counts as neutral."""
NEARLY_GREY = 4.0
"""A photo with a smaller mean chroma counts as nearly grey."""
MUTED = 8.0
"""A photo counts as muted if the mean chroma of its truth is smaller."""


def mean_chroma(photos: Photos) -> Tensor:
    """Return the mean chroma of each photo, ``(B,)`` float64. Grey has 0, and an ordinary colour photo about 17."""
    return photo_mean(torch.hypot(photos.lab[:, 1], photos.lab[:, 2]))


def brown(photos: Photos) -> Tensor:
    """Return which photos have a brown mean colour, ``(B,)`` bool.

    The mean colour is the mean a* and the mean b* of all pixels. It is brown if its hue angle ``atan2(b, a)`` is in
    `BROWN_HUES` and its chroma is above `BROWN_CHROMA`.
    """
    a, b = (photo_mean(photos.lab[:, channel]) for channel in (1, 2))
    hue = torch.rad2deg(torch.atan2(b, a))
    return (torch.hypot(a, b) > BROWN_CHROMA) & (hue >= BROWN_HUES[0]) & (hue <= BROWN_HUES[1])


class MeanChroma(MeanOverPhotos):
    """Mean chroma of the predictions. The truth is not used."""

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        return mean_chroma(prediction)


class ChromaRatio(RatioToTruth):
    """Mean chroma of all predictions, divided by the mean chroma of all truths; see `RatioToTruth`."""

    wanted = "true photos that are not grey"

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        ours, true = mean_chroma(prediction), mean_chroma(truth)
        return torch.stack([ours, true, torch.ones_like(true)], dim=1)


class MutedChromaRatio(RatioToTruth):
    """`ChromaRatio` of the photos whose true mean chroma is below `MUTED`. Above 1, they get too much chroma."""

    wanted = f"true photos of a mean chroma below {MUTED:g} that are not grey"

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        ours, true = mean_chroma(prediction), mean_chroma(truth)
        muted = (true < MUTED).to(true.dtype)
        return torch.stack([ours * muted, true * muted, muted], dim=1)


class _Share(OfMeans):
    """Percentage of predictions that have a property.

    Parameters
    ----------
    less_truth : bool
        Subtract the percentage of truths that have the property. The result is in percentage points, and its interval
        is that of a paired difference. The truth itself would have 0.
    """

    def __init__(self, less_truth: bool = False) -> None:
        super().__init__()
        self.less_truth = less_truth

    @abstractmethod
    def holds(self, photos: Photos) -> Tensor:
        """Return which photos have the property, ``(B,)`` bool."""

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        ours, true = (self.holds(photos).to(torch.float64) for photos in (prediction, truth))
        return 100 * (ours - true if self.less_truth else ours)

    def of_means(self, means: Tensor) -> Tensor:
        return means[..., 0]


class BrownShare(_Share):
    """Percentage of predictions whose mean colour is brown; see `brown`."""

    def holds(self, photos: Photos) -> Tensor:
        return brown(photos)


class NearlyGreyShare(_Share):
    """Percentage of predictions with a mean chroma below `NEARLY_GREY`."""

    def holds(self, photos: Photos) -> Tensor:
        return mean_chroma(photos) < NEARLY_GREY
