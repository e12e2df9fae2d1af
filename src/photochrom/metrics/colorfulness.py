"""How much colour there is, with or without the truth. More is not better: the truth's amount is."""

import torch
from torch import Tensor

from photochrom.color import colorfulness as hasler
from photochrom.metrics.metric import MeanOverPhotos, OfMeans
from photochrom.metrics.photos import Photos


def colorfulness(rgb: Tensor, *, signed: bool) -> Tensor:
    """Colorfulness of each photo in the paper's units, those of 8-bit levels.

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
    """Colorfulness signed and absolute, ``(B, 2)``."""
    return torch.stack([colorfulness(rgb, signed=signed) for signed in (True, False)], dim=1)


class Colorfulness(MeanOverPhotos):
    """Mean colorfulness of the predictions; the truth is not looked at.

    Papers differ in `signed` and do not say so: see `colorfulness`.
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
    """dCF of the published tables: how far the mean colorfulness of all photos is from that of the truth.

    A tool that makes half of the photos too grey and the other half too gaudy scores 0.
    """

    def of_means(self, means: Tensor) -> Tensor:
        return means[..., 0].abs()


class MeanOfDifferences(_Compared):
    """dCF photo by photo: the mean of how far each photo's colorfulness is from that of its truth."""

    @property
    def values(self) -> Tensor:
        """One figure a photo: ``(N,)`` float64 in the order of `update`."""
        return self.rows[:, 1]

    def of_means(self, means: Tensor) -> Tensor:
        return means[..., 1]
