"""AuC of the ab error (Zhang et al. 2016, arXiv:1603.08511, section 3.1): the share of pixels with a small error."""

import torch
from torch import Tensor

from photochrom.color.quantize import BIN, SIGMA, ab_bins
from photochrom.metrics.metric import MeanOverPhotos, OfMeans, photo_mean
from photochrom.metrics.photos import Photos

LARGEST = 150
"""Thresholds are 0, 1, ... 150 units of ab."""


def within(prediction: Photos, truth: Photos) -> Tensor:
    """Return for each pixel the share of thresholds that its ab error does not exceed, ``(B, H, W)`` in [0, 1]."""
    error = (prediction.lab - truth.lab)[:, 1:].square().sum(dim=1).sqrt()
    return (LARGEST + 1 - error.ceil()).clamp(min=0) / (LARGEST + 1)


class AuC(MeanOverPhotos):
    """Area under the curve of the share of pixels whose ab error is within a threshold, in percent.

    Every pixel has the same weight. Most pixels are nearly grey, so a grey photo already has 88.
    """

    higher_is_better = True

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        return 100 * photo_mean(within(prediction, truth))


class BalancedAuC(OfMeans):
    """AuC with each pixel weighed by the rarity of its true colour (equation 4 of the paper, lambda = 0).

    Colours are the bins of `ab_bins`, and the weight is ``1 / p`` of the bin. The paper takes `p` from all of ImageNet,
    smoothed with a Gaussian of 5 units. Figures of different sets of photos therefore cannot be compared.

    Parameters
    ----------
    prior : (K,) probabilities of the bins, or None
        None takes them from the measured truths, smoothed as in the paper. Grey then has 60; in the paper it has 58.
    """

    higher_is_better = True
    _prior: Tensor | None
    _spread: Tensor
    _nearest: Tensor

    def __init__(self, prior: Tensor | None = None) -> None:
        super().__init__()
        bins = torch.tensor(ab_bins(), dtype=torch.float64)
        self.count = len(bins)
        if prior is not None:
            if prior.shape != (self.count,) or not bool((prior > 0).all()):
                raise ValueError(f"prior must be {self.count} numbers above 0, one for each bin of ab_bins()")
            prior = prior.to(torch.float64) / prior.sum()
        self.register_buffer("_prior", prior, persistent=False)
        # Column k says to which bins smoothing moves the pixels of bin k. Each column sums to 1.
        spread = torch.exp(-torch.cdist(bins, bins).square() / (2 * SIGMA**2))
        self.register_buffer("_spread", spread / spread.sum(dim=0), persistent=False)
        # Bins are on a grid, so a table gives the nearest one. At the gamut's edge a cell may have no bin of its own.
        self.reach = int(bins.abs().max() / BIN) + 2
        axis = BIN * torch.arange(-self.reach, self.reach + 1, dtype=torch.float64)
        cells = torch.cdist(torch.cartesian_prod(axis, axis), bins)
        self.register_buffer("_nearest", cells.argmin(dim=1), persistent=False)

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        good = within(prediction, truth).flatten(1).to(torch.float64)
        cell = (truth.lab[:, 1:] / BIN).round().long().clamp(-self.reach, self.reach) + self.reach
        bins = self._nearest[(cell[:, 0] * (2 * self.reach + 1) + cell[:, 1]).flatten(1)]
        rows = good.new_zeros(len(good), 2 * self.count)
        rows.scatter_add_(1, bins, torch.ones_like(good))
        rows.scatter_add_(1, bins + self.count, good)
        return rows / good.shape[1]

    def of_means(self, means: Tensor) -> Tensor:
        return self._balanced(means, self._prior_of(means))

    def resampled(self, picks: Tensor) -> Tensor:
        """Resample as `OfMeans`, but with the weights of all photos.

        A resampled set lacks some rare colours. With its own weights it would be easier than the whole set.
        """
        prior = self._prior_of(self.rows.mean(dim=0))
        return torch.cat([self._balanced(means, prior) for means in self.resampled_means(picks)])

    def _prior_of(self, means: Tensor) -> Tensor:
        if self._prior is not None:
            return self._prior
        smoothed: Tensor = means[..., : self.count] @ self._spread.T
        return smoothed

    def _balanced(self, means: Tensor, prior: Tensor) -> Tensor:
        present, good = torch.split(means, self.count, dim=-1)
        weights = 1 / prior.clamp(min=1e-12)
        balanced: Tensor = (weights * good).sum(dim=-1) / (weights * present).sum(dim=-1)
        return 100 * balanced
