"""Colour as classification: a distribution over ab bins (Zhang et al. 2016, 2017)."""

import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.color.lab import AB_SCALE, grey_to_lightness
from photochrom.color.luma import rgb_to_luma
from photochrom.losses.classification import RebalancedCrossEntropy
from photochrom.losses.pixel import pixel_loss
from photochrom.nets.prediction import annealed
from photochrom.training.batches import Batch
from photochrom.training.criterion import Criterion
from photochrom.training.networks import Networks
from photochrom.training.recipe import Classification
from photochrom.training.steps.base import Losses, Step


class ClassificationStep(Step):
    """Rebalanced cross-entropy over the bins and, where the net also regresses, a Huber loss on its ab.

    What the recipe asks of the distribution's mean is added to it.
    """

    reports = (
        "loss",
        "cross_entropy",
        "huber",
        "mean_pixel",
        "mean_gradient",
        "mean_colorfulness",
        "mean_perceptual",
    )

    def __init__(self, networks: Networks, settings: Classification) -> None:
        super().__init__(networks)
        self.generator = self.learn("generator", networks.generator, settings.optimizer)
        self.huber = settings.huber
        self.huber_loss = pixel_loss("huber", delta=1 / 110)
        self.mean = self.criterion_of(settings.mean) if settings.mean.weighs else None
        decoding = [settings.mean.temperature, settings.mean.prior_strength]
        self.temperature, self.prior_strength = torch.tensor(decoding, device=networks.fabric.device)
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
        losses = {"cross_entropy": entropy.detach(), "huber": huber.detach()}
        if self.mean is not None:
            terms = self.of_mean(self.mean, prediction.logits, batch)
            loss = loss + self.mean.weighed(terms)
            losses |= {f"mean_{name}": term.detach() for name, term in terms.items()}
        self.generator.descend(loss)
        return {"loss": loss.detach()} | losses

    def of_mean(self, criterion: Criterion, logits: Tensor, batch: Batch) -> dict[str, Tensor]:
        """The terms of `criterion` on the colours that ``logits (B, K, h, w)`` decode to, by their names."""
        assert batch.ab is not None
        net = self.networks.generator
        ab = annealed(net.calibrated(logits, self.prior_strength), net.bins, self.temperature)
        truth = F.interpolate(batch.ab, size=ab.shape[2:], mode="area")
        # The true photo's luma, not what the net saw of it: this is about colours, and age is not one of them.
        luma = rgb_to_luma(batch.rgb, axis=1)[:, None]
        return criterion.terms(ab / AB_SCALE, truth / AB_SCALE, batch.rgb, luma)
