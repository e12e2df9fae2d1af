"""The blocks of the encoders: padding as TensorFlow's, residuals, and the loading of published weights."""

import math
from typing import Literal

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from photochrom.nets.inverted_residuals import (
    InvertedResidual,
    InvertedResiduals,
    SameConv,
    Stage,
    initialize,
)


def same_convolution(x: NDArray[np.float64], kernel: NDArray[np.float64], stride: int) -> NDArray[np.float64]:
    """TensorFlow's SAME as its documentation words it, one window at a time. `x` (C, H, W), `kernel` (O, C, k, k)."""
    size = kernel.shape[-1]
    outs, before = [], []
    for length in x.shape[1:]:
        out = math.ceil(length / stride)
        total = max((out - 1) * stride + size - length, 0)
        outs.append(out)
        before.append((total // 2, total - total // 2))
    padded = np.pad(x, [(0, 0), *before])
    y = np.empty((len(kernel), *outs))
    for row in range(outs[0]):
        for column in range(outs[1]):
            top, left = row * stride, column * stride
            window = padded[:, top : top + size, left : left + size]
            y[:, row, column] = (kernel * window).sum(axis=(1, 2, 3))
    return y


@pytest.mark.parametrize(("height", "width"), [(8, 8), (6, 10), (2, 4)])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [3, 5])
def test_convolution_pads_like_tensorflow(height: int, width: int, stride: int, size: int) -> None:
    rng = np.random.default_rng(1)
    x, kernel = rng.normal(size=(3, height, width)), rng.normal(size=(4, 3, size, size))
    padding = size // 2 if stride == 1 else 0
    conv = SameConv(3, 4, size, stride, padding=padding, bias=False).double()
    with torch.no_grad():
        conv.weight.copy_(torch.from_numpy(kernel))
        got = conv(torch.from_numpy(x)[None])[0].numpy()
    np.testing.assert_allclose(got, same_convolution(x, kernel, stride), atol=1e-12)


@pytest.mark.parametrize(("stride", "outputs", "kept"), [(1, 8, 1.0), (1, 12, 0.0), (2, 8, 0.0)])
def test_block_adds_its_input_only_where_shapes_allow(stride: int, outputs: int, kept: float) -> None:
    block = InvertedResidual(8, outputs, stride, 6)
    torch.nn.init.zeros_(block.project.weight)
    assert block.project.bias is not None
    torch.nn.init.zeros_(block.project.bias)
    x = torch.rand(1, 8, 4, 4)
    expected = x if kept else torch.zeros(1, outputs, 4 // stride, 4 // stride)
    torch.testing.assert_close(block(x), expected, rtol=0, atol=0)


STAGES = [Stage(1, 8, 1, 2), Stage(2, 8, 2, 2), Stage(2, 12, 1, 2, kernel=5), Stage(2, 16, 1, 2)]


@pytest.mark.parametrize("inputs", [1, 3])
def test_features_have_the_stages_channels_at_strides_4_8_16_32(inputs: Literal[1, 3]) -> None:
    net = InvertedResiduals("tiny", STAGES, inputs)
    assert net.channels == (8, 8, 12, 16)
    with torch.no_grad():
        shapes = [tuple(feature.shape) for feature in net(torch.zeros(1, inputs, 64, 96))]
    assert shapes == [(1, 8, 16, 24), (1, 8, 8, 12), (1, 12, 4, 6), (1, 16, 2, 3)]


def test_a_grey_net_gives_what_the_color_net_gives_for_grey() -> None:
    color, grey = InvertedResiduals("tiny", STAGES, 3), InvertedResiduals("tiny", STAGES, 1)
    grey.load_imagenet(color.state_dict() | {"classifier.weight": torch.zeros(4, 16)})
    x = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        for ours, theirs in zip(grey(x), color(x.expand(-1, 3, -1, -1)), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_weights_of_another_net_are_refused_by_name() -> None:
    net = InvertedResiduals("tiny", STAGES, 1)
    with pytest.raises(ValueError, match="not the ImageNet weights of tiny"):
        net.load_imagenet({"stem.weight": torch.zeros(32, 3, 3, 3)})


def test_initial_weights_keep_the_scale() -> None:
    torch.manual_seed(0)
    for before, gain in (("linear", 1.0), ("relu", 2.0)):
        conv = torch.nn.Conv2d(64, 64, 3)
        initialize(conv, before)  # type: ignore[arg-type]
        # He et al. 2015: a variance of gain / fan-in.
        assert conv.weight.var().item() == pytest.approx(gain / (64 * 9), rel=0.05)
        assert conv.bias is not None
        assert not conv.bias.any()
