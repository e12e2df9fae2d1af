"""How much chroma predictions have, and how many of them are brown or nearly grey as a whole.

Chroma is ``hypot(a*, b*)`` of CIE L*a*b* (D65, 2-degree observer), and the mean chroma of a photo is the mean over its
pixels. More is not better: the truth's amount is.
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
"""A mean colour of no more chroma than this has no cast."""
NEARLY_GREY = 4.0
"""Photos of less mean chroma than this are nearly grey."""
MUTED = 8.0
"""Photos whose truth has less mean chroma than this are muted."""


def mean_chroma(photos: Photos) -> Tensor:
    """Mean chroma of each photo, ``(B,)`` float64: 0 for grey, about 17 for an ordinary colour photo."""
    return photo_mean(torch.hypot(photos.lab[:, 1], photos.lab[:, 2]))


def brown(photos: Photos) -> Tensor:
    """Which photos have a brown mean colour, ``(B,)`` bool.

    The mean colour is the mean a* and the mean b* of all pixels. It is brown if its hue angle ``atan2(b, a)`` lies in
    `BROWN_HUES` and its chroma is above `BROWN_CHROMA`.
    """
    a, b = (photo_mean(photos.lab[:, channel]) for channel in (1, 2))
    hue = torch.rad2deg(torch.atan2(b, a))
    return (torch.hypot(a, b) > BROWN_CHROMA) & (hue >= BROWN_HUES[0]) & (hue <= BROWN_HUES[1])


class MeanChroma(MeanOverPhotos):
    """Mean chroma of the predictions; the truth is not looked at."""

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        return mean_chroma(prediction)


class ChromaRatio(RatioToTruth):
    """Mean chroma of all predictions divided by that of all truths (`RatioToTruth`)."""

    wanted = "true photos that are not grey"

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        ours, true = mean_chroma(prediction), mean_chroma(truth)
        return torch.stack([ours, true, torch.ones_like(true)], dim=1)


class MutedChromaRatio(RatioToTruth):
    """`ChromaRatio` of the photos whose true mean chroma is below `MUTED`; above 1, muted scenes get too much."""

    wanted = f"true photos of a mean chroma below {MUTED:g} that are not grey"

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        ours, true = mean_chroma(prediction), mean_chroma(truth)
        muted = (true < MUTED).to(true.dtype)
        return torch.stack([ours * muted, true * muted, muted], dim=1)


class _Share(OfMeans):
    """Percentage of predictions of which something holds.

    Parameters
    ----------
    less_truth : bool
        Subtract the percentage of truths of which it holds. The figure is then in percentage points, 0 is the
        truth's own, and its interval is that of a paired difference.
    """

    def __init__(self, less_truth: bool = False) -> None:
        super().__init__()
        self.less_truth = less_truth

    @abstractmethod
    def holds(self, photos: Photos) -> Tensor:
        """Of which photos it holds, ``(B,)`` bool."""

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        ours, true = (self.holds(photos).to(torch.float64) for photos in (prediction, truth))
        return 100 * (ours - true if self.less_truth else ours)

    def of_means(self, means: Tensor) -> Tensor:
        return means[..., 0]


class BrownShare(_Share):
    """Percentage of predictions whose mean colour is brown, as `brown` says."""

    def holds(self, photos: Photos) -> Tensor:
        return brown(photos)


class NearlyGreyShare(_Share):
    """Percentage of predictions with a mean chroma below `NEARLY_GREY`."""

    def holds(self, photos: Photos) -> Tensor:
        return mean_chroma(photos) < NEARLY_GREY
