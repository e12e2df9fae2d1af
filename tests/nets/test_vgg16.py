"""VGG: torchvision's keys, the published function, and that a frozen net still passes gradients."""

import itertools

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.nets.vgg16 import VGG, vgg16, vgg19_relu3_1

# Under its own name pytest would take the builder for a test.
from photochrom.nets.vgg16 import test_vgg16 as tiny

# Configuration D of the paper's table 1, as torchvision counts its layers: a convolution and its ReLU are two.
CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
POOLS = (4, 9, 16, 23, 30)
WIDTHS = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
JOHNSON = (3, 8, 15, 22)


def rgb(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def reference(net: VGG, x: Tensor, last: int) -> dict[int, Tensor]:
    """Every layer's output by its number in torchvision, from normalised input."""
    state, outputs = net.state_dict(), {}
    for i in range(last + 1):
        if i in CONVOLUTIONS:
            x = F.conv2d(x, state[f"features.{i}.weight"], state[f"features.{i}.bias"], padding=1)
        else:
            x = F.max_pool2d(x, 2) if i in POOLS else F.relu(x)
        outputs[i] = x
    return outputs


def test_keys_shapes_and_size_are_torchvisions() -> None:
    with torch.device("meta"):
        net = vgg16()
    expected = {}
    for i, (below, width) in zip(CONVOLUTIONS, itertools.pairwise((3, *WIDTHS)), strict=True):
        expected[f"features.{i}.weight"] = (width, below, 3, 3)
        expected[f"features.{i}.bias"] = (width,)
    assert {key: tuple(value.shape) for key, value in net.state_dict().items()} == expected
    parameters = sum(p.numel() for p in net.parameters())
    assert parameters == 14_714_688
    # What torchvision's classifier adds to that: 512x7x7 to 4096 to 4096 to 1000.
    assert parameters + 25_088 * 4096 + 4096 + 4096 * 4096 + 4096 + 4096 * 1000 + 1000 == 138_357_544


def test_activations_are_the_four_of_johnson() -> None:
    net = tiny()
    x = rgb(2, 3, 40, 56)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    outputs = reference(net, (x - mean[:, None, None]) / std[:, None, None], 22)
    maps = net(x)
    assert net.taps == ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
    assert [tuple(m.shape[2:]) for m in maps] == [(40, 56), (20, 28), (10, 14), (5, 7)]
    for ours, i in zip(maps, JOHNSON, strict=True):
        assert outputs[i].std() > 0
        torch.testing.assert_close(ours, outputs[i])


def test_part_of_vgg19_takes_the_authors_input() -> None:
    net = vgg19_relu3_1()
    x = rgb(1, 3, 16, 24)
    # Down to conv3_1 its layers are those of VGG-16.
    outputs = reference(net, x * 255 - torch.tensor([123.68, 116.78, 103.94])[:, None, None], 11)
    maps = net(x)
    assert list(net.state_dict()) == [
        f"features.{i}.{k}" for i in (0, 2, 5, 7, 10) for k in ("weight", "bias")
    ]
    for ours, i in zip(maps, (3, 8, 11), strict=True):
        torch.testing.assert_close(ours, outputs[i], rtol=1e-4, atol=1e-3)


def test_deep_layers_without_a_tap_do_not_count() -> None:
    net, x = tiny(), rgb(1, 3, 16, 16)
    before = net(x)
    for key, value in net.state_dict().items():
        if int(key.split(".")[1]) > JOHNSON[-1]:
            value.fill_(torch.nan)
    for ours, theirs in zip(net(x), before, strict=True):
        assert torch.equal(ours, theirs)


def test_gradients_reach_the_picture_and_no_weight() -> None:
    net = tiny()
    x = rgb(1, 3, 32, 32).requires_grad_()
    loss = sum((m.mean() for m in net.train()(x)), torch.zeros(()))
    loss.backward()
    assert x.grad is not None
    assert x.grad.abs().amin(dim=1).median() > 0
    assert all(p.grad is None and not p.requires_grad for p in net.parameters())


def test_loading_takes_features_and_leaves_the_classifier() -> None:
    generator = torch.Generator().manual_seed(1)
    state = {
        key: torch.randn(value.shape, generator=generator).half()
        for key, value in tiny().state_dict().items()
    }
    net = tiny()
    net.load_imagenet(state | {"classifier.0.weight": torch.zeros(4096, 25088, device="meta")})
    for key, value in net.state_dict().items():
        assert torch.equal(value, state[key].float())


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("features.28.bias", None, r"features\.28\.bias is missing"),
        ("features.30.weight", torch.zeros(1), r"features\.30\.weight is unknown"),
        ("features.0.weight", torch.zeros(4, 1, 3, 3), r"features\.0\.weight is 4x1x3x3 instead of 4x3x3x3"),
    ],
)
def test_misfit_is_named(key: str, value: Tensor | None, message: str) -> None:
    state = dict(tiny().state_dict())
    state.pop(key, None)
    with pytest.raises(ValueError, match=message):
        tiny().load_imagenet(state if value is None else state | {key: value})
