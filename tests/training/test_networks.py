"""The networks of a run: built by name, shared by steps, and an error that says what is wrong with a name."""

from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric

from photochrom.errors import RecipeError
from photochrom.nets.mobilenetv2 import MobileNetV2
from photochrom.training.networks import Pretrained, build_generator, build_networks
from photochrom.training.recipe import load_recipe, validate
from photochrom.training.sizes import fitted
from photochrom.training.tiny import tiny


def recipe(**changes: Any) -> Any:
    return validate(tiny(load_recipe("unet-l1-then-gan")).model_dump() | changes, "test")


def build(settings: Any, folder: Path, pretrained: Pretrained | None = None) -> Any:
    return build_networks(settings, Fabric(accelerator="cpu", devices=1), folder, pretrained)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"net": {"name": "test_pix2pix_unett"}},
            r"no net of that name \(did you mean test_pix2pix_unet\?\)",
        ),
        ({"net": {"name": "test_pix2pix_unet", "args": {"dropuot": 1}}}, "test_pix2pix_unet: .*dropuot"),
        ({"net": {"name": "pix2pix_unet", "args": {"side": 100}}}, "side of 100"),
    ],
)
def test_a_net_that_cannot_be_built_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        build(recipe(**change), tmp_path)


def test_steps_that_name_the_same_discriminator_share_it(tmp_path: Path) -> None:
    small = tiny(load_recipe("nogan-resnet34"))
    networks = build(small, tmp_path)
    assert sorted(networks.modules()) == ["discriminator0", "net"]
    other = small.model_dump()
    other["steps"]["both"]["gan"]["discriminator"] = {"name": "test_patchgan"}
    assert sorted(build(validate(other, "test"), tmp_path).modules()) == [
        "discriminator0",
        "discriminator1",
        "net",
    ]


@pytest.mark.parametrize(
    ("space", "inputs", "channels"), [("lab", 1, (1, 2)), ("rgb", 3, (3, 3)), ("hsl", 1, (1, 3))]
)
def test_a_net_has_the_channels_of_its_space(space: str, inputs: int, channels: tuple[int, int]) -> None:
    net, built = build_generator(recipe(data={"space": space, "inputs": inputs}))
    assert (built.inputs, built.outputs) == channels
    assert net(torch.zeros(1, channels[0], 64, 64)).shape == (1, channels[1], 64, 64)


def test_weights_for_an_encoder_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="has no pretrained encoder; leave --encoder out"):
        build(recipe(), tmp_path, Pretrained(encoder={"conv1.weight": torch.zeros(1)}))


def test_perceptual_loss_asks_for_its_weights(tmp_path: Path) -> None:
    table = load_recipe("nogan-resnet34").model_dump()
    with pytest.raises(
        RecipeError, match=r"steps\.generator\.loss\.perceptual: needs ImageNet weights of vgg16"
    ):
        build(validate(table, "test"), tmp_path)


def test_so_does_that_of_a_mean(tmp_path: Path) -> None:
    change = ["net.name=test_eccv16", "steps.train.mean={perceptual=1, features='mobilenetv2_features'}"]
    settings = load_recipe("eccv16", change)
    with pytest.raises(
        RecipeError, match=r"steps\.train\.mean\.perceptual: needs ImageNet weights of mobilenetv2_features"
    ):
        build(settings, tmp_path)
    torch.manual_seed(0)
    weights = MobileNetV2(3).state_dict()
    networks = build(settings, tmp_path, Pretrained(features=weights))
    assert torch.equal(networks.features.encoder.stem.weight, weights["stem.weight"])
    assert not any(p.requires_grad for p in networks.features.parameters())
    with pytest.raises(ValueError, match="not the ImageNet weights of MobileNetV2"):
        build(settings, tmp_path, Pretrained(features={"conv1.weight": torch.zeros(1)}))


def test_a_smaller_size_gives_the_unet_fewer_steps() -> None:
    small = fitted(load_recipe("pix2pix-unet"), 128)
    assert (small.stages[0].size, small.net.args) == (128, {"side": 128})
    with torch.device("meta"):
        net, _ = build_generator(small)
    assert net.multiple == 128
    assert fitted(load_recipe("eccv16"), 128).net == load_recipe("eccv16").net
