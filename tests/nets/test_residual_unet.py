"""The residual U-Net: its size by hand, a block by the functions alone."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.nets.residual_unet import Residual, residual_unet

# Under its own name pytest would take the builder for a test.
from photochrom.nets.residual_unet import test_residual_unet as tiny


def picture(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_size_follows_from_the_blocks() -> None:
    def block(a: int, b: int) -> int:
        return (a * b * 9 + b * b * 9) + 2 * 2 * b + (a * b + b)

    down = block(1, 64) + block(64, 128) + block(128, 256) + block(256, 512)
    up = block(512 + 256, 256) + block(256 + 128, 128) + block(128 + 64, 64)
    with torch.device("meta"):
        net = residual_unet()
    assert sum(p.numel() for p in net.parameters()) == down + up + 64 * 2 + 2 == 8_216_194
    assert net.multiple == 8


@pytest.mark.parametrize(("height", "width"), [(4, 8), (32, 32), (12, 40)])
def test_output_is_as_large_as_the_input(height: int, width: int) -> None:
    net = tiny(3, 3).eval()
    with torch.no_grad():
        y = net(picture(2, 3, height, width))
    assert y.shape == (2, 3, height, width)
    assert y.abs().max() <= 1
    assert net.signed
    assert net.multiple == 4


def test_block_adds_its_shortcut() -> None:
    block = Residual(3, 5).eval()
    x = picture(2, 3, 6, 6)
    state = block.state_dict()
    y = F.conv2d(x, state["conv1.weight"], padding=1) / (1 + 1e-5) ** 0.5
    y = F.conv2d(y.clamp(min=0), state["conv2.weight"], padding=1) / (1 + 1e-5) ** 0.5
    shortcut = torch.einsum("oi,bihw->bohw", state["shortcut.weight"][..., 0, 0], x)
    expected = (y.clamp(min=0) + shortcut + state["shortcut.bias"][:, None, None]).clamp(min=0)
    with torch.no_grad():
        torch.testing.assert_close(block(x), expected)


def test_gradient_passes_through_the_convolutions_and_not_the_shortcuts_alone() -> None:
    # The notebook cuts it: with all shortcuts at zero its first block would learn nothing.
    torch.manual_seed(1)
    net = tiny(dropout=0.0)
    for module in net.modules():
        if isinstance(module, Residual):
            nn.init.zeros_(module.shortcut.weight)
    (net(picture(2, 1, 16, 16)) - 1).square().mean().backward()
    gradient = net.down[0].conv1.weight.grad
    assert gradient is not None
    assert gradient.abs().sum() > 0


def test_dropout_takes_whole_channels_on_the_way_down() -> None:
    net = tiny(dropout=0.5)
    seen: list[Tensor] = []
    net.dropout.register_forward_hook(lambda module, args, output: seen.append(output))
    torch.manual_seed(2)
    net(picture(4, 1, 16, 16))
    assert [x.shape[1] for x in seen] == [8, 16, 16]
    dropped = torch.cat([(x == 0).flatten(2).all(dim=2).flatten() for x in seen]).float().mean()
    assert 0.3 < dropped < 0.7
    x = picture(1, 1, 16, 16)
    net.eval()
    assert torch.equal(net(x), net(x))


def test_upsampling_keeps_cells_in_place_at_every_size() -> None:
    # In a net without norms' and edges' influence, a crop of the picture gives the crop of the result.
    torch.manual_seed(3)
    net = tiny().eval()
    x = picture(1, 1, 96, 96)
    with torch.no_grad():
        whole, part = net(x), net(x[..., 16:80, 16:80])
    torch.testing.assert_close(part[..., 24:40, 24:40], whole[..., 40:56, 40:56], rtol=1e-4, atol=1e-4)


def test_groups_and_gradients() -> None:
    torch.manual_seed(4)
    net = tiny(dropout=0.0)
    (net(picture(2, 1, 32, 32)) - 1).square().mean().backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
    assert [[id(p) for p in net.parameters()]] == [[id(p) for p in group] for group in net.layer_groups()]
