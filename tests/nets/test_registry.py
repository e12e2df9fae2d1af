"""The registry: a builder's name is its key, and every net keeps the promises of its dictionary."""

import inspect

import pytest
import torch
from torch import nn

from photochrom.nets.registry import (
    COLOR_NETS,
    DISCRIMINATORS,
    DISTRIBUTION_NETS,
    FEATURES,
    GENERATORS,
    Builder,
)

TINY = {name: builder for name, builder in COLOR_NETS.items() if name.startswith("test_")}


def built(builder: Builder, **channels: int) -> nn.Module:
    with torch.device("meta"):
        return builder(**channels)


@pytest.mark.parametrize("registry", [COLOR_NETS, DISTRIBUTION_NETS, DISCRIMINATORS, FEATURES])
def test_a_builders_name_is_its_key(registry: dict[str, Builder]) -> None:
    assert {name: getattr(builder, "__name__", "") for name, builder in registry.items()} == {
        name: name for name in registry
    }


def test_no_two_kinds_share_a_name() -> None:
    registries = (COLOR_NETS, DISTRIBUTION_NETS, DISCRIMINATORS, FEATURES)
    assert len(set().union(*registries)) == sum(map(len, registries))
    assert set(GENERATORS) == set(COLOR_NETS) | set(DISTRIBUTION_NETS)


@pytest.mark.parametrize("name", GENERATORS)
def test_a_generator_has_what_the_loop_and_the_export_ask_for(name: str) -> None:
    net = built(GENERATORS[name], **({"inputs": 1, "outputs": 2} if name in COLOR_NETS else {}))
    assert net.multiple >= 1
    groups = [parameter for group in net.layer_groups() for parameter in group]  # type: ignore[operator]
    trained = [parameter for parameter in net.parameters() if parameter.requires_grad]
    assert {id(parameter) for parameter in trained} <= {id(parameter) for parameter in groups}
    assert len(groups) == len({id(parameter) for parameter in groups}), "a parameter is in two groups"
    if name in DISTRIBUTION_NETS:
        assert net.log_weights.shape == net.bins.shape[:1]  # type: ignore[union-attr,index]
    else:
        assert net.signed in (True, False)


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize(("inputs", "outputs"), [(1, 2), (3, 3)])
def test_a_color_net_is_picture_to_picture(name: str, inputs: int, outputs: int) -> None:
    net = TINY[name](inputs=inputs, outputs=outputs).eval()
    side = max(32, int(net.multiple))  # type: ignore[arg-type]
    with torch.no_grad():
        assert net(torch.zeros(1, inputs, side, side)).shape == (1, outputs, side, side)


@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_a_discriminator_sees_the_channels_it_is_built_for(name: str) -> None:
    assert "inputs" in inspect.signature(DISCRIMINATORS[name]).parameters
    first = next(
        module for module in built(DISCRIMINATORS[name], inputs=3).modules() if isinstance(module, nn.Conv2d)
    )
    assert first.in_channels == 3


@pytest.mark.parametrize("name", FEATURES)
def test_features_are_a_list_of_activations(name: str) -> None:
    net = built(FEATURES[name])
    features = net(torch.zeros(1, 3, 32, 32, device="meta"))
    assert isinstance(features, (list, tuple))
    assert all(feature.ndim == 4 for feature in features)
