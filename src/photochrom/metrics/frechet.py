"""Frechet distance between the features of the predictions and of the truth."""

import torch
from torch import Tensor

from photochrom.metrics.metric import PhotoMetric
from photochrom.metrics.photos import Network, Photos


class FrechetDistance(PhotoMetric):
    """Frechet distance of two normal distributions fitted to a network's features (Heusel et al. 2017).

    It is "FID" only with the 2048 pooled features of that paper's Inception network. Other networks give other numbers,
    and the figure must name the network. Smaller sets have larger distances, so compare only figures of equally many
    photos.

    Parameters
    ----------
    network : the network of the features; see `photochrom.metrics.photos.Network`

    Raises
    ------
    ValueError
        By ``compute()``, if there are not more photos than features. The covariance then does not have full rank, and
        the distance depends more on the number of photos than on their colours. `frechet_distance` still returns it.
    """

    higher_is_better = False
    # Each sample needs two QR decompositions and one SVD.
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
        """Resample as `PhotoMetric`, and shift the figures so that their mean is the figure of all photos.

        A resampled set has fewer different photos, and smaller sets have larger distances. Without the shift the whole
        interval could be above the figure.
        """
        figures = super().resampled(picks)
        return figures - figures.mean() + self.summary(self.rows)


def frechet_distance(one: Tensor, two: Tensor) -> Tensor:
    """Return the Frechet distance of the normal distributions with the means and covariances of two samples.

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
    # With C = R^T R, the trace of (C1 C2)^(1/2) is the sum of the singular values of R1 R2^T. This does not
    # square the data, so it is exact for nearly singular covariances, unlike the root of their product.
    shared = torch.linalg.svdvals(root1 @ root2.T).sum()
    distance: Tensor = (
        (mean1 - mean2).square().sum() + root1.square().sum() + root2.square().sum() - 2 * shared
    )
    return distance.clamp(min=0)


def _normal(sample: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean, and R of the centred sample's QR decomposition, scaled so that ``R^T R`` is the covariance."""
    sample = sample.to(torch.float64)
    mean = sample.mean(dim=0)
    _, root = torch.linalg.qr((sample - mean) / (len(sample) - 1) ** 0.5, mode="r")
    return mean, root
