"""The base of figures that say how much of something the predictions have for each unit that the truths have."""

import torch
from torch import Tensor

from photochrom.metrics.metric import OfMeans

LEAST = 0.01
"""Smallest mean of the truths, in units of a* and b*, that is divided by. The rounded matrix gives greys 0.005."""


class RatioToTruth(OfMeans):
    """The sum over all predictions, divided by the sum over all truths; 1 is the truth's own amount.

    It is not the mean of the photos' own ratios: photos whose truth has almost nothing would decide that one.
    `measure` gives ``(B, 3)`` for each photo: what the prediction has, what the truth has, and how many items were
    added up for them. A photo that does not count has three zeros.
    """

    wanted: str
    """What the figure needs, in the words of its errors, such as "true photos that are not grey"."""

    def of_means(self, means: Tensor) -> Tensor:
        ours, true, count = means.unbind(dim=-1)
        # Where nothing counts, the left side is 0 / 0, and a comparison with that is false.
        return torch.where(true / count > LEAST, ours / true, torch.nan)

    def compute(self) -> Tensor:
        """The figure of all photos so far; ValueError where their truths have nothing to divide by."""
        figure = super().compute()
        if bool(figure.isnan()):
            raise ValueError(f"{type(self).__name__} needs {self.wanted}, and there are none")
        return figure

    def resampled(self, picks: Tensor) -> Tensor:
        """As in `OfMeans`; ValueError where a resample has no figure, because too few photos count for it."""
        figures = super().resampled(picks)
        if bool(figures.isnan().any()):
            raise ValueError(f"an interval needs more {self.wanted}")
        return figures
