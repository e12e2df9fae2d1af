"""The base of all ways of training: the settings in a recipe, and the step that learns from one batch."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import torch
from torch import Tensor, nn

from photochrom.training.batches import Batch, Photos
from photochrom.training.criterion import Criterion
from photochrom.training.learner import Learner
from photochrom.training.networks import Networks
from photochrom.training.settings import Optimizer, Pixel, Strict

Losses = dict[str, Tensor]


class StepSettings(Strict, ABC):
    """A table of a recipe's ``steps``, for one way of training. Its key ``kind``, a `Literal`, names the way.

    Attributes
    ----------
    distributes : whether it trains nets that predict a distribution over ab bins, or nets that predict colours
    """

    distributes: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def reports(cls) -> tuple[str, ...]:
        """Return the names of all values that its steps may report, in the log's order."""

    def declare(self, networks: Networks, key: str) -> None:
        """Declare the networks that it needs beside the generator. Errors name `key`, its path in the recipe.

        Raises
        ------
        RecipeError
            If this way of training does not fit the generator.
        """

    def prepare(self, networks: Networks, photos: Photos) -> None:
        """Set the values of the generator that depend on the photos. This is called once, before training."""

    @abstractmethod
    def make(self, networks: Networks) -> "Step":
        """Make the step, with its own optimizers."""


class Step(ABC):
    """One way of training. `reports` names the values that `step` returns for the log."""

    reports: ClassVar[tuple[str, ...]]

    def __init__(self, networks: Networks) -> None:
        self.networks = networks
        self.learners: list[Learner] = []
        self.randomness = torch.Generator()
        self.number = 0

    def learn(self, name: str, module: nn.Module, settings: Optimizer) -> Learner:
        """Let this step train a network. A checkpoint stores the optimizer under `name`."""
        learner = Learner(name, module, settings, self.networks.fabric)
        self.learners.append(learner)
        return learner

    def criterion_of(self, settings: Pixel) -> Criterion:
        """Make the generator's loss against the truth, on the device."""
        criterion = Criterion(settings, self.networks.space, self.networks.features)
        return criterion.to(self.networks.fabric.device)

    @abstractmethod
    def step(self, batch: Batch) -> Losses:
        """Learn from one batch. Return detached scalars by the names in `reports`."""

    def begin(self, number: int, seed: int) -> None:
        """Seed the randomness of step `number` (dropout, labels) with `seed`, so that a resumed run repeats it."""
        self.number = number
        torch.manual_seed(seed)
        self.randomness.manual_seed(seed)

    def pair(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the generator's input and its target."""
        return self.networks.space.grey_to_input(batch.grey), self.networks.space.target(batch.rgb)


@contextmanager
def switched_off(learner: Learner) -> Iterator[nn.Module]:
    """Give the bare network with fixed weights. Gradients pass through it, but its weights get none.

    It is the bare network, because a DistributedDataParallel around it would wait for gradients that never come.
    """
    learning = [p for p in learner.module.parameters() if p.requires_grad]
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        with learner.fabric.autocast():
            yield learner.module
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)
