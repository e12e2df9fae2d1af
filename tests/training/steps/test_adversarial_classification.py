"""A distribution against a discriminator: who learns in which phase, and what the discriminator sees."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.color.lab import grey_to_lightness
from photochrom.data.dataset import PhotoDataset
from photochrom.errors import RecipeError
from photochrom.training.batches import Batch, make_batch
from photochrom.training.networks import Networks, build_networks
from photochrom.training.recipe import Recipe
from photochrom.training.steps import make_step
from photochrom.training.steps.adversarial_classification import AdversarialClassificationStep

MakeRecipe = Callable[..., Recipe]
GAN = {
    "discriminator": {"name": "test_patchgan", "args": {"norm": "none"}},
    "objective": "hinge",
    "weight": 0.5,
}
# The discriminator sees a quarter of the side, and needs 32 pixels.
SIDE = 128


def settings(recipe: MakeRecipe, phase: str, **gan: Any) -> Recipe:
    step = {
        "kind": "adversarial_classification",
        "phase": phase,
        "gan": GAN | gan,
        "mean": {"pixel": 1, "temperature": 0.6, "prior_strength": 0.2},
        "optimizer": {"rate": 1e-3, "discriminator_rate": 1e-2},
    }
    return recipe(net={"name": "test_photochrom"}, stages=[{"size": SIDE, "batch": 4}], steps={"train": step})


def prepared(
    chosen: Recipe, photos: PhotoDataset, folder: Path
) -> tuple[Networks, AdversarialClassificationStep, Batch]:
    torch.manual_seed(0)
    networks = build_networks(chosen, Fabric(accelerator="cpu", devices=1), folder)
    chosen.steps["train"].prepare(networks, photos)
    step = make_step(networks, chosen.steps["train"])
    assert isinstance(step, AdversarialClassificationStep)
    step.begin(0, 0)
    rngs = [np.random.default_rng(i) for i in range(4)]
    return networks, step, make_batch(photos, np.arange(4), SIDE, rngs, chosen, 4)


def state(net: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in net.named_parameters()}


def moved(net: nn.Module, before: dict[str, Tensor]) -> bool:
    return any(not torch.equal(value, before[name]) for name, value in net.named_parameters())


def test_alone_only_the_discriminator_learns(
    photos: PhotoDataset, recipe: MakeRecipe, tmp_path: Path
) -> None:
    networks, step, batch = prepared(settings(recipe, "discriminator"), photos, tmp_path)
    ((_, _, discriminator),) = networks.discriminators
    generator, opponent = state(networks.generator), state(discriminator)
    losses = [step.step(batch) for _ in range(40)]
    assert not moved(networks.generator, generator)
    assert moved(discriminator, opponent)
    # It learns to tell the first colours of an untrained net from the true ones.
    assert losses[-1]["discriminator"] < 0.5 * losses[0]["discriminator"]
    assert losses[-1]["discriminator_accuracy"] == 1


def test_terms_by_hand(photos: PhotoDataset, recipe: MakeRecipe, tmp_path: Path) -> None:
    networks, step, batch = prepared(settings(recipe, "both"), photos, tmp_path)
    ((_, _, discriminator),) = networks.discriminators
    assert batch.ab is not None
    net = copy.deepcopy(networks.generator).train()
    prediction = net(grey_to_lightness(batch.grey), None)
    net.forward = lambda *_: prediction
    ab, *_ = net.predict(None, None, torch.tensor(0.6), torch.tensor(0.2))
    luma = F.avg_pool2d(batch.grey, 4) * 2 - 1
    before = copy.deepcopy(discriminator)
    with torch.no_grad():
        real, fake = before(torch.cat([luma, batch.ab / 110], 1)), before(torch.cat([luma, ab / 110], 1))
    # Hinge: Lim and Ye 2017.
    expected = F.relu(1 - real).mean() + F.relu(1 + fake).mean()
    losses = step.step(batch)
    assert float(losses["discriminator"]) == pytest.approx(float(expected), rel=1e-3)
    # The generator's part is judged by the discriminator after its step.
    with torch.no_grad():
        gan = -discriminator(torch.cat([luma, ab / 110], 1)).mean()
    assert float(losses["gan"]) == pytest.approx(float(gan), rel=1e-3)
    total = losses["cross_entropy"] + losses["mean_pixel"] + 0.5 * losses["gan"]
    assert float(losses["loss"]) == pytest.approx(float(total), rel=1e-3)


def test_both_learn(photos: PhotoDataset, recipe: MakeRecipe, tmp_path: Path) -> None:
    networks, step, batch = prepared(settings(recipe, "both"), photos, tmp_path)
    ((_, _, discriminator),) = networks.discriminators
    generator, opponent = state(networks.generator), state(discriminator)
    step.step(batch)
    assert moved(networks.generator, generator)
    assert moved(discriminator, opponent)


@pytest.mark.parametrize(("gan", "key"), [({"sees": "picture"}, "sees"), ({"alternate": 2}, "alternate")])
def test_what_does_not_fit_is_an_error_with_its_path(
    photos: PhotoDataset, recipe: MakeRecipe, tmp_path: Path, gan: dict[str, Any], key: str
) -> None:
    with pytest.raises(RecipeError, match=rf"steps\.train\.gan\.{key}"):
        prepared(settings(recipe, "both", **gan), photos, tmp_path)
