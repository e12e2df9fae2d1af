"""Generator against discriminator (Goodfellow et al. 2014, Isola et al. 2017)."""

from typing import Annotated, Literal, Protocol

import torch
from pydantic import Field
from torch import Tensor, nn

from photochrom.losses import adversarial as losses
from photochrom.training.batches import Batch
from photochrom.training.networks import Networks
from photochrom.training.settings import Optimizer, Part, Pixel, Share, Strict, Weight
from photochrom.training.steps.base import Losses, Step, StepSettings, switched_off


class Labels(Strict):
    """The discriminator's labels of real and fake photos; see `photochrom.losses.adversarial.Labels`."""

    soft: Share = 0.0
    noise: Share = 0.0
    one_sided: bool = False
    flip_share: Share = 0.0
    flipped: bool = False


class Gan(Strict):
    """The game between generator and discriminator.

    `sees` is the discriminator's input: the "pair" of the net's input and output (a conditional GAN), or the "picture"
    in RGB. With `alternate` = n each side learns from n batches in turn. With 0 both learn from every batch.
    """

    discriminator: Part = Part(name="patchgan")
    sees: Literal["pair", "picture"] = "pair"
    objective: Literal["bce", "least_squares", "hinge"] = "bce"
    weight: Weight = 1.0
    labels: Labels = Labels()
    alternate: Annotated[int, Field(ge=0)] = 0

    def rules(self, randomness: torch.Generator) -> losses.Objective:
        """Make the losses of both sides. Noisy labels are drawn from `randomness`."""
        return losses.objective(self.objective, losses.Labels(**self.labels.model_dump()), randomness)

    def opponent(self, networks: Networks) -> nn.Module:
        """Return the discriminator. Steps that name the same one share it."""
        space = networks.space
        inputs = 3 if self.sees == "picture" else space.inputs + space.outputs
        return networks.discriminator(self.discriminator, inputs)


class Game(Protocol):
    """The settings that an `AdversarialStep` needs."""

    @property
    def loss(self) -> Pixel: ...
    @property
    def gan(self) -> Gan: ...
    @property
    def optimizer(self) -> Optimizer: ...


class Adversarial(StepSettings):
    """Generator and discriminator together (Isola et al. 2017)."""

    kind: Literal["adversarial"]
    loss: Pixel = Pixel(pixel=100)
    gan: Gan = Gan()
    optimizer: Optimizer = Optimizer(betas=(0.5, 0.999))

    @classmethod
    def reports(cls) -> tuple[str, ...]:
        return AdversarialStep.reports

    def declare(self, networks: Networks, key: str) -> None:
        self.gan.opponent(networks)
        networks.look_with(self.loss, f"{key}.loss")

    def make(self, networks: Networks) -> Step:
        return AdversarialStep(networks, self)


class AdversarialStep(Step):
    """The discriminator learns to tell real from fake, then the generator to deceive it and to stay near the truth."""

    reports = ("loss", "pixel", "gan", "discriminator", "discriminator_accuracy")

    def __init__(self, networks: Networks, settings: Game) -> None:
        super().__init__(networks)
        gan = settings.gan
        discriminator = gan.opponent(networks)
        self.generator = self.learn("generator", networks.generator, settings.optimizer)
        self.discriminator = self.learn(
            "discriminator", discriminator, settings.optimizer.for_discriminator()
        )
        self.criterion = self.criterion_of(settings.loss)
        self.objective = gan.rules(self.randomness)
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
        """Return the discriminator's input for an output `y`: `y` beside the net's input `x`, or the picture in RGB."""
        return torch.cat([x, y], dim=1) if self.gan.sees == "pair" else self.networks.space.to_rgb(y, grey)

    def turn(self) -> str:
        """Return which side learns at this step: "discriminator", "generator" or "both"."""
        if not self.gan.alternate:
            return "both"
        return ("discriminator", "generator")[self.number // self.gan.alternate % 2]
