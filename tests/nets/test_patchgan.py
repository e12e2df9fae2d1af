"""PatchGAN: layer by layer what the paper lists, and patches of 70 pixels."""

from collections.abc import Callable
from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from photochrom.nets.patchgan import Norm, PatchGAN, patchgan

# Under its own name pytest would take the builder for a test.
from photochrom.nets.patchgan import test_patchgan as tiny


def picture(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_layers_are_the_papers() -> None:
    with torch.device("meta"):
        net = patchgan()
    convolutions = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    assert [(c.in_channels, c.out_channels) for c in convolutions] == [
        (3, 64),
        (64, 128),
        (128, 256),
        (256, 512),
        (512, 1),
    ]
    assert [c.stride[0] for c in convolutions] == [2, 2, 2, 1, 1]
    assert {(c.kernel_size, c.padding) for c in convolutions} == {((4, 4), (1, 1))}
    assert [c.bias is not None for c in convolutions] == [True, False, False, False, True]
    assert [m.num_features for m in net.modules() if isinstance(m, nn.BatchNorm2d)] == [128, 256, 512]
    assert [m.negative_slope for m in net.modules() if isinstance(m, nn.LeakyReLU)] == [0.2] * 4
    kernels = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512)
    assert sum(p.numel() for p in net.parameters()) == kernels + 64 + 1 + 2 * (128 + 256 + 512) == 2_765_633


# 16 and 70 pixels are in the paper's section 4.4; its code calls the number of layers n_layers_D.
@pytest.mark.parametrize(("layers", "side", "patch"), [(3, 30, 70), (2, 62, 34), (1, 126, 16)])
@pytest.mark.parametrize("build", [patchgan, tiny])
def test_a_logit_sees_a_patch(build: Callable[..., PatchGAN], layers: int, side: int, patch: int) -> None:
    # Without norms, which would let every pixel see its whole channel.
    net = build(norm="none", layers=layers)
    x = picture(1, 3, 256, 256).requires_grad_()
    logits = net(x)
    assert logits.shape == (1, 1, side, side)
    logits[0, 0, side // 2, side // 2 - 1].backward()
    assert x.grad is not None
    seen = x.grad.abs().amax(dim=(0, 1)) > 0
    rows, columns = seen.any(dim=1).nonzero().flatten(), seen.any(dim=0).nonzero().flatten()
    assert len(rows) == rows[-1] - rows[0] + 1 == patch
    assert len(columns) == columns[-1] - columns[0] + 1 == patch
    # The strides are 2: the next logit's patch is as many pixels on as their product.
    assert rows[0] - columns[0] == 2**layers


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 224), (100, 75)])
@pytest.mark.parametrize("inputs", [3, 4, 6])
def test_any_side_from_32_up(inputs: int, height: int, width: int) -> None:
    assert tiny(inputs)(picture(1, inputs, height, width)).shape == (1, 1, height // 8 - 2, width // 8 - 2)


@pytest.mark.parametrize("norm", get_args(Norm))
def test_only_batch_norm_ties_pictures_together(norm: Norm) -> None:
    torch.manual_seed(1)
    net = tiny(norm=norm)
    x = picture(2, 3, 64, 64)
    x.requires_grad_()
    net(x)[0].mean().backward()
    assert x.grad is not None
    assert bool(x.grad[1].any()) == (norm == "batch")


@pytest.mark.parametrize("norm", get_args(Norm))
def test_gradients_reach_every_parameter(norm: Norm) -> None:
    torch.manual_seed(2)
    net = tiny(norm=norm)
    net(picture(2, 3, 64, 64)).square().mean().backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
    assert [[id(p) for p in net.parameters()]] == [[id(p) for p in group] for group in net.layer_groups()]


def test_output_is_a_logit_and_may_be_any_number() -> None:
    net = tiny().eval()
    with torch.no_grad():
        net.layers[-1].bias.fill_(-7.0)
        assert net(picture(1, 3, 32, 32)).mean() < -5


def test_weights_start_as_the_paper_says() -> None:
    torch.manual_seed(3)
    net = patchgan()
    assert abs(net.layers[5].weight.std() - 0.02) < 1e-3
    assert not net.layers[0].bias.any()


def test_unknown_norm_is_refused() -> None:
    with pytest.raises(ValueError, match="'layer'"):
        tiny(norm="layer")  # type: ignore[arg-type]
