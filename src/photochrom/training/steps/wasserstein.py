"""Wasserstein GAN, conditional on the grey picture (Arjovsky et al. 2017, Gulrajani et al. 2017)."""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from photochrom.losses.adversarial import clip_weights, gradient_penalty, objective
from photochrom.training.batches import Batch
from photochrom.training.networks import Networks
from photochrom.training.settings import Optimizer, Part, Pixel, Positive, Weight
from photochrom.training.steps.base import Losses, Step, StepSettings, switched_off


class Wasserstein(StepSettings):
    """A Wasserstein GAN. A gradient penalty limits the critic's slope (Gulrajani et al. 2017).

    With `clip_weights`, clipping limits it instead (Arjovsky et al. 2017).
    """

    kind: Literal["wasserstein"]
    loss: Pixel = Pixel(pixel=100)
    critic: Part = Part(name="patchgan", args={"norm": "none"})
    critic_steps: Annotated[int, Field(ge=1)] = 5
    penalty: Weight = 10.0
    clip_weights: Positive | None = None
    optimizer: Optimizer = Optimizer(betas=(0.0, 0.9))

    def opponent(self, networks: Networks) -> nn.Module:
        """Return the critic. Steps that name the same one share it."""
        return networks.discriminator(self.critic, networks.space.inputs + networks.space.outputs)

    @classmethod
    def reports(cls) -> tuple[str, ...]:
        return WassersteinStep.reports

    def declare(self, networks: Networks, key: str) -> None:
        self.opponent(networks)
        networks.look_with(self.loss, f"{key}.loss")

    def make(self, networks: Networks) -> Step:
        return WassersteinStep(networks, self)


class WassersteinStep(Step):
    """The critic learns to estimate a distance, in several steps. Then one step of the generator makes it shorter."""

    reports = ("loss", "pixel", "gan", "critic", "distance", "penalty")

    def __init__(self, networks: Networks, settings: Wasserstein) -> None:
        super().__init__(networks)
        critic = settings.opponent(networks)
        self.generator = self.learn("generator", networks.generator, settings.optimizer)
        self.critic = self.learn("critic", critic, settings.optimizer.for_discriminator())
        self.criterion = self.criterion_of(settings.loss)
        self.objective = objective("wasserstein")
        self.settings = settings

    def step(self, batch: Batch) -> Losses:
        x, truth = self.pair(batch)
        fake = self.generator.net(x)
        real_pair, fake_pair = torch.cat([x, truth], dim=1), torch.cat([x, fake], dim=1)

        def judge(y: Tensor) -> Tensor:
            # The bare network, because a DistributedDataParallel around it cannot handle a gradient's gradient.
            logits: Tensor = self.critic.module(torch.cat([x, y], dim=1))
            return logits

        for _ in range(self.settings.critic_steps):
            real_logits, fake_logits = self.critic.net(real_pair), self.critic.net(fake_pair.detach())
            distance = real_logits.mean() - fake_logits.mean()
            critic_loss = self.objective.discriminator_loss(real_logits, fake_logits)
            penalty = torch.zeros_like(critic_loss)
            if self.settings.clip_weights is None:
                penalty = gradient_penalty(judge, truth, fake, self.randomness)
            self.critic.descend(critic_loss + self.settings.penalty * penalty)
            if self.settings.clip_weights is not None:
                clip_weights(self.critic.module, self.settings.clip_weights)

        with switched_off(self.critic) as critic:
            gan_loss = self.objective.generator_loss(critic(fake_pair))
        pixel_loss = self.criterion(fake, truth, batch.rgb, batch.grey)
        loss = pixel_loss + gan_loss
        self.generator.descend(loss)
        return {
            "loss": loss.detach(),
            "pixel": pixel_loss.detach(),
            "gan": gan_loss.detach(),
            "critic": critic_loss.detach(),
            "distance": distance.detach(),
            "penalty": penalty.detach(),
        }
