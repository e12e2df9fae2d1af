"""A wrapped net takes L* and gives ab in Lab units, whatever its own colour space and inputs are."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import skimage.color
import torch
from torch import Tensor

from photochrom.training.export_wrapper import ColorNet, DistributionNet, UnhintedNet, export_wrapper
from photochrom.training.networks import build_generator
from photochrom.training.recipe import Recipe

MakeRecipe = Callable[..., Recipe]
DISTRIBUTION = {"train": {"kind": "classification"}}


@pytest.fixture
def lightness() -> Tensor:
    return 100 * torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))


def test_a_color_net_is_behind_its_space(recipe: MakeRecipe, lightness: Tensor) -> None:
    space = build_generator(recipe())[1]
    seen: list[Tensor] = []

    class Reddish(torch.nn.Module):
        """Adds 0.2 of a level to red."""

        def forward(self, x: Tensor) -> Tensor:
            seen.append(x)
            return x + torch.tensor([0.2, 0.0, 0.0]).view(1, 3, 1, 1)

    wrapped = export_wrapper(Reddish(), space)
    assert isinstance(wrapped, ColorNet)
    assert (wrapped.inputs, wrapped.outputs) == (("lightness",), ("ab",))
    ab = wrapped(lightness)
    grey = skimage.color.lab2rgb(
        np.concatenate([lightness[0].permute(1, 2, 0).double(), np.zeros((32, 32, 2))], axis=2)
    )[..., :1]
    low, high = (-1.0, 1.0) if space.signed else (0.0, 1.0)
    np.testing.assert_allclose(seen[0][0, 0].numpy(), low + (high - low) * grey[..., 0], atol=1e-4)
    reddish = np.clip(grey + np.array([0.2, 0, 0]) / (high - low), 0, 1)
    expected = skimage.color.rgb2lab(reddish)[..., 1:]
    np.testing.assert_allclose(ab[0].permute(1, 2, 0).numpy(), expected, atol=0.05)


def test_a_net_with_hints_takes_them(recipe: MakeRecipe, lightness: Tensor) -> None:
    net, space = build_generator(recipe(net={"name": "test_siggraph17"}, steps=DISTRIBUTION))
    wrapped = export_wrapper(net.eval(), space)
    assert type(wrapped) is DistributionNet
    assert wrapped.inputs == ("lightness", "hints", "temperature", "prior_strength")
    assert wrapped.outputs == ("ab", "confidence", "logits")
    given = (torch.zeros(1, 3, 32, 32), torch.tensor(0.4), torch.tensor(0.7))
    with torch.no_grad():
        for ours, theirs in zip(wrapped(lightness, *given), net.predict(lightness, *given), strict=True):
            assert torch.equal(ours, theirs)


def test_a_net_without_hints_takes_none(recipe: MakeRecipe, lightness: Tensor) -> None:
    net, space = build_generator(recipe(net={"name": "test_eccv16"}, steps=DISTRIBUTION))
    wrapped: Any = export_wrapper(net.eval(), space)
    assert type(wrapped) is UnhintedNet
    assert wrapped.inputs == ("lightness", "temperature", "prior_strength")
    with torch.no_grad():
        ours = wrapped(lightness, torch.tensor(0.4), torch.tensor(0.7))
        theirs = net.predict(lightness, None, torch.tensor(0.4), torch.tensor(0.7))
    assert len(ours) == len(wrapped.outputs) == 3
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_a_learned_affinity_is_an_output(recipe: MakeRecipe) -> None:
    net, space = build_generator(
        recipe(net={"name": "test_photochrom", "args": {"affinity": True}}, steps=DISTRIBUTION)
    )
    assert export_wrapper(net, space).outputs == ("ab", "confidence", "logits", "affinity")
