"""The U-Net over a ResNet: fastai's size, ICNR, attention, spectral norm and its folding, the exported file."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

from photochrom.nets.resnet import resnet34

# Under their own names pytest would take the builders for tests.
from photochrom.nets.resnet import test_resnet as trunk
from photochrom.nets.resnet_unet import PixelShuffle, ResnetUnet, SelfAttention, resnet18_unet, resnet34_unet
from photochrom.nets.resnet_unet import test_resnet_unet as tiny


def picture(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def size(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def fastai_decoder(inputs: int, outputs: int, last_cross: bool = True) -> int:
    """Parameters of DynamicUnet(create_body(resnet18, n_in=inputs, cut=-2), outputs, (256, 256)) beyond the body.

    Its defaults give every convolution a bias and no norm but those of the deepest map and of the skips.
    """

    def conv(a: int, b: int, side: int) -> int:
        return a * b * side * side + b

    total = 2 * 512 + conv(512, 1024, 3) + conv(1024, 512, 3)
    below = 512
    for skip in (256, 128, 64, 64):
        total += conv(below, below // 2 * 4, 1) + 2 * skip
        joined = below // 2 + skip
        below = joined if (skip, below) != (64, 256) else joined // 2
        total += conv(joined, below, 3) + conv(below, below, 3)
    assert below == 96
    total += conv(96, 96 * 4, 1)
    if last_cross:
        below += inputs
        total += 2 * conv(below, below, 3)
    return total + conv(below, outputs, 1)


def test_size_is_fastais() -> None:
    body18, body34 = 11_689_512 - 513_000 - 2 * 64 * 49, 21_797_672 - 513_000 - 2 * 64 * 49
    with torch.device("meta"):
        net, large = resnet18_unet(), resnet34_unet()
        color, plain = resnet18_unet(3, 3), resnet18_unet(last_cross=False)
    # The tutorial that colorizes with this net gives 31.1 M.
    assert size(net) == body18 + fastai_decoder(1, 2) == 31_099_672
    assert size(large) == body34 + fastai_decoder(1, 2) == 41_207_832
    assert size(color) == body18 + 2 * 64 * 49 + fastai_decoder(3, 3)
    assert size(plain) == body18 + fastai_decoder(1, 2, last_cross=False)


def test_attention_is_one_layer_at_stride_8() -> None:
    with torch.device("meta"):
        plain, attentive = size(resnet18_unet()), size(resnet18_unet(self_attention=True))
    # It sees 384 channels: query, key, value and gamma.
    assert attentive - plain == 384 * 48 * 2 + 384 * 384 + 1
    net = tiny(self_attention=True)
    seen: list[Tensor] = []
    for module in net.modules():
        if isinstance(module, SelfAttention):
            module.register_forward_hook(lambda module, args, output: seen.append(output))
    net(picture(1, 1, 64, 96))
    assert [tuple(x.shape[2:]) for x in seen] == [(8, 12)]


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96), (160, 32)])
@pytest.mark.parametrize(("inputs", "outputs"), [(1, 2), (3, 3)])
def test_output_is_as_large_as_the_input(inputs: int, outputs: int, height: int, width: int) -> None:
    net = tiny(inputs, outputs, self_attention=True).eval()
    with torch.no_grad():
        y = net(picture(2, inputs, height, width))
    assert y.shape == (2, outputs, height, width)
    assert y.abs().max() <= 1
    assert net.signed
    assert net.multiple == 32


def test_icnr_starts_without_checkerboard() -> None:
    torch.manual_seed(1)
    up = PixelShuffle(6, 4)
    x = picture(2, 6, 5, 7)
    with torch.no_grad():
        y = up(x)
        kernel = up[0].weight[::4]
        torch.testing.assert_close(
            y, F.interpolate(F.relu(F.conv2d(x, kernel)), scale_factor=2.0, mode="nearest")
        )
    assert y.std() > 0.1
    assert not torch.equal(kernel[0], kernel[1])
    # A plain initialisation has one: the test above can fail.
    nn.init.kaiming_normal_(up[0].weight)
    cells = up(x).unflatten(3, (-1, 2)).unflatten(2, (-1, 2))
    assert cells.std(dim=(3, 5)).mean() > 0.1


@pytest.mark.parametrize("spectral_norm", [False, True])
def test_icnr_holds_in_the_whole_net(spectral_norm: bool) -> None:
    net = tiny(spectral_norm=spectral_norm)
    shuffles = [module for module in net.modules() if isinstance(module, PixelShuffle)]
    assert len(shuffles) == 5
    for shuffle in shuffles:
        copies = shuffle[0].weight.unflatten(0, (-1, 4))
        torch.testing.assert_close(copies, copies[:, :1].expand_as(copies), rtol=0, atol=0)


def test_attention_starts_at_nothing_and_then_mixes_positions() -> None:
    torch.manual_seed(2)
    attention = SelfAttention(16).eval()
    x = picture(2, 16, 3, 5)
    with torch.no_grad():
        assert torch.equal(attention(x), x)
        attention.gamma.fill_(0.7)
        got = attention(x)
        for b in range(2):
            flat = x[b].flatten(1)
            query, key, value = (
                conv.weight[..., 0, 0] @ flat for conv in (attention.query, attention.key, attention.value)
            )
            for j in range(15):
                shares = torch.softmax(torch.stack([query[:, i] @ key[:, j] for i in range(15)]), dim=0)
                expected = flat[:, j] + 0.7 * sum(shares[i] * value[:, i] for i in range(15))
                torch.testing.assert_close(got[b].flatten(1)[:, j], expected)


def test_spectral_norm_is_on_the_decoder_alone_and_holds_the_largest_singular_value_at_1() -> None:
    torch.manual_seed(3)
    net = tiny(self_attention=True, spectral_norm=True)
    for _ in range(30):
        net(picture(2, 1, 32, 32))
    net.eval()
    for name, module in net.named_modules():
        if isinstance(module, nn.Conv2d):
            assert parametrize.is_parametrized(module) == (not name.startswith("encoder."))
            if parametrize.is_parametrized(module):
                largest = torch.linalg.svdvals(module.weight.detach().flatten(1))[0]
                assert abs(largest - 1) < 0.05


@pytest.mark.parametrize("training", [True, False])
def test_folding_keeps_the_output_and_leaves_plain_weights(training: bool) -> None:
    torch.manual_seed(4)
    net = tiny(self_attention=True, spectral_norm=True)
    net.merges[1].attention.gamma.data.fill_(0.5)
    net(picture(2, 1, 64, 32))
    x = picture(1, 1, 64, 64)
    with torch.no_grad():
        expected = net.eval()(x)
        folded = copy.deepcopy(net).train(training)
        folded.fold()
        assert folded.training == training
        torch.testing.assert_close(folded.eval()(x), expected, rtol=0, atol=1e-6)
        # The original goes on as it was.
        assert parametrize.is_parametrized(net.head)
        assert torch.equal(net(x), expected)
    attention = {
        f"merges.1.attention.{name}" for name in ("gamma", "query.weight", "key.weight", "value.weight")
    }
    assert set(folded.state_dict()) == set(tiny().state_dict()) | attention


def test_the_last_block_sees_the_input() -> None:
    crossed, plain = tiny().eval(), tiny(last_cross=False).eval()
    assert crossed.head.in_channels == plain.head.in_channels + 1
    x = picture(1, 1, 32, 32)
    with torch.no_grad():
        for net in (crossed, plain):
            # Nothing arrives from below: only the cross is left.
            nn.init.zeros_(net.up[0].weight)
        assert crossed(x).std(dim=(2, 3)).min() > 1e-4
        assert plain(x).std(dim=(2, 3)).max() == 0


def test_every_skip_arrives() -> None:
    net = tiny().eval()
    x = picture(1, 1, 64, 64)
    with torch.no_grad():
        before = net(x)
        for merge in net.merges:
            weight = merge.norm.weight.clone()
            merge.norm.weight.zero_()
            assert not torch.allclose(net(x), before, atol=1e-6)
            merge.norm.weight.copy_(weight)
        assert torch.equal(net(x), before)


def test_encoder_takes_official_weights() -> None:
    state = trunk(3, 1000).state_dict()
    net = tiny()
    net.load_encoder(state)
    torch.testing.assert_close(net.encoder.layer2[0].conv1.weight, state["layer2.0.conv1.weight"])
    with pytest.raises(
        ValueError, match=r"not the ImageNet weights of this ResNet: layer1\.0\.conv1\.weight"
    ):
        net.load_encoder({key: value for key, value in state.items() if key != "layer1.0.conv1.weight"})


def test_groups_are_the_encoders_halves_and_the_decoder() -> None:
    net = tiny(self_attention=True, spectral_norm=True)
    early, late, decoder = net.layer_groups()
    names = {id(p): name for name, p in net.named_parameters()}
    assert sorted(names) == sorted(id(p) for group in (early, late, decoder) for p in group)
    tops = [{names[id(p)].split(".")[1] for p in group} for group in (early, late)]
    assert tops == [{"conv1", "bn1", "layer1", "layer2"}, {"layer3", "layer4"}]
    assert not any(names[id(p)].startswith("encoder.") for p in decoder)
    with torch.device("meta"):
        assert len(ResnetUnet(resnet34(1, 0)).layer_groups()) == 3


@pytest.mark.parametrize("spectral_norm", [False, True])
def test_gradients_reach_every_parameter(spectral_norm: bool) -> None:
    torch.manual_seed(5)
    net = tiny(self_attention=True, spectral_norm=spectral_norm)
    # At 0 it lets the mixture's gradient through to itself only.
    net.merges[1].attention.gamma.data.fill_(0.1)
    (net(picture(2, 1, 64, 64)) - 1).square().mean().backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
