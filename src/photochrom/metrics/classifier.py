"""Semantic interpretability (Zhang et al. 2016): does a classifier know what is in the recoloured photo?"""

import torch
from torch import Tensor

from photochrom.metrics.metric import MeanOverPhotos
from photochrom.metrics.photos import Network, Photos


class Top1(MeanOverPhotos):
    """Share of photos whose first guess by a classifier is their class, in percent.

    Print it between what the classifier reaches on the grey photos and what it reaches on the true ones.

    Parameters
    ----------
    network : a classifier of colour photos; see `photochrom.metrics.photos.Network`
    """

    higher_is_better = True

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        if labels is None:
            raise ValueError("top-1 needs the true class of every photo: update(..., labels=...)")
        logits, _ = prediction.seen_by(self.network)
        classes = logits.shape[1]
        if labels.is_floating_point() or not bool(((labels >= 0) & (labels < classes)).all()):
            raise ValueError(
                f"labels must be whole numbers from 0 to {classes - 1}, the classifier's classes"
            )
        hits = logits.argmax(dim=1) == labels.to(logits.device)
        return 100 * hits.to(torch.float64)
