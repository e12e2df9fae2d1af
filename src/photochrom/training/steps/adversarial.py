"""Generator against discriminator (Goodfellow et al. 2014, Isola et al. 2017)."""

import torch
from torch import Tensor

from photochrom.losses.adversarial import Labels, objective
from photochrom.training.batches import Batch
from photochrom.training.networks import Networks, discriminator_inputs
from photochrom.training.recipe import Adversarial, Nogan
from photochrom.training.steps.base import Losses, Step, switched_off


class AdversarialStep(Step):
    """The discriminator learns to tell, then the generator to deceive it while staying near the truth."""

    reports = ("loss", "pixel", "gan", "discriminator", "discriminator_accuracy")

    def __init__(self, networks: Networks, settings: Adversarial | Nogan) -> None:
        super().__init__(networks)
        gan = settings.gan
        discriminator = networks.discriminator(gan.discriminator, discriminator_inputs(gan, networks.space))
        self.generator = self.learn("generator", networks.generator, settings.optimizer)
        self.discriminator = self.learn(
            "discriminator", discriminator, settings.optimizer.for_discriminator()
        )
        self.criterion = self.criterion_of(settings.loss)
        self.objective = objective(gan.objective, Labels(**gan.labels.model_dump()), self.randomness)
        self.gan = gan

    def step(self, batch: Batch) -> Losses:
        x, truth = self.pair(batch)
        turn = self.turn()
        with torch.set_grad_enabled(turn != "discriminator"):
            fake = self.generator.net(x)
        real_seen, fake_seen = self.seen(x, truth, batch.grey), self.seen(x, fake, batch.grey)

        if turn != "generator":
            real_logits, fake_logits = (
                self.discriminator.net(real_seen),
                self.discriminator.net(fake_seen.detach()),
            )
            discriminator_loss = self.objective.discriminator_loss(real_logits, fake_logits)
            self.discriminator.descend(discriminator_loss)
        with switched_off(self.discriminator) as discriminator:
            logits = discriminator(fake_seen)
            gan_loss = self.objective.generator_loss(logits)
            if turn == "generator":
                with torch.no_grad():
                    real_logits, fake_logits = discriminator(real_seen), logits
                    discriminator_loss = self.objective.discriminator_loss(real_logits, fake_logits)
        pixel_loss = self.criterion(fake, truth, batch.rgb, batch.grey)
        loss = pixel_loss + self.gan.weight * gan_loss
        if turn != "discriminator":
            self.generator.descend(loss)
        return {
            "loss": loss.detach(),
            "pixel": pixel_loss.detach(),
            "gan": gan_loss.detach(),
            "discriminator": discriminator_loss.detach(),
            "discriminator_accuracy": self.objective.accuracy(real_logits, fake_logits).mean,
        }

    def seen(self, x: Tensor, y: Tensor, grey: Tensor) -> Tensor:
        """What the discriminator judges of an output `y`: it beside its input, or the picture that it means."""
        return torch.cat([x, y], dim=1) if self.gan.sees == "pair" else self.networks.space.to_rgb(y, grey)

    def turn(self) -> str:
        """Who learns at this step, where they take turns."""
        if not self.gan.alternate:
            return "both"
        return ("discriminator", "generator")[self.number // self.gan.alternate % 2]
