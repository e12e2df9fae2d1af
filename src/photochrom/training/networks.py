"""The networks of a run, with all that a step needs beside them: colour space, device and folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from photochrom.data.spaces import Space, space
from photochrom.errors import RecipeError
from photochrom.nets.registry import DISCRIMINATORS, DISTRIBUTION_NETS, FEATURES, GENERATORS, Builder
from photochrom.nets.resnet import require_fit
from photochrom.training.recipe_files import nearest
from photochrom.training.settings import Part, Pixel

if TYPE_CHECKING:
    # At run time this import would be circular: the recipe imports the steps, and they import this module.
    from photochrom.training.recipe import Recipe

State = dict[str, Tensor]


@dataclass
class Start:
    """A trained generator from which a run begins.

    Parameters
    ----------
    net, space : the generator's name and arguments, and its colour space
    weights : its whole state; the averaged weights if the other run kept an average
    about : the origin of the generator, which the new run's checkpoints state
    """

    net: Part
    space: Space
    weights: State
    about: dict[str, str]

    def into(self, recipe: Recipe, generator: nn.Module, space: Space) -> None:
        """Load the weights into the recipe's generator.

        A generator on the meta device gets no weights; the call then only checks whether they fit.

        Raises
        ------
        RecipeError
            If the recipe has another net, other arguments for it, or another colour space.
        """
        file, ours = self.about["file"], recipe.net
        if self.net.name != ours.name:
            raise RecipeError(file, f"holds {self.net.name}, and the recipe trains {ours.name}")
        if self.space != space:
            raise RecipeError(file, "was trained with another data.space or data.inputs than the recipe's")
        state = generator.state_dict()
        # The affinity may be new in this run. It then keeps its initial weights.
        weights = {key: value for key, value in state.items() if key.startswith("affinity.")} | self.weights
        expected = {key: tuple(value.shape) for key, value in state.items()}
        try:
            require_fit(f"another {ours.name} than the recipe builds", expected, weights)
        except ValueError as error:
            raise RecipeError(file, str(error)) from None
        if not any(value.is_meta for value in state.values()):
            generator.load_state_dict(weights)


@dataclass
class Pretrained:
    """Pretrained weights for the generator's encoder, for a perceptual loss, or for the whole generator."""

    encoder: State | None = None
    features: State | None = None
    start: Start | None = None


@dataclass
class Networks:
    """The networks of a run, before optimizers are made for them.

    `generator` is one of `photochrom.nets.registry.GENERATORS` and has the attributes that the registry states.
    """

    recipe: Recipe
    fabric: Fabric
    folder: Path
    generator: Any
    space: Space
    discriminators: list[tuple[Part, int, Any]] = field(default_factory=list)
    features: nn.Module | None = None
    feature_weights: State | None = None

    def look_with(self, terms: Pixel, key: str) -> None:
        """Build the encoder of the perceptual loss once, if `terms` (at the path `key`) give it a weight."""
        if terms.perceptual and self.features is None:
            self.features = _features(terms.features, self.feature_weights, f"{key}.perceptual")

    def discriminator(self, part: Part, inputs: int) -> nn.Module:
        """Return the discriminator that a step names. Steps that name the same one share it."""
        for known, channels, module in self.discriminators:
            if (known, channels) == (part, inputs):
                return cast(nn.Module, module)
        discriminator: nn.Module = build(part, DISCRIMINATORS, "discriminator", inputs=inputs)
        self.discriminators.append((part, inputs, discriminator))
        return discriminator

    def modules(self) -> dict[str, nn.Module]:
        """Return all trained networks, by the prefix of their weights in a checkpoint."""
        return {"net": self.generator} | {
            f"discriminator{i}": module for i, (_, _, module) in enumerate(self.discriminators)
        }


def build_networks(
    recipe: Recipe, fabric: Fabric, folder: Path, pretrained: Pretrained | None = None
) -> Networks:
    """Build all networks that `recipe` names.

    Raises
    ------
    RecipeError
        If the registry lacks a name, a builder does not take an argument, or a step does not fit the net.
    ValueError
        If pretrained weights are of another net. For the start of a run the error is a RecipeError.
    """
    pretrained = pretrained or Pretrained()
    generator, channels = build_generator(recipe)
    networks = Networks(recipe, fabric, folder, generator, channels, feature_weights=pretrained.features)
    if pretrained.encoder is not None:
        if not hasattr(networks.generator, "load_encoder"):
            raise RecipeError(recipe.net.name, "has no pretrained encoder; leave --encoder out")
        networks.generator.load_encoder(pretrained.encoder)
    if pretrained.start is not None:
        pretrained.start.into(recipe, generator, channels)
    distributes = recipe.net.name in DISTRIBUTION_NETS
    gives = "a distribution, which classification trains" if distributes else "colours, not a distribution"
    for name, step in recipe.steps.items():
        if step.distributes != distributes:
            raise RecipeError(f"steps.{name}.kind", f"not {step.kind}; {recipe.net.name} gives {gives}")
        step.declare(networks, f"steps.{name}")
    for _, _, discriminator in networks.discriminators:
        if pretrained.encoder is not None and hasattr(discriminator, "load_encoder"):
            discriminator.load_encoder(pretrained.encoder)
    return networks


def build_generator(recipe: Recipe) -> tuple[Any, Space]:
    """Build the recipe's generator with initial weights, and its colour space."""
    if recipe.net.name in DISTRIBUTION_NETS:
        return build(recipe.net, DISTRIBUTION_NETS, "net"), space("lab")
    channels = space(recipe.data.space, inputs=recipe.data.inputs)
    net = build(recipe.net, GENERATORS, "net", inputs=channels.inputs, outputs=channels.outputs)
    return net, space(recipe.data.space, inputs=recipe.data.inputs, signed=bool(net.signed))


def outline(recipe: Recipe) -> Any:
    """Build the recipe's generator on the meta device. Its weights can be counted, but it cannot run."""
    with torch.device("meta"):
        return build_generator(recipe)[0]


def check_start(recipe: Recipe, start: Start) -> None:
    """Raise a RecipeError if a run of `recipe` cannot begin from `start`."""
    with torch.device("meta"):
        start.into(recipe, *build_generator(recipe))


def build(part: Part, registry: dict[str, Builder], what: str, **channels: int) -> Any:
    """Build a network by its name in `registry`."""
    if part.name not in registry:
        raise RecipeError(part.name, f"no {what} of that name{nearest(part.name, list(registry))}")
    try:
        return registry[part.name](**channels, **part.args)
    except (TypeError, ValueError) as error:
        raise RecipeError(part.name, f"{error}") from None


def _features(name: str, weights: State | None, key: str) -> nn.Module:
    encoder = build(Part(name=name), FEATURES, "encoder for the perceptual loss")
    if weights is not None:
        encoder.load_imagenet(weights)
    elif not name.startswith("test_"):
        raise RecipeError(
            key,
            f"needs ImageNet weights of {name} (docs/adding-a-recipe.md says which); give --features FILE",
        )
    frozen: nn.Module = encoder.eval().requires_grad_(False)
    return frozen
