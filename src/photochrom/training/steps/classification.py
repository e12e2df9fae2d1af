"""Colour as classification: a distribution over ab bins (Zhang et al. 2016, 2017)."""

from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.color.lab import AB_SCALE, grey_to_lightness, rgb_to_lab
from photochrom.color.luma import rgb_to_luma
from photochrom.color.quantize import class_weights, prior_of
from photochrom.data.augment import center_crops
from photochrom.losses.classification import RebalancedCrossEntropy
from photochrom.losses.pixel import pixel_loss
from photochrom.nets.prediction import Prediction, annealed
from photochrom.training.batches import Batch, Photos
from photochrom.training.criterion import Criterion
from photochrom.training.networks import Networks
from photochrom.training.normalization import batch_norms
from photochrom.training.settings import Optimizer, Pixel, Positive, Share, Weight
from photochrom.training.steps.base import Losses, Step, StepSettings


class Mean(Pixel):
    """Terms on the colours to which a distribution decodes. By default all their weights are 0.

    The colours are the annealed mean at `temperature` and `prior_strength`, as the product decodes it
    (`photochrom.nets.prediction.DistributionNet.predict`). `pixel`, `gradient` and `distribution` compare ab / 110 at
    the stride of the logits. `colorfulness` and `perceptual` compare pictures: the colours, enlarged bilinearly, on the
    true L*.
    """

    pixel: Weight = 0.0
    temperature: Positive = 0.5
    prior_strength: Share = 0.35


class DistributionSettings(StepSettings):
    """The settings of all ways to train a distribution over ab bins (Zhang et al. 2016).

    `mix` is the uniform share in the denominator of the class weights. `huber` weighs the loss of the regressed ab, if
    the net regresses too (Zhang et al. 2017). `mean` weighs terms on the colours to which the distribution decodes.
    With `fixed_statistics` a trained net keeps its class weights and the statistics of its batch norms. A net that goes
    on with few photos of one kind then works as before on all others.
    """

    distributes: ClassVar[bool] = True

    mix: Share = 0.5
    fixed_statistics: bool = False
    huber: Weight = 0.0
    mean: Mean = Mean()
    optimizer: Optimizer = Optimizer()

    def declare(self, networks: Networks, key: str) -> None:
        networks.look_with(self.mean, f"{key}.mean")

    def prepare(self, networks: Networks, photos: Photos) -> None:
        if not self.fixed_statistics:
            rebalance(networks.generator, photos, self.mix)


class Classification(DistributionSettings):
    """Train a distribution over ab bins (Zhang et al. 2016)."""

    kind: Literal["classification"]

    @classmethod
    def reports(cls) -> tuple[str, ...]:
        return ClassificationStep.reports

    def make(self, networks: Networks) -> Step:
        return ClassificationStep(networks, self)


class ClassificationStep(Step):
    """The rebalanced cross-entropy over the bins, plus a Huber loss on ab if the net also regresses.

    The recipe's terms on the distribution's mean are added.
    """

    reports: ClassVar[tuple[str, ...]] = (
        "loss",
        "cross_entropy",
        "huber",
        "mean_pixel",
        "mean_gradient",
        "mean_distribution",
        "mean_colorfulness",
        "mean_perceptual",
    )

    def __init__(self, networks: Networks, settings: DistributionSettings) -> None:
        super().__init__(networks)
        self.generator = self.learn("generator", networks.generator, settings.optimizer)
        self.huber = settings.huber
        self.fixed_statistics = settings.fixed_statistics
        self.huber_loss = pixel_loss("huber", delta=1 / 110)
        self.mean = self.criterion_of(settings.mean) if settings.mean.weighs else None
        decoding = [settings.mean.temperature, settings.mean.prior_strength]
        self.temperature, self.prior_strength = torch.tensor(decoding, device=networks.fabric.device)
        net = networks.generator
        self.cross_entropy = RebalancedCrossEntropy(net.bins, net.log_weights.exp()).to(
            networks.fabric.device
        )

    def begin(self, number: int, seed: int) -> None:
        super().begin(number, seed)
        if self.fixed_statistics:
            for norm in batch_norms(self.networks.generator):
                norm.eval()

    def step(self, batch: Batch) -> Losses:
        prediction = self.predicted(batch)
        ab = None if self.mean is None else self.decoded(prediction.logits)
        loss, losses = self.compared(prediction, ab, batch)
        self.generator.descend(loss)
        return losses

    def predicted(self, batch: Batch) -> Prediction:
        """Return the net's output for the batch."""
        prediction: Prediction = self.generator.net(grey_to_lightness(batch.grey), batch.hints)
        return prediction

    def compared(self, prediction: Prediction, ab: Tensor | None, batch: Batch) -> tuple[Tensor, Losses]:
        """Return the loss of `prediction` against the truth, and its parts for the log.

        `ab` ``(B, 2, h, w)`` are its decoded colours, which only the terms of `mean` need.
        """
        assert batch.ab is not None
        entropy = self.cross_entropy(prediction.logits, batch.ab)
        loss, huber = entropy, torch.zeros_like(entropy)
        if prediction.ab is not None and self.huber:
            truth = F.interpolate(batch.ab, size=prediction.ab.shape[2:], mode="bilinear")
            # In units of 110, as in the paper's network.
            huber = self.huber_loss(prediction.ab / 110, truth / 110)
            loss = loss + self.huber * huber
        losses = {"cross_entropy": entropy.detach(), "huber": huber.detach()}
        if self.mean is not None:
            assert ab is not None
            terms = self.of_mean(self.mean, ab, batch)
            loss = loss + self.mean.weighed(terms)
            losses |= {f"mean_{name}": term.detach() for name, term in terms.items()}
        return loss, {"loss": loss.detach()} | losses

    def decoded(self, logits: Tensor) -> Tensor:
        """Return the colours ``(B, 2, h, w)`` in Lab units to which ``logits (B, K, h, w)`` decode."""
        net = self.networks.generator
        return annealed(net.calibrated(logits, self.prior_strength), net.bins, self.temperature)

    def of_mean(self, criterion: Criterion, ab: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Return the terms of `criterion`, by name, on the decoded colours ``ab (B, 2, h, w)``."""
        assert batch.ab is not None
        truth = F.interpolate(batch.ab, size=ab.shape[2:], mode="area")
        # The luma of the true photo and not of the aged input: these terms compare only the colours.
        luma = rgb_to_luma(batch.rgb, axis=1)[:, None]
        return criterion.terms(ab / AB_SCALE, truth / AB_SCALE, batch.rgb, luma)


def rebalance(net: Any, photos: Photos, mix: float) -> None:
    """Set the class weights of a distribution net from the colours of up to 2,000 photos at 16 px."""
    chosen = np.random.default_rng(0).permutation(len(photos))[:2000]
    # In parts, because the photos of a stream may be large.
    parts = [photos.take(part) for part in np.array_split(chosen, -(-len(chosen) // 50))]
    small = torch.cat([center_crops(part, np.arange(len(part)), 16) for part in parts])
    prior = prior_of(rgb_to_lab(small, axis=1)[:, 1:].permute(0, 2, 3, 1), net.bins)
    net.log_weights.copy_(class_weights(prior, mix).log())
