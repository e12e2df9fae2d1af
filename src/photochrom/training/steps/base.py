"""A way of training: its settings in a recipe, what it needs beforehand, and its step, which reads like the paper."""

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
    """A table of a recipe's ``steps``: one way of training. Its key ``kind``, a `Literal`, says which.

    Attributes
    ----------
    distributes : whether it trains nets that give a distribution over ab bins, or nets that give colours
    """

    distributes: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def reports(cls) -> tuple[str, ...]:
        """All that its steps may report, in the log's order."""

    def declare(self, networks: Networks, key: str) -> None:
        """Name the networks that it needs beside the generator; `key` is its path in the recipe, for errors.

        Raises
        ------
        RecipeError
            If it does not fit the generator.
        """

    def prepare(self, networks: Networks, photos: Photos) -> None:
        """Set in the generator what the photos decide, once, before anything is trained."""

    @abstractmethod
    def make(self, networks: Networks) -> "Step":
        """The step itself, with optimizers of its own."""


class Step(ABC):
    """One way of training; `reports` names what `step` returns, for the log."""

    reports: ClassVar[tuple[str, ...]]

    def __init__(self, networks: Networks) -> None:
        self.networks = networks
        self.learners: list[Learner] = []
        self.randomness = torch.Generator()
        self.number = 0

    def learn(self, name: str, module: nn.Module, settings: Optimizer) -> Learner:
        """Let a network learn in this step; a checkpoint keeps its optimizer by `name`."""
        learner = Learner(name, module, settings, self.networks.fabric)
        self.learners.append(learner)
        return learner

    def criterion_of(self, settings: Pixel) -> Criterion:
        """The generator's loss against the truth, on the device."""
        criterion = Criterion(settings, self.networks.space, self.networks.features)
        return criterion.to(self.networks.fabric.device)

    @abstractmethod
    def step(self, batch: Batch) -> Losses:
        """Learn from one batch; return detached scalars by the names in `reports`."""

    def begin(self, number: int, seed: int) -> None:
        """Make what is random in step `number` (dropout, labels) a function of `seed`: a resumed run repeats it."""
        self.number = number
        torch.manual_seed(seed)
        self.randomness.manual_seed(seed)

    def pair(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """What the generator sees and what it should give back."""
        return self.networks.space.grey_to_input(batch.grey), self.networks.space.target(batch.rgb)


@contextmanager
def switched_off(learner: Learner) -> Iterator[nn.Module]:
    """The bare network with its weights fixed: gradients pass through it, none are kept in it.

    Bare, because a DistributedDataParallel around it would wait for gradients that never come.
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
