"""The networks of a run, and what every step needs of them: the colour space, the device, the folder."""

import inspect
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from photochrom.color.lab import rgb_to_lab
from photochrom.color.quantize import class_weights, prior_of
from photochrom.data.augment import center_crops
from photochrom.data.spaces import Space, space
from photochrom.errors import RecipeError
from photochrom.nets.registry import DISCRIMINATORS, DISTRIBUTION_NETS, FEATURES, GENERATORS, Builder
from photochrom.nets.resnet import require_fit
from photochrom.training.batches import Photos
from photochrom.training.recipe import (
    Adversarial,
    Affinity,
    Classification,
    Gan,
    Nogan,
    Part,
    Recipe,
    Wasserstein,
    nearest,
    resized,
)

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
    networks = Networks(recipe, fabric, folder, generator, channels)
    if pretrained.encoder is not None:
        if not hasattr(networks.generator, "load_encoder"):
            raise RecipeError(recipe.net.name, "has no pretrained encoder; leave --encoder out")
        networks.generator.load_encoder(pretrained.encoder)
    if pretrained.start is not None:
        pretrained.start.into(recipe, generator, channels)
    for name, step in recipe.steps.items():
        distributes = recipe.net.name in DISTRIBUTION_NETS
        if isinstance(step, (Classification, Affinity)) != distributes:
            gives = (
                "a distribution, which classification trains"
                if distributes
                else "colours, not a distribution"
            )
            raise RecipeError(f"steps.{name}.kind", f"not {step.kind}; {recipe.net.name} gives {gives}")
        if isinstance(step, Affinity) and networks.generator.affinity is None:
            raise RecipeError(
                f"steps.{name}.kind", f"{recipe.net.name} learns no affinity; set net.args.affinity"
            )
        if isinstance(step, (Adversarial, Nogan)):
            networks.discriminator(step.gan.discriminator, discriminator_inputs(step.gan, networks.space))
        elif isinstance(step, Wasserstein):
            networks.discriminator(step.critic, networks.space.inputs + networks.space.outputs)
        place = "mean" if isinstance(step, Classification) else "loss"
        wanted = getattr(step, place, None)
        if wanted is not None and wanted.perceptual and networks.features is None:
            key = f"steps.{name}.{place}.perceptual"
            networks.features = _features(wanted.features, pretrained.features, key)
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


def fitted(recipe: Recipe, size: int) -> Recipe:
    """The recipe for a last stage of `size` pixels, and with a net for it where the depth depends on the side."""
    smaller = resized(recipe, size)
    builder = GENERATORS.get(recipe.net.name)
    if builder is None or "side" not in inspect.signature(builder).parameters:
        return smaller
    net = Part(name=recipe.net.name, args=recipe.net.args | {"side": size})
    return smaller.model_copy(update={"net": net})


def discriminator_inputs(gan: Gan, channels: Space) -> int:
    """How many channels the discriminator of `gan` judges."""
    return 3 if gan.sees == "picture" else channels.inputs + channels.outputs


def build(part: Part, registry: dict[str, Builder], what: str, **channels: int) -> Any:
    """A network by name."""
    if part.name not in registry:
        raise RecipeError(part.name, f"no {what} of that name{nearest(part.name, list(registry))}")
    try:
        return registry[part.name](**channels, **part.args)
    except (TypeError, ValueError) as error:
        raise RecipeError(part.name, f"{error}") from None


def rebalance(net: Any, photos: Photos, mix: float) -> None:
    """Set the class weights of a distribution net from the colours of up to 2,000 photos at 16 px."""
    chosen = np.random.default_rng(0).permutation(len(photos))[:2000]
    # In parts: a stream's photos may be large.
    parts = [photos.take(part) for part in np.array_split(chosen, -(-len(chosen) // 50))]
    small = torch.cat([center_crops(part, np.arange(len(part)), 16) for part in parts])
    prior = prior_of(rgb_to_lab(small, axis=1)[:, 1:].permute(0, 2, 3, 1), net.bins)
    net.log_weights.copy_(class_weights(prior, mix).log())


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
