"""What all metrics here have in common: they keep a row of numbers for every photo.

So a figure is exact however the photos were cut into batches and spread over ranks, and its uncertainty can be
had by resampling photos (`photochrom.metrics.statistics`).
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
    """A figure over a set of photos; subclasses say what to measure of a photo and how to sum a set up.

    ``update(prediction, truth, labels)`` takes ``(B, 3, H, W)`` sRGB in [0, 1] or `Photos`; ``compute()`` gives a
    float64 scalar and raises ValueError, in a sentence, where photos are too few for it.
    """

    is_differentiable = False
    full_state_update = False
    measured: list[Tensor]
    least = 1
    """Photos that the figure needs."""
    counted = "photos"
    resamples = 2000
    """How many bootstrap samples its interval is made of."""

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
        labels : (B,) integer classes, for the metrics that ask whether a classifier knows the photo

        Raises
        ------
        TypeError, ValueError
            If shapes, types or ranges are others.
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
        """The numbers ``(B,)`` or ``(B, D)`` that are kept of every photo."""

    @abstractmethod
    def summary(self, rows: Tensor) -> Tensor:
        """The figure (a scalar) of a set of rows ``(N, D)``."""

    @property
    def rows(self) -> Tensor:
        """What was measured: ``(N, D)`` float64, one row a photo in the order of `update`; on ranks, this one's."""
        return dim_zero_cat(self.measured) if self.measured else torch.zeros(0, 1, dtype=torch.float64)

    def compute(self) -> Tensor:
        """The figure of all photos so far."""
        rows = self.rows
        if len(rows) < self.least:
            raise ValueError(
                f"{type(self).__name__} needs at least {self.least} {self.counted}, got {len(rows)}"
            )
        return self.summary(rows)

    def resampled(self, picks: Tensor) -> Tensor:
        """The figures ``(R,)`` of resampled sets of photos, whose numbers are `picks` ``(R, N)``."""
        rows = self.rows
        return torch.stack([self.summary(rows[pick]) for pick in picks])


class OfMeans(PhotoMetric):
    """A figure that is a function of the means of the rows."""

    @abstractmethod
    def of_means(self, means: Tensor) -> Tensor:
        """From ``(..., D)`` to ``(...)``."""

    def summary(self, rows: Tensor) -> Tensor:
        return self.of_means(rows.mean(dim=0))

    def resampled(self, picks: Tensor) -> Tensor:
        return torch.cat([self.of_means(means) for means in self.resampled_means(picks)])

    def resampled_means(self, picks: Tensor) -> Iterator[Tensor]:
        """The means ``(r, D)`` of the rows of resampled sets, a part of `picks` at a time."""
        rows = self.rows
        for part in torch.split(picks, max(1, _PER_MATMUL // len(rows))):
            # How often every photo was drawn: one matrix product instead of a copy of the rows for each sample.
            counts = rows.new_zeros(len(part), len(rows))
            counts.scatter_add_(1, part, rows.new_ones(1, 1).expand(part.shape))
            yield counts @ rows / part.shape[1]


class MeanOverPhotos(OfMeans):
    """The mean of one number a photo; `values` are those numbers."""

    @property
    def values(self) -> Tensor:
        """One figure a photo: ``(N,)`` float64 in the order of `update`."""
        return self.rows[:, 0]

    def of_means(self, means: Tensor) -> Tensor:
        return means[..., 0]


def photo_mean(x: Tensor) -> Tensor:
    """Mean of everything but the first dimension, ``(B, ...)`` to ``(B,)``, added up in float64."""
    return x.flatten(1).mean(dim=1, dtype=torch.float64)
