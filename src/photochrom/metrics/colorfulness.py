"""Colorfulness metrics. The best value is that of the truth, not the highest."""

import torch
from torch import Tensor

from photochrom.color import colorfulness as hasler
from photochrom.metrics.metric import MeanOverPhotos, OfMeans
from photochrom.metrics.photos import Photos


def colorfulness(rgb: Tensor, *, signed: bool) -> Tensor:
    """Return the colorfulness of each photo in the paper's units, those of 8-bit levels.

    Parameters
    ----------
    rgb : (B, 3, H, W) sRGB in [0, 1]
    signed : as `photochrom.color.colorfulness.colorfulness` explains

    Returns
    -------
    (B,) float64: 0 for grey, above 100 for the most colourful photos.
    """
    found: Tensor = hasler.colorfulness(255 * rgb.to(torch.float64), axis=1, signed=signed)
    return found


def _both(rgb: Tensor) -> Tensor:
    """Return signed and absolute colorfulness, ``(B, 2)``."""
    return torch.stack([colorfulness(rgb, signed=signed) for signed in (True, False)], dim=1)


class Colorfulness(MeanOverPhotos):
    """The mean colorfulness of the predictions. The truth is not used.

    Papers use either value of `signed` without saying which; see `colorfulness`.
    """

    def __init__(self, signed: bool = True) -> None:
        super().__init__()
        self.signed = signed

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        return prediction.once(_both)[:, int(not self.signed)]


class _Compared(OfMeans):
    higher_is_better = False

    def __init__(self, signed: bool = False) -> None:
        super().__init__()
        self.signed = signed

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        ours, true = (x.once(_both)[:, int(not self.signed)] for x in (prediction, truth))
        return torch.stack([ours - true, (ours - true).abs()], dim=1)


class DifferenceOfMeans(_Compared):
    """dCF of the published tables: the difference of the mean colorfulness of all photos from the truth's.

    A tool that makes half of the photos too grey and the other half too colourful can score 0.
    """

    def of_means(self, means: Tensor) -> Tensor:
        return means[..., 0].abs()


class MeanOfDifferences(_Compared):
    """dCF per photo: the mean absolute difference of each photo's colorfulness from its truth's."""

    @property
    def values(self) -> Tensor:
        """One figure per photo: ``(N,)`` float64 in the order of `update`."""
        return self.rows[:, 1]

    def of_means(self, means: Tensor) -> Tensor:
        return means[..., 1]
