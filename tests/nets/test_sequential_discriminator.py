"""The sequential discriminator: its size by hand, one logit at any size, and what its blocks consist of."""

import itertools
from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from photochrom.nets.patchgan import Norm
from photochrom.nets.sequential_discriminator import sequential_discriminator

# Under its own name pytest would take the builder for a test.
from photochrom.nets.sequential_discriminator import test_sequential_discriminator as tiny


def picture(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_size_follows_from_the_blocks() -> None:
    with torch.device("meta"):
        net, unnormed = sequential_discriminator(), sequential_discriminator(norm="none")
    kernels = sum(9 * a * b for a, b in itertools.pairwise((3, 64, 128, 256, 512, 512)))
    assert sum(p.numel() for p in net.parameters()) == kernels + 2 * 1472 + 513 == 3_912_769
    assert sum(p.numel() for p in unnormed.parameters()) == kernels + 1472 + 513


def test_a_block_is_convolution_norm_pool_and_dropout() -> None:
    kinds = [type(module) for module in sequential_discriminator().layers]
    assert kinds == [nn.Conv2d, nn.BatchNorm2d, nn.LeakyReLU, nn.MaxPool2d, nn.Dropout2d] * 5


@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 47), (64, 220), (256, 256)])
@pytest.mark.parametrize("norm", get_args(Norm))
def test_one_logit_for_any_side_from_32_up(norm: Norm, height: int, width: int) -> None:
    # One picture while training: the case in which norms at 1x1 would fail.
    logits = tiny(norm=norm)(picture(1, 3, height, width))
    assert logits.shape == (1, 1)
    assert torch.isfinite(logits).all()


def test_a_tiled_picture_has_the_same_logit() -> None:
    # The head takes the mean: away from the edges, more of the same changes nothing.
    net = tiny(4, norm="none").eval()
    x = picture(1, 4, 1, 1).expand(-1, -1, 512, 512)
    with torch.no_grad():
        inner = net.layers(x)[..., 4:-4, 4:-4]
        torch.testing.assert_close(inner, inner[..., :1, :1].expand_as(inner))
        torch.testing.assert_close(
            net(x), torch.nn.functional.linear(net.layers(x).mean(dim=(2, 3)), net.head.weight, net.head.bias)
        )


def test_dropout_ends_with_training() -> None:
    net, x = tiny(dropout=0.5), picture(1, 3, 64, 64)
    assert not torch.equal(net(x), net(x))
    net.eval()
    assert torch.equal(net(x), net(x))


@pytest.mark.parametrize("norm", get_args(Norm))
def test_only_batch_norm_ties_pictures_together(norm: Norm) -> None:
    torch.manual_seed(1)
    net = tiny(norm=norm, dropout=0.0)
    x = picture(2, 3, 64, 64)
    x.requires_grad_()
    net(x)[0].sum().backward()
    assert x.grad is not None
    assert bool(x.grad[1].any()) == (norm == "batch")


@pytest.mark.parametrize("norm", get_args(Norm))
def test_gradients_reach_every_parameter(norm: Norm) -> None:
    torch.manual_seed(2)
    net = tiny(norm=norm, dropout=0.0)
    net(picture(2, 3, 64, 64)).square().mean().backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
    assert [[id(p) for p in net.parameters()]] == [[id(p) for p in group] for group in net.layer_groups()]
