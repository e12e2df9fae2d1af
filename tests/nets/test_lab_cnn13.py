"""The 13-layer Lab generator: its layers against the published list, its shapes."""

import pytest
import torch
from torch import Tensor, nn

from photochrom.nets.lab_cnn13 import lab_cnn13

# Under its own name pytest would take the builder for a test.
from photochrom.nets.lab_cnn13 import test_lab_cnn13 as tiny


def picture(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_layers_are_the_published_ones() -> None:
    net = lab_cnn13()
    layers = [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    got = [(type(m) is nn.Conv2d, m.in_channels, m.out_channels) for m in layers]
    down, middle = [(True, 1, 32), (True, 32, 64), (True, 64, 128)], [(True, 128, 128)] * 10
    up = [(False, 128, 64), (False, 64, 32), (True, 32, 2)]
    assert got == down + middle + up
    assert sum(kind for kind, *_ in got[:-1]) == 13
    # Batch norm and ReLU after every layer but the last, which has a tanh.
    kinds = [type(m) for m in net.layers]
    assert kinds[1::3] == [nn.BatchNorm2d] * 15 + [nn.Tanh]
    assert kinds[2::3] == [nn.ReLU] * 15


def test_parameter_counts() -> None:
    count = 9 * (32 + 32 * 64 + 64 * 128 + 10 * 128 * 128 + 128 * 64 + 64 * 32 + 32 * 2) + 2
    norms = 2 * (32 + 64 + 11 * 128 + 64 + 32)
    assert sum(p.numel() for p in lab_cnn13().parameters()) == count + norms == 1_662_946
    assert sum(p.numel() for p in tiny().parameters()) == 7_742


@pytest.mark.parametrize(("height", "width"), [(4, 8), (32, 32), (12, 40)])
def test_output_is_as_large_as_the_input(height: int, width: int) -> None:
    net = tiny(3, 3).eval()
    with torch.no_grad():
        y = net(picture(2, 3, height, width))
    assert y.shape == (2, 3, height, width)
    assert y.abs().max() <= 1
    assert net.signed
    assert net.multiple == 4


def test_the_middle_is_at_a_quarter_of_the_size() -> None:
    net, sides = lab_cnn13().eval(), []
    for layer in net.layers:
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.register_forward_hook(lambda module, args, output: sides.append(output.shape[2]))
    with torch.no_grad():
        net(picture(1, 1, 16, 16))
    assert sides == [16, 8] + [4] * 11 + [8, 16, 16]


def test_groups_and_gradients() -> None:
    torch.manual_seed(4)
    net = tiny()
    (net(picture(2, 1, 32, 32)) - 1).square().mean().backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
    assert [[id(p) for p in net.parameters()]] == [[id(p) for p in group] for group in net.layer_groups()]
