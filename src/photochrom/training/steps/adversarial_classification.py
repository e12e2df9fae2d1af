"""A distribution over ab bins against a discriminator that sees the colours to which it decodes.

The order is that of NoGAN (Antic 2019, DeOldify): first the generator alone ("classification"), then the discriminator
alone, then a short game of both.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.color.lab import AB_SCALE
from photochrom.errors import RecipeError
from photochrom.training.batches import Batch
from photochrom.training.networks import Networks
from photochrom.training.steps.adversarial import Gan
from photochrom.training.steps.base import Losses, Step, switched_off
from photochrom.training.steps.classification import ClassificationStep, DistributionSettings


class AdversarialClassification(DistributionSettings):
    """Train a distribution by its own loss, and its decoded colours against a discriminator.

    The phase "discriminator" trains the discriminator alone, "both" trains both. The discriminator's input is the pair
    of luma and ab at the stride of the output, in [-1, 1]. `gan.sees` must be "pair".
    """

    kind: Literal["adversarial_classification"]
    phase: Literal["discriminator", "both"] = "both"
    gan: Gan = Gan(objective="hinge", weight=0.1)

    @classmethod
    def reports(cls) -> tuple[str, ...]:
        return AdversarialClassificationStep.reports

    def declare(self, networks: Networks, key: str) -> None:
        super().declare(networks, key)
        if self.gan.sees != "pair":
            raise RecipeError(f"{key}.gan.sees", 'must be "pair" here')
        if self.gan.alternate:
            raise RecipeError(f"{key}.gan.alternate", "must be 0 here; both sides learn from every batch")
        self.gan.opponent(networks)

    def make(self, networks: Networks) -> Step:
        return AdversarialClassificationStep(networks, self)


class AdversarialClassificationStep(ClassificationStep):
    """The discriminator learns to tell decoded from true colours, then the generator to deceive it."""

    reports = (*ClassificationStep.reports, "gan", "discriminator", "discriminator_accuracy")

    def __init__(self, networks: Networks, settings: AdversarialClassification) -> None:
        super().__init__(networks, settings)
        gan = settings.gan
        self.discriminator = self.learn(
            "discriminator", gan.opponent(networks), settings.optimizer.for_discriminator()
        )
        self.objective = gan.rules(self.randomness)
        self.weight, self.alone = gan.weight, settings.phase == "discriminator"

    def step(self, batch: Batch) -> Losses:
        assert batch.ab is not None
        with torch.set_grad_enabled(not self.alone):
            prediction = self.predicted(batch)
            fake = self.decoded(prediction.logits)
            loss, losses = self.compared(prediction, fake, batch)
            fake = fake.float()
        luma = F.interpolate(batch.grey, size=fake.shape[2:], mode="area")
        real_logits = self.discriminator.net(pair(luma, batch.ab))
        fake_logits = self.discriminator.net(pair(luma, fake.detach()))
        discriminator_loss = self.objective.discriminator_loss(real_logits, fake_logits)
        self.discriminator.descend(discriminator_loss)
        with switched_off(self.discriminator) as discriminator, torch.set_grad_enabled(not self.alone):
            gan_loss = self.objective.generator_loss(discriminator(pair(luma, fake)))
        if not self.alone:
            loss = loss + self.weight * gan_loss
            self.generator.descend(loss)
        return losses | {
            "loss": loss.detach(),
            "gan": gan_loss.detach(),
            "discriminator": discriminator_loss.detach(),
            "discriminator_accuracy": self.objective.accuracy(real_logits, fake_logits).mean,
        }


def pair(luma: Tensor, ab: Tensor) -> Tensor:
    """Return the discriminator's input ``(B, 3, h, w)`` from luma in [0, 1] and ab in Lab units."""
    return torch.cat([2 * luma - 1, ab / AB_SCALE], dim=1)
