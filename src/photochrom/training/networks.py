"""The networks of a run, and what every step needs of them: the colour space, the device, the folder."""

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
    # It knows the steps, which know this.
    from photochrom.training.recipe import Recipe

State = dict[str, Tensor]


@dataclass
class Start:
    """A trained generator that a run begins from.

    Parameters
    ----------
    net, space : what it is
    weights : the whole state, averaged where the other run averaged
    about : where it comes from, for the new run's checkpoints
    """

    net: Part
    space: Space
    weights: State
    about: dict[str, str]

    def into(self, recipe: Recipe, generator: nn.Module, space: Space) -> None:
        """Begin from it: load it into the recipe's generator, which may lie on the meta device to try whether it fits.

        Raises
        ------
        RecipeError
            If the recipe's net is another one, is built otherwise or works in another colour space.
        """
        file, ours = self.about["file"], recipe.net
        if self.net.name != ours.name:
            raise RecipeError(file, f"holds {self.net.name}, and the recipe trains {ours.name}")
        if self.space != space:
            raise RecipeError(file, "was trained with another data.space or data.inputs than the recipe's")
        state = generator.state_dict()
        # What learns how hints spread may begin here.
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
    """Weights that somebody else trained: of the generator's encoder, of a perceptual loss's features, of all."""

    encoder: State | None = None
    features: State | None = None
    start: Start | None = None


@dataclass
class Networks:
    """The networks of a run, before any optimizer holds them.

    `generator` is one of `photochrom.nets.registry.GENERATORS`, with the attributes that its dictionary promises.
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
        """Build the encoder of the perceptual loss, if `terms` at the path `key` weigh it and there is none yet."""
        if terms.perceptual and self.features is None:
            self.features = _features(terms.features, self.feature_weights, f"{key}.perceptual")

    def discriminator(self, part: Part, inputs: int) -> nn.Module:
        """The discriminator that a step names; steps that name the same one share it."""
        for known, channels, module in self.discriminators:
            if (known, channels) == (part, inputs):
                return cast(nn.Module, module)
        discriminator: nn.Module = build(part, DISCRIMINATORS, "discriminator", inputs=inputs)
        self.discriminators.append((part, inputs, discriminator))
        return discriminator

    def modules(self) -> dict[str, nn.Module]:
        """All that learns, by the prefix of its weights in a checkpoint."""
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
        If a name is not in the registry, a builder does not take an argument, or a step does not fit the net.
    ValueError
        If pretrained weights are of another net or a run's start is (RecipeError).
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
    """The recipe's generator, untrained, and the space it works in."""
    if recipe.net.name in DISTRIBUTION_NETS:
        return build(recipe.net, DISTRIBUTION_NETS, "net"), space("lab")
    channels = space(recipe.data.space, inputs=recipe.data.inputs)
    net = build(recipe.net, GENERATORS, "net", inputs=channels.inputs, outputs=channels.outputs)
    return net, space(recipe.data.space, inputs=recipe.data.inputs, signed=bool(net.signed))


def outline(recipe: Recipe) -> Any:
    """The recipe's generator without memory for its weights: to count them, not to run it."""
    with torch.device("meta"):
        return build_generator(recipe)[0]


def check_start(recipe: Recipe, start: Start) -> None:
    """Raise the RecipeError that a run of `recipe` from `start` would begin with."""
    with torch.device("meta"):
        start.into(recipe, *build_generator(recipe))


def build(part: Part, registry: dict[str, Builder], what: str, **channels: int) -> Any:
    """A network by name."""
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
