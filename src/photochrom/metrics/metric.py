"""The base of all metrics. A metric keeps a row of numbers for every photo.

A figure is therefore exact for any batches and ranks, and resampling photos gives its uncertainty
(`photochrom.metrics.statistics`).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities.data import dim_zero_cat

from photochrom.metrics.photos import Photos, as_photos

_PER_MATMUL = 4_000_000


class PhotoMetric(Metric, ABC):
    """A figure over a set of photos. Subclasses define what to measure of a photo, and the figure of a set.

    ``update(prediction, truth, labels)`` takes ``(B, 3, H, W)`` sRGB in [0, 1] or `Photos`. ``compute()`` returns a
    float64 scalar. It raises ValueError if there are too few photos.
    """

    is_differentiable = False
    full_state_update = False
    measured: list[Tensor]
    least = 1
    """The number of photos that the figure needs."""
    counted = "photos"
    resamples = 2000
    """The number of bootstrap samples of its interval."""

    def __init__(self) -> None:
        super().__init__()
        self.add_state("measured", [], dist_reduce_fx="cat")

    def update(
        self, prediction: Photos | Tensor, truth: Photos | Tensor, labels: Tensor | None = None
    ) -> None:
        """Measure a batch.

        Parameters
        ----------
        prediction, truth : (B, 3, H, W) sRGB in [0, 1], of one shape
        labels : (B,) integer classes, for metrics that compare them with a classifier's

        Raises
        ------
        TypeError, ValueError
            If shapes, types or ranges are different.
        """
        prediction, truth = as_photos(prediction), as_photos(truth)
        if prediction.rgb.shape != truth.rgb.shape:
            shapes = f"{tuple(prediction.rgb.shape)} and truth {tuple(truth.rgb.shape)}"
            raise ValueError(f"prediction {shapes} differ in shape")
        if labels is not None and labels.shape != (len(truth),):
            raise ValueError(f"expected {len(truth)} labels, got shape {tuple(labels.shape)}")
        start = 0
        for ours, true in zip(prediction.pieces, truth.pieces, strict=True):
            part = None if labels is None else labels[start : start + len(ours)]
            start += len(ours)
            row = self.measure(ours, true, part)
            self.measured.append(row.to(torch.float64).reshape(len(ours), -1))

    @abstractmethod
    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        """Return the numbers ``(B,)`` or ``(B, D)`` to keep of every photo."""

    @abstractmethod
    def summary(self, rows: Tensor) -> Tensor:
        """Return the figure (a scalar) of a set of rows ``(N, D)``."""

    @property
    def rows(self) -> Tensor:
        """The measured rows ``(N, D)``, float64, one per photo of this rank in the order of `update`."""
        return dim_zero_cat(self.measured) if self.measured else torch.zeros(0, 1, dtype=torch.float64)

    def compute(self) -> Tensor:
        """Return the figure of all photos so far."""
        rows = self.rows
        if len(rows) < self.least:
            raise ValueError(
                f"{type(self).__name__} needs at least {self.least} {self.counted}, got {len(rows)}"
            )
        return self.summary(rows)

    def resampled(self, picks: Tensor) -> Tensor:
        """Return the figures ``(R,)`` of resampled sets of photos. `picks` ``(R, N)`` are the photos' numbers."""
        rows = self.rows
        return torch.stack([self.summary(rows[pick]) for pick in picks])


class OfMeans(PhotoMetric):
    """A figure that is a function of the means of the rows."""

    @abstractmethod
    def of_means(self, means: Tensor) -> Tensor:
        """Return the figures ``(...)`` of means ``(..., D)``."""

    def summary(self, rows: Tensor) -> Tensor:
        return self.of_means(rows.mean(dim=0))

    def resampled(self, picks: Tensor) -> Tensor:
        return torch.cat([self.of_means(means) for means in self.resampled_means(picks)])

    def resampled_means(self, picks: Tensor) -> Iterator[Tensor]:
        """Yield the means ``(r, D)`` of the rows of resampled sets, for a part of `picks` at a time."""
        rows = self.rows
        for part in torch.split(picks, max(1, _PER_MATMUL // len(rows))):
            # With the counts of each photo, one matrix product replaces a copy of the rows for each sample.
            counts = rows.new_zeros(len(part), len(rows))
            counts.scatter_add_(1, part, rows.new_ones(1, 1).expand(part.shape))
            yield counts @ rows / part.shape[1]


class MeanOverPhotos(OfMeans):
    """The mean of one number per photo. `values` are these numbers."""

    @property
    def values(self) -> Tensor:
        """One figure per photo: ``(N,)`` float64 in the order of `update`."""
        return self.rows[:, 0]

    def of_means(self, means: Tensor) -> Tensor:
        return means[..., 0]


def photo_mean(x: Tensor) -> Tensor:
    """Return the mean over all dimensions but the first, ``(B, ...)`` to ``(B,)``, summed in float64."""
    return x.flatten(1).mean(dim=1, dtype=torch.float64)
