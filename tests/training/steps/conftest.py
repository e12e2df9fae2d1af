"""A batch of all photos, and the way the loop takes steps."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from photochrom.data.dataset import PhotoDataset
from photochrom.training.batches import Batch, make_batch
from photochrom.training.networks import Networks
from photochrom.training.recipe import Recipe
from photochrom.training.steps import Step, make_step

MakeRecipe = Callable[..., Recipe]
Build = Callable[[Recipe], Networks]
UNET = {"name": "test_residual_unet", "args": {"dropout": 0.0}}
SIDE = 32


def _all_photos(photos: PhotoDataset, settings: Recipe, net: Any) -> Batch:
    """All eight as they are, in one batch."""
    rngs = [np.random.default_rng(i) for i in range(8)]
    stride = int(net.stride) if hasattr(net, "bins") else None
    return make_batch(photos, np.arange(8), SIDE, rngs, settings, stride)


def _take(step: Step, batch: Batch, count: int, first: int = 0) -> list[dict[str, float]]:
    """So many steps as the loop takes them."""
    losses = []
    for number in range(first, first + count):
        for learner in step.learners:
            learner.set_rates((number - first) / count)
            learner.net.train()
        step.begin(number, number)
        losses.append({name: float(value) for name, value in step.step(batch).items()})
    return losses


def _values(module: nn.Module) -> list[Tensor]:
    return [p.detach().clone() for p in module.parameters()]


def _changed(module: nn.Module, before: list[Tensor]) -> bool:
    return any(not torch.equal(a, b) for a, b in zip(module.parameters(), before, strict=True))


def whole(recipe: MakeRecipe, space: str = "lab", net: dict[str, Any] = UNET, **steps: Any) -> Recipe:
    return recipe(net=net, data={"space": space, "smallest_crop": 1, "flip": False}, steps={"train": steps})


@pytest.fixture
def setup(
    photos: PhotoDataset, recipe: MakeRecipe, networks: Build
) -> Callable[..., tuple[Networks, Any, Batch]]:
    """Builds networks, the step "train" and the batch of all photos."""

    def build(**options: Any) -> tuple[Networks, Any, Batch]:
        settings = whole(recipe, **options)
        built = networks(settings)
        return (
            built,
            make_step(built, settings.steps["train"]),
            _all_photos(photos, settings, built.generator),
        )

    return build


@pytest.fixture
def all_photos() -> Callable[[PhotoDataset, Recipe, Any], Batch]:
    """Makes one batch of all eight photos, neither cropped nor mirrored."""
    return _all_photos


@pytest.fixture
def take() -> Callable[..., list[dict[str, float]]]:
    """Takes so many steps as the loop takes them, and gives what each reported."""
    return _take


@pytest.fixture
def values() -> Callable[[nn.Module], list[Tensor]]:
    """Copies the weights of a network."""
    return _values


@pytest.fixture
def changed() -> Callable[[nn.Module, list[Tensor]], bool]:
    """Tells whether any weight of a network differs from the copies."""
    return _changed
