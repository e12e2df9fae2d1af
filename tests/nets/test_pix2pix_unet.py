"""The U-Net of pix2pix: its size from the paper's layer list, its noise."""

import itertools

import pytest
import torch
from torch import Tensor, nn

from photochrom.nets.pix2pix_unet import ENCODER, Pix2pixUnet, pix2pix_unet

# Under its own name pytest would take the builder for a test.
from photochrom.nets.pix2pix_unet import test_pix2pix_unet as tiny


def picture(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 2), (3, 3)])
def test_size_follows_from_the_papers_layers(inputs: int, outputs: int) -> None:
    # Encoder C64-C128-C256-C512 x5; decoder CD512-CD1024-CD1024-C1024-C1024-C512-C256-C128, as what skips make of it.
    widths = (64, 128, 256, 512, 512, 512, 512, 512)
    down = list(itertools.pairwise((inputs, *widths)))
    up = [
        (512, 512),
        (1024, 512),
        (1024, 512),
        (1024, 512),
        (1024, 256),
        (512, 128),
        (256, 64),
        (128, outputs),
    ]
    kernels = sum(a * b * 16 for a, b in down + up)
    norms = 2 * (sum(widths[1:-1]) + sum(b for _, b in up[:-1]))
    biases = widths[0] + widths[-1] + outputs
    with torch.device("meta"):
        net = pix2pix_unet(inputs, outputs)
    assert sum(p.numel() for p in net.parameters()) == kernels + norms + biases
    assert round((kernels + norms + biases) / 1e6, 1) == 54.4


def test_bottleneck_is_one_pixel_at_256() -> None:
    with torch.device("meta"):
        net, x = pix2pix_unet(), torch.empty(1, 1, 256, 256)
        sizes = [(x := down(x)).shape[2] for down in net.down]
    assert sizes == [128, 64, 32, 16, 8, 4, 2, 1]
    assert net.multiple == 256
    assert len(ENCODER) == len(net.up) == 8


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96), (128, 32)])
def test_output_is_as_large_as_the_input(height: int, width: int) -> None:
    net = tiny(3, 3).eval()
    with torch.no_grad():
        y = net(picture(2, 3, height, width))
    assert y.shape == (2, 3, height, width)
    assert y.abs().max() <= 1
    assert net.signed
    assert net.multiple == 32


def test_one_picture_is_a_batch_to_train_on() -> None:
    # With batch norm at 1x1, one picture would be an error in training, or a bottleneck of nothing but zeros.
    net = tiny()
    x = picture(1, 1, 32, 32)
    y = net(x)
    assert torch.isfinite(y).all()
    for down in net.down:
        x = down(x)
    assert x.shape[2:] == (1, 1)
    assert x.abs().min() > 0


def test_dropout_is_in_the_inner_three_steps_and_ends_with_training() -> None:
    net = pix2pix_layers(tiny(dropout=0.5))
    assert net == [0.5, 0.5, 0.5, None, None]
    x, trained = picture(1, 1, 32, 32), tiny()
    assert not torch.equal(trained(x), trained(x))
    trained.eval()
    assert torch.equal(trained(x), trained(x))
    still = tiny(dropout=0.0)
    assert torch.equal(still(x), still(x))


def pix2pix_layers(net: Pix2pixUnet) -> list[float | None]:
    """The dropout of each step up."""
    return [next((m.p for m in up.modules() if isinstance(m, nn.Dropout)), None) for up in net.up]


def test_weights_start_as_the_paper_says() -> None:
    torch.manual_seed(1)
    net = Pix2pixUnet(widths=(64, 64, 64))
    kernel, scale = net.down[1][1].weight, net.up[0][2].weight
    assert abs(kernel.std() - 0.02) < 1e-3
    assert abs(kernel.mean()) < 1e-3
    assert abs(scale.mean() - 1) < 0.01
    assert 0.01 < scale.std() < 0.03
    assert all(not p.any() for name, p in net.named_parameters() if name.endswith("bias"))


def test_skips_carry_what_the_bottleneck_cannot() -> None:
    # A change of one pixel in a corner is seen there first: through 1x1 alone it would be everywhere alike.
    net = tiny().eval()
    x = picture(1, 1, 64, 64)
    touched = x.clone()
    touched[0, 0, 0, 0] += 1
    with torch.no_grad():
        change = (net(touched) - net(x)).abs().amax(dim=(0, 1))
    assert change[:4, :4].max() > 10 * change[40:, 40:].max()


def test_groups_and_gradients() -> None:
    torch.manual_seed(2)
    net = tiny(dropout=0.0)
    (net(picture(2, 1, 64, 64)) - 1).square().mean().backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
    assert [[id(p) for p in net.parameters()]] == [[id(p) for p in group] for group in net.layer_groups()]


@pytest.mark.parametrize(("side", "multiple"), [(256, 256), (512, 256), (128, 128), (192, 64), (96, 32)])
def test_smaller_sides_have_fewer_steps(side: int, multiple: int) -> None:
    with torch.device("meta"):
        assert pix2pix_unet(side=side).multiple == multiple


def test_a_side_that_does_not_halve_is_refused() -> None:
    with pytest.raises(ValueError, match="side of 100 does not halve often enough"):
        pix2pix_unet(side=100)
