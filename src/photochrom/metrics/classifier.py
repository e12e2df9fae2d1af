"""Semantic interpretability (Zhang et al. 2016): whether a classifier recognises the recoloured photo."""

import torch
from torch import Tensor

from photochrom.metrics.metric import MeanOverPhotos
from photochrom.metrics.photos import Network, Photos


class Top1(MeanOverPhotos):
    """The share of photos, in percent, whose class is the classifier's first guess.

    For comparison, print the classifier's figures on the grey photos and on the true ones beside it.

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
