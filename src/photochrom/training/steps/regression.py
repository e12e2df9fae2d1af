"""Regression: the generator learns alone, from the truth."""

from typing import Literal

from photochrom.training.batches import Batch
from photochrom.training.networks import Networks
from photochrom.training.settings import Optimizer, Pixel
from photochrom.training.steps.base import Losses, Step, StepSettings


class Regression(StepSettings):
    """Train the generator alone, from the truth."""

    kind: Literal["regression"]
    loss: Pixel = Pixel()
    optimizer: Optimizer = Optimizer()

    @classmethod
    def reports(cls) -> tuple[str, ...]:
        return RegressionStep.reports

    def declare(self, networks: Networks, key: str) -> None:
        networks.look_with(self.loss, f"{key}.loss")

    def make(self, networks: Networks) -> Step:
        return RegressionStep(networks, self)


class RegressionStep(Step):
    """Predict, compare with the truth, descend. L1 pretraining, small CNNs and NoGAN's first phase use it."""

    reports = ("loss",)

    def __init__(self, networks: Networks, settings: Regression) -> None:
        super().__init__(networks)
        self.generator = self.learn("generator", networks.generator, settings.optimizer)
        self.criterion = self.criterion_of(settings.loss)

    def step(self, batch: Batch) -> Losses:
        x, truth = self.pair(batch)
        output = self.generator.net(x)
        loss = self.criterion(output, truth, batch.rgb, batch.grey)
        self.generator.descend(loss)
        return {"loss": loss.detach()}
