"""How much colour there is, with or without the truth. More is not better: the truth's amount is."""

import torch
from torch import Tensor

from photochrom.metrics.metric import MeanOverPhotos, OfMeans
from photochrom.metrics.photos import Photos


def colorfulness(rgb: Tensor, *, signed: bool) -> Tensor:
    """Colorfulness of each photo in the paper's units, those of 8-bit levels.

    Parameters
    ----------
    rgb : (B, 3, H, W) sRGB in [0, 1]
    signed : bool
        True: Hasler and Suesstrunk 2003, "Measuring colorfulness in natural images", equation 10. False: with the
        absolute values of R - G and of yellow - blue, as DDColor's script has it and the tables that follow it.
        It is lower, as what is red and what is green no longer spread apart.

    Returns
    -------
    (B,) float64: 0 for grey, above 100 for the most colourful photos.
    """
    return _both(rgb)[:, int(not signed)]


def _both(rgb: Tensor) -> Tensor:
    """Colorfulness signed and absolute, ``(B, 2)``."""
    red, green, blue = (255 * rgb.to(torch.float64)).flatten(2).unbind(dim=1)
    opponents = torch.stack([red - green, (red + green) / 2 - blue], dim=1)
    square = opponents.square().mean(dim=2)
    # The squares, and so the second moments, are the same of absolute values.
    means = torch.stack([opponents.mean(dim=2), opponents.abs().mean(dim=2)], dim=1)
    spread = (square[:, None] - means.square()).clamp(min=0).sum(dim=2).sqrt()
    return spread + 0.3 * means.square().sum(dim=2).sqrt()


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
