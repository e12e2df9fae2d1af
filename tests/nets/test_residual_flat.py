"""The flat residual generator: a block by the functions alone, how far it sees."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.nets.residual_flat import Residual, residual_flat

# Under its own name pytest would take the builder for a test.
from photochrom.nets.residual_flat import test_residual_flat as tiny


def picture(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_parameter_counts() -> None:
    blocks = 8 * (2 * 9 * 64 * 64 + 2 * 2 * 64)
    ends = 9 * 64 + 2 * 64 + 9 * 64 * 2 + 2
    assert sum(p.numel() for p in residual_flat().parameters()) == blocks + ends == 593_730
    assert sum(p.numel() for p in tiny().parameters()) == 2_602


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 13), (32, 16)])
def test_output_is_as_large_as_any_input(height: int, width: int) -> None:
    net = tiny(3, 3).eval()
    with torch.no_grad():
        y = net(picture(2, 3, height, width))
    assert y.shape == (2, 3, height, width)
    assert y.abs().max() <= 1
    assert net.signed
    assert net.multiple == 1


def test_block_by_hand() -> None:
    torch.manual_seed(1)
    block = Residual(5).eval()
    x = picture(2, 5, 6, 6)
    state = block.state_dict()
    y = F.conv2d(x, state["conv1.weight"], padding=1) / (1 + 1e-5) ** 0.5
    y = F.conv2d(y.clamp(min=0), state["conv2.weight"], padding=1) / (1 + 1e-5) ** 0.5
    with torch.no_grad():
        torch.testing.assert_close(block(x), (x + y).clamp(min=0))


def test_a_pixel_sees_18_pixels_to_each_side_and_no_further() -> None:
    torch.manual_seed(2)
    net = residual_flat(width=4).eval().double()
    for parameter in net.parameters():
        # Small positive weights: no ReLU closes and the tanh stays open.
        parameter.data.abs_().mul_(0.1)
    x = picture(1, 1, 1, 61).double().abs().requires_grad_()
    net(x)[0, :, 0, 30].sum().backward()
    assert x.grad is not None
    assert torch.nonzero(x.grad[0, 0, 0]).flatten().tolist() == list(range(12, 49))


def test_groups_and_gradients() -> None:
    torch.manual_seed(3)
    net = tiny()
    (net(picture(2, 1, 16, 16)) - 1).square().mean().backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
    assert [[id(p) for p in net.parameters()]] == [[id(p) for p in group] for group in net.layer_groups()]
