"""Colour as classification: a distribution over ab bins (Zhang et al. 2016, 2017)."""

import torch
from torch.nn import functional as F

from photochrom.color.lab import grey_to_lightness
from photochrom.losses.classification import RebalancedCrossEntropy
from photochrom.losses.pixel import pixel_loss
from photochrom.training.batches import Batch
from photochrom.training.networks import Networks
from photochrom.training.recipe import Classification
from photochrom.training.steps.base import Losses, Step


class ClassificationStep(Step):
    """Rebalanced cross-entropy over the bins and, where the net also regresses, a Huber loss on its ab."""

    reports = ("loss", "cross_entropy", "huber")

    def __init__(self, networks: Networks, settings: Classification) -> None:
        super().__init__(networks)
        self.generator = self.learn("generator", networks.generator, settings.optimizer)
        self.huber = settings.huber
        self.huber_loss = pixel_loss("huber", delta=1 / 110)
        net = networks.generator
        self.cross_entropy = RebalancedCrossEntropy(net.bins, net.log_weights.exp()).to(
            networks.fabric.device
        )

    def step(self, batch: Batch) -> Losses:
        assert batch.ab is not None
        prediction = self.generator.net(grey_to_lightness(batch.grey), batch.hints)
        entropy = self.cross_entropy(prediction.logits, batch.ab)
        loss, huber = entropy, torch.zeros_like(entropy)
        if prediction.ab is not None and self.huber:
            truth = F.interpolate(batch.ab, size=prediction.ab.shape[2:], mode="bilinear")
            # In units of 110, as the paper's network counts.
            huber = self.huber_loss(prediction.ab / 110, truth / 110)
            loss = loss + self.huber * huber
        self.generator.descend(loss)
        return {"loss": loss.detach(), "cross_entropy": entropy.detach(), "huber": huber.detach()}
