"""Colour distribution consistency of films: how much the colours change from frame to frame."""

import torch
from torch import Tensor
from torchmetrics.utilities.data import dim_zero_cat

from photochrom.metrics.metric import MeanOverPhotos
from photochrom.metrics.photos import Photos, as_photos

STEPS = (1, 2, 4)
LEVELS = 256


class CDC(MeanOverPhotos):
    """Colour distribution consistency (Liu et al. 2021, arXiv:2110.04562), mean over films. Lower is steadier.

    It is the Jensen-Shannon divergence (in nats) between the 256-level histograms of frames 1, 2 and 4 apart: the mean
    over frames, R, G and B, and then over the three distances. Movement also changes histograms, and grey films have a
    lower figure, so print the truth's beside it.

    ``update(frames, film=number)`` takes the next frames ``(T, 3, H, W)`` of a film, in order. A film may be given in
    any number of parts, but all on one rank. `values` has one figure per film, by ascending number.
    """

    higher_is_better = False
    counted = "films"
    films: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.add_state("films", [], dist_reduce_fx="cat")

    def update(
        self,
        prediction: Photos | Tensor,
        truth: Photos | Tensor | None = None,
        labels: Tensor | None = None,
        film: int = 0,
    ) -> None:
        """Add frames of a film. `truth` and `labels` are not used."""
        photos = as_photos(prediction)
        self.measured.append(self.measure(photos, photos, None))
        self.films.append(torch.full((len(photos),), film, device=photos.rgb.device))

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        """Return the histograms ``(T, 3 * 256)`` of the frames. Each channel's histogram sums to 1."""
        levels = (prediction.rgb * (LEVELS - 1)).round().long().flatten(2)
        histograms = torch.zeros(*levels.shape[:2], LEVELS, dtype=torch.float64, device=levels.device)
        ones = torch.ones((), dtype=torch.float64, device=levels.device).expand(levels.shape)
        return histograms.scatter_add_(2, levels, ones).flatten(1) / levels.shape[2]

    @property
    def rows(self) -> Tensor:
        """One figure per film, ``(F, 1)``. A ValueError names a film with fewer than five frames."""
        histograms = super().rows
        if not len(histograms):
            return histograms
        films = dim_zero_cat(self.films)
        figures = []
        for film in sorted(set(films.tolist())):
            frames = histograms[films == film]
            if len(frames) <= max(STEPS):
                raise ValueError(f"CDC needs at least {max(STEPS) + 1} frames, film {film} has {len(frames)}")
            apart = [divergence(frames[:-step], frames[step:]).mean() / 3 for step in STEPS]
            figures.append(torch.stack(apart).mean())
        return torch.stack(figures)[:, None]


def divergence(p: Tensor, q: Tensor) -> Tensor:
    """Return the Jensen-Shannon divergence (nats) over the last dimension, ``(..., K)`` to ``(...)``; at most log 2."""
    middle = (p + q) / 2
    # xlogy is 0 for levels without pixels, and only there can the middle be 0.
    one, two = (torch.xlogy(x, x).sum(-1) - torch.xlogy(x, middle).sum(-1) for x in (p, q))
    return (one + two) / 2
