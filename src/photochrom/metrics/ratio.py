"""Base class of metrics that divide an amount in the predictions by the same amount in the truths."""

import torch
from torch import Tensor

from photochrom.metrics.metric import OfMeans

LEAST = 0.01
"""The smallest mean of the truths, in units of a* and b*, by which the class divides.

The colour conversion has a rounded matrix, and gives greys a chroma of 0.005.
"""


class RatioToTruth(OfMeans):
    """The sum over all predictions, divided by the sum over all truths. The truth itself would have 1.

    The mean of the ratios of single photos would depend most on photos whose truth has almost nothing. `measure` gives
    ``(B, 3)``, for each photo: the amount in the prediction, the amount in the truth, and the number of items in both
    sums. A photo that is not used has three zeros.
    """

    wanted: str
    """What the metric needs, for its errors, such as "true photos that are not grey"."""

    def of_means(self, means: Tensor) -> Tensor:
        ours, true, count = means.unbind(dim=-1)
        # If no photo is used, the left side is 0 / 0, and the comparison with NaN is false.
        return torch.where(true / count > LEAST, ours / true, torch.nan)

    def compute(self) -> Tensor:
        """Return the ratio of all photos so far. Raises ValueError if the sum of their truths is almost zero."""
        figure = super().compute()
        if bool(figure.isnan()):
            raise ValueError(f"{type(self).__name__} needs {self.wanted}, and there are none")
        return figure

    def resampled(self, picks: Tensor) -> Tensor:
        """See `OfMeans`. Raises ValueError if a resample contains none of the few photos that are used."""
        figures = super().resampled(picks)
        if bool(figures.isnan().any()):
            raise ValueError(f"an interval needs more {self.wanted}")
        return figures
