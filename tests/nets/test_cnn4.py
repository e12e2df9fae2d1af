"""The four-layer CNN: by hand, at every stride."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.nets.cnn4 import cnn4

# Under its own name pytest would take the builder for a test.
from photochrom.nets.cnn4 import test_cnn4 as tiny


def picture(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_parameter_counts() -> None:
    def layer(a: int, b: int) -> int:
        return 9 * a * b + b

    count = layer(1, 12) + layer(12, 12) + layer(12, 12) + layer(12, 3)
    assert sum(p.numel() for p in cnn4().parameters()) == count == 3_063
    twice = layer(1, 24) + layer(24, 24) + layer(24, 24) + layer(24, 3)
    assert sum(p.numel() for p in cnn4(filters=(24, 24, 24)).parameters()) == twice == 11_307
    uneven = layer(3, 5) + layer(5, 6) + layer(6, 7) + layer(7, 2)
    assert sum(p.numel() for p in cnn4(3, 2, 2, (5, 6, 7)).parameters()) == uneven
    assert sum(p.numel() for p in tiny().parameters()) == 447


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 5)])
def test_output_is_as_large_as_the_input(stride: int, rows: int, columns: int) -> None:
    net = cnn4(stride=stride)
    assert net.multiple == stride**2
    height, width = rows * net.multiple, columns * net.multiple
    with torch.no_grad():
        assert net(picture(2, 1, height, width)).shape == (2, 3, height, width)


def test_strides_contract_and_expand() -> None:
    seen = []
    net = cnn4(stride=2)
    for layer in net.layers:
        layer.register_forward_hook(lambda module, args, output: seen.append(tuple(output.shape[1:])))
    net(picture(1, 1, 16, 32))
    assert seen[::2] == [(12, 8, 16), (12, 4, 8), (12, 8, 16), (3, 16, 32)]


def test_layers_by_hand() -> None:
    torch.manual_seed(1)
    net, x = cnn4().eval(), picture(1, 1, 6, 7)
    state = list(net.state_dict().values())
    y = F.conv2d(x, state[0], state[1], padding=1).clamp(min=0)
    y = F.conv2d(y, state[2], state[3], padding=1).clamp(min=0)
    # With stride 1 a transposed convolution is a convolution with the turned kernel.
    for weight, bias, last in ((state[4], state[5], False), (state[6], state[7], True)):
        y = F.conv2d(y, weight.flip(2, 3).transpose(0, 1), bias, padding=1)
        y = y.clamp(0, 1) if last else y.clamp(min=0)
    with torch.no_grad():
        torch.testing.assert_close(net(x), y)


def test_values_stay_within_0_and_1_and_only_training_sees_beyond() -> None:
    net = tiny()
    nn.init.constant_(net.layers[-1].get_parameter("bias"), 7.0)
    assert net(picture(1, 1, 8, 8)).min() > 1
    assert (net.eval()(picture(1, 1, 8, 8)) == 1).all()
    assert not net.signed


def test_groups_and_gradients() -> None:
    torch.manual_seed(2)
    net = cnn4()
    (net(picture(2, 1, 16, 16)) - 1).square().mean().backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
    assert [[id(p) for p in net.parameters()]] == [[id(p) for p in group] for group in net.layer_groups()]
