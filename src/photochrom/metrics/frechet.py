"""Frechet distance between the features of the predictions and of the truth."""

import torch
from torch import Tensor

from photochrom.metrics.metric import PhotoMetric
from photochrom.metrics.photos import Network, Photos


class FrechetDistance(PhotoMetric):
    """Frechet distance of two normal distributions fitted to a network's features (Heusel et al. 2017).

    Only with the 2048 pooled features of the Inception network of that paper is this "FID"; with any other network
    the numbers are others, and it must be named after that network. Smaller sets have larger distances: compare
    figures of equally many photos.

    Parameters
    ----------
    network : gives the features; see `photochrom.metrics.photos.Network`

    Raises
    ------
    ValueError
        By ``compute()``, if there are no more photos than features. The covariance then has no full rank, and what
        comes out (`frechet_distance` gives it) says more about the count of photos than about their colours.
    """

    higher_is_better = False
    # Each takes two QR decompositions and one SVD.
    resamples = 200

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        return torch.cat([x.seen_by(self.network)[1] for x in (prediction, truth)], dim=1)

    def compute(self) -> Tensor:
        rows = self.rows
        dimensions = rows.shape[1] // 2
        if len(rows) <= dimensions:
            raise ValueError(
                f"the Frechet distance of {dimensions} features needs more than {dimensions} photos, got {len(rows)}"
            )
        return self.summary(rows)

    def summary(self, rows: Tensor) -> Tensor:
        ours, true = rows.chunk(2, dim=1)
        return frechet_distance(ours, true)

    def resampled(self, picks: Tensor) -> Tensor:
        """As in `PhotoMetric`, moved so that their mean is the figure of all photos.

        A resample holds some photos twice and others not at all, and as every smaller set it has a larger distance:
        without the shift the interval could lie above the figure.
        """
        figures = super().resampled(picks)
        return figures - figures.mean() + self.summary(self.rows)


def frechet_distance(one: Tensor, two: Tensor) -> Tensor:
    """Frechet distance of the normal distributions with the means and covariances of two samples.

    Parameters
    ----------
    one, two : (N, D) and (M, D), at least two rows each
        Fewer rows than dimensions are allowed; the rank of the covariance is then less than D.

    Returns
    -------
    float64 scalar >= 0: ``|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))``, covariances divided by N - 1.

    Raises
    ------
    ValueError
        If there are fewer than two rows or the dimensions differ.
    """
    if min(len(one), len(two)) < 2 or one.shape[1:] != two.shape[1:]:
        raise ValueError(
            f"expected two samples of two rows or more, got {tuple(one.shape)} and {tuple(two.shape)}"
        )
    (mean1, root1), (mean2, root2) = _normal(one), _normal(two)
    # With C = R^T R, the trace of (C1 C2)^(1/2) is the sum of the singular values of R1 R2^T. Unlike the root of a
    # product of covariances it squares nothing, so it stays exact where they are nearly singular.
    shared = torch.linalg.svdvals(root1 @ root2.T).sum()
    distance: Tensor = (
        (mean1 - mean2).square().sum() + root1.square().sum() + root2.square().sum() - 2 * shared
    )
    return distance.clamp(min=0)


def _normal(sample: Tensor) -> tuple[Tensor, Tensor]:
    """Mean, and R of the QR decomposition of the centred sample, scaled so that ``R^T R`` is its covariance."""
    sample = sample.to(torch.float64)
    mean = sample.mean(dim=0)
    _, root = torch.linalg.qr((sample - mean) / (len(sample) - 1) ** 0.5, mode="r")
    return mean, root
