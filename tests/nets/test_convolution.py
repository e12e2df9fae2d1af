"""Gradients of depthwise convolutions against PyTorch's own, computed in float64."""

import copy
from unittest.mock import patch

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.nets import convolution
from photochrom.nets.convolution import DepthwiseConv

# kernel, stride, height, width, bias
CASES = [
    (3, 1, 8, 6, True),
    (5, 1, 12, 14, False),
    (5, 1, 12, 14, True),
    (7, 1, 6, 10, True),
    (3, 2, 12, 14, True),
    (5, 2, 12, 14, True),
    (5, 1, 3, 3, True),
    (5, 2, 2, 4, False),
]
# Half a unit in the last place is 2^-9 for bfloat16. Two roundings meet in a gradient.
TOLERANCES = {torch.float64: 1e-12, torch.float32: 2e-6, torch.bfloat16: 2**-7}


def some_input(height: int, width: int, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(height)
    x = torch.randn(5, 4, height, width, generator=generator, dtype=torch.float64)
    return x.to(dtype, memory_format=torch.channels_last).requires_grad_()


def plain(conv: nn.Conv2d, x: Tensor) -> Tensor:
    """The same convolution, written with PyTorch's own functions."""
    side, stride = conv.kernel_size[0], conv.stride[0]
    left = side // 2 if stride == 1 else (side - 2) // 2
    right = side // 2 if stride == 1 else left + 1
    padded = F.pad(x, (left, right, left, right))
    return F.conv2d(padded, conv.weight, conv.bias, stride, groups=len(conv.weight))


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize(("kernel", "stride", "height", "width", "bias"), CASES)
def test_output_and_gradients_are_those_of_a_plain_convolution(
    kernel: int, stride: int, height: int, width: int, bias: bool, dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    conv = DepthwiseConv(4, kernel, stride, bias=bias).to(dtype)
    exact = copy.deepcopy(conv).double()
    x = some_input(height, width, dtype)
    x_exact = x.detach().double().requires_grad_()
    # Two photos at a time, so that the last part of the batch is smaller.
    with patch.object(convolution, "CACHED", 2 * 4 * height * width):
        y = conv(x)
        gradient = torch.randn(y.shape, dtype=torch.float64).to(dtype)
        got = torch.autograd.grad(y, [x, *conv.parameters()], gradient)
    y_exact = plain(exact, x_exact)
    expected = torch.autograd.grad(y_exact, [x_exact, *exact.parameters()], gradient.double())
    for ours, true in zip((y, *got), (y_exact, *expected), strict=True):
        assert ours.dtype == dtype
        assert ours.shape == true.shape
        assert (ours.double() - true).abs().max() <= TOLERANCES[dtype] * true.abs().max()


@pytest.mark.parametrize("stride", [1, 2])
def test_under_autocast_the_weights_have_float32_gradients(stride: int) -> None:
    torch.manual_seed(0)
    conv = DepthwiseConv(4, 5, stride)
    exact = copy.deepcopy(conv).double()
    x = some_input(12, 14, torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        y = conv(x)
    assert y.dtype == torch.bfloat16
    y.sum().backward()
    x_exact = x.detach().double().requires_grad_()
    plain(exact, x_exact).sum().backward()
    for ours, true in zip((x, *conv.parameters()), (x_exact, *exact.parameters()), strict=True):
        assert ours.grad is not None
        assert true.grad is not None
        assert ours.grad.dtype == torch.float32
        assert (ours.grad.double() - true.grad).abs().max() <= 2**-6 * true.grad.abs().max()


def test_what_does_not_learn_gets_no_gradient() -> None:
    conv, x = DepthwiseConv(4, 5), some_input(6, 6, torch.float32)
    conv.weight.requires_grad_(False)
    conv(x).sum().backward()
    assert conv.weight.grad is None
    assert conv.bias is not None
    assert conv.bias.grad is not None
    assert x.grad is not None
    conv(x.detach()).sum().backward()


def test_eval_mode_runs_the_plain_convolution() -> None:
    conv, x = DepthwiseConv(4, 5, 2).eval(), some_input(6, 6, torch.float32)
    assert "Convolution" in type(conv(x).grad_fn).__name__
    assert "Convolution" not in type(conv.train()(x).grad_fn).__name__
    torch.testing.assert_close(conv.eval()(x), conv.train()(x))


def test_weights_load_from_a_plain_convolution() -> None:
    ours, theirs = DepthwiseConv(4, 5), nn.Conv2d(4, 4, 5, padding=2, groups=4)
    ours.load_state_dict(theirs.state_dict())
    x = some_input(6, 6, torch.float32)
    torch.testing.assert_close(ours(x), theirs(x))
