"""The default model: shapes, layer groups and hints. The way from logits to colour: test_prediction.py."""

from functools import cache

import pytest
import torch
from torch import Tensor, nn

from photochrom.color.quantize import ab_bins
from photochrom.nets.mobilenetv2 import MobileNetV2
from photochrom.nets.photochrom import Photochrom, Scale, hint_pyramid, photochrom

# Under its own name pytest would take the builder for a test.
from photochrom.nets.photochrom import test_photochrom as tiny

BINS = len(ab_bins())


def lightness(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 100


def some_hints(*shape: int, seed: int = 1) -> Tensor:
    """A quarter of all pixels hinted with anything."""
    generator = torch.Generator().manual_seed(seed)
    batch, height, width = shape
    mask = (torch.rand(batch, 1, height, width, generator=generator) < 0.25).float()
    return torch.cat(
        [(torch.rand(batch, 2, height, width, generator=generator) * 160 - 80) * mask, mask], dim=1
    )


@cache
def trained_looking(seed: int = 0) -> Photochrom:
    """A tiny net in eval mode whose hints count, whose logits have spread 3 and whose classes weigh differently."""
    torch.manual_seed(seed)
    net = tiny()
    for scale in net.scales:
        assert isinstance(scale, Scale)
        nn.init.normal_(scale.hint.weight, std=0.2)
    with torch.no_grad():
        # Twenty batches bring the running statistics near the features' own.
        for i in range(20):
            logits = net(lightness(4, 1, 64, 64, seed=i), some_hints(4, 64, 64, seed=i)).logits
        net.head.weight *= 3 / logits.std(dim=(0, 2, 3)).mean()
    net.log_weights.copy_(torch.randn(BINS))
    return net.eval()


def test_parameter_counts() -> None:
    assert sum(p.numel() for p in photochrom().parameters()) == 2_901_541
    assert sum(p.numel() for p in tiny().parameters()) == 1_859_141


@pytest.mark.parametrize(("batch", "height", "width"), [(1, 32, 32), (2, 64, 96), (3, 96, 32)])
def test_logits_are_at_a_quarter_of_the_size(batch: int, height: int, width: int) -> None:
    net = tiny().eval()
    with torch.no_grad():
        prediction = net(lightness(batch, 1, height, width))
    assert prediction.logits.shape == (batch, BINS, height // 4, width // 4)
    assert prediction.ab is None
    assert (net.multiple, net.stride, net.takes_hints) == (32, 4, True)


def test_the_default_model_runs() -> None:
    with torch.no_grad():
        logits = photochrom().eval()(lightness(1, 1, 64, 32)).logits
    assert logits.shape == (1, BINS, 16, 8)
    assert torch.isfinite(logits).all()


def test_no_hints_are_zero_hints_exactly() -> None:
    net, grey = trained_looking(), lightness(2, 1, 64, 32)
    with torch.no_grad():
        without = net(grey).logits
        assert torch.equal(without, net(grey, torch.zeros(2, 3, 64, 32)).logits)
        assert not torch.equal(without, net(grey, some_hints(2, 64, 32)).logits)


def test_a_new_net_does_not_listen_to_hints() -> None:
    net, grey = tiny().eval(), lightness(1, 1, 32, 32)
    branches = [scale.hint for scale in net.scales if isinstance(scale, Scale)]
    assert len(branches) == 4
    for branch in branches:
        assert branch.bias is None
        assert not branch.weight.any()
    with torch.no_grad():
        assert torch.equal(net(grey).logits, net(grey, some_hints(1, 32, 32)).logits)


def test_the_head_makes_logits_of_the_decoders_last_map() -> None:
    net, grey, hints = trained_looking(), lightness(2, 1, 64, 96), some_hints(2, 64, 96)
    with torch.no_grad():
        assert torch.equal(net.head(net.features(grey, hints)), net(grey, hints).logits)
        assert torch.equal(net.head(net.features(grey)), net(grey).logits)


def test_pictures_of_a_batch_do_not_see_each_other() -> None:
    net, grey, hints = trained_looking(), lightness(3, 1, 32, 64), some_hints(3, 32, 64)
    with torch.no_grad():
        together = net(grey, hints).logits
        alone = torch.cat([net(grey[i : i + 1], hints[i : i + 1]).logits for i in range(3)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)
    assert (together[0] - together[1]).abs().max() > 0.01


def test_groups_are_the_early_encoder_the_late_one_and_the_decoder() -> None:
    net = tiny()
    names = {id(p): name for name, p in net.named_parameters()}
    early, late, ours = ({names[id(p)] for p in group} for group in net.layer_groups())
    assert {name.rsplit(".", 2)[0] for name in early} == {
        "encoder",
        *(f"encoder.blocks.{i}" for i in range(3)),
    }
    assert {name.rsplit(".", 2)[0] for name in late} == {f"encoder.blocks.{i}" for i in range(3, 17)}
    assert not any(name.startswith("encoder.") for name in ours)
    assert len(early) + len(late) + len(ours) == len(names)


def test_encoder_loads_and_names_what_does_not_fit() -> None:
    torch.manual_seed(3)
    state = MobileNetV2().state_dict()
    state["stem.weight"] = torch.randn(32, 3, 3, 3)
    net = tiny()
    net.load_encoder(state)
    torch.testing.assert_close(net.encoder.stem.weight, state["stem.weight"].sum(dim=1, keepdim=True))
    assert torch.equal(net.encoder.blocks[9].get_parameter("expand.weight"), state["blocks.9.expand.weight"])
    del state["blocks.9.expand.weight"]
    with pytest.raises(ValueError, match=r"blocks\.9\.expand\.weight is missing"):
        net.load_encoder(state)


def test_keys_are_those_of_the_models_that_are_out() -> None:
    keys = {key for key in photochrom().state_dict() if not key.startswith("encoder.")}
    blocks = {"depthwise.weight", "expand.weight", "expand.bias", "project.weight", "project.bias"}
    norm = {"norm.weight", "norm.bias", "norm.running_mean", "norm.running_var", "norm.num_batches_tracked"}
    expected = {"bins", "log_weights", "head.weight", "head.bias"}
    expected |= {f"context.{i}.{part}" for i in (0, 2) for part in ("weight", "bias")}
    for i, depth in enumerate((1, 2, 2, 2)):
        expected |= {f"scales.{i}.{part}" for part in norm | {"skip.weight", "hint.weight"}}
        expected |= {f"scales.{i}.below.weight"} if i else set()
        expected |= {f"scales.{i}.blocks.{j}.{part}" for j in range(depth) for part in norm | blocks}
    assert keys == expected


def pyramid_of(
    marks: dict[tuple[int, int], tuple[float, float]], height: int = 32, width: int = 64
) -> list[Tensor]:
    hints = torch.zeros(1, 3, height, width)
    for (row, column), ab in marks.items():
        hints[0, :, row, column] = torch.tensor([*ab, 1.0])
    return [level[0] for level in hint_pyramid(hints)]


def test_pyramid_of_one_hint() -> None:
    levels = pyramid_of({(5, 38): (55.0, -110.0)})
    assert [tuple(level.shape) for level in levels] == [(3, 8, 16), (3, 4, 8), (3, 2, 4), (3, 1, 2)]
    cells = [(1, 9), (0, 4), (0, 2), (0, 1)]
    for level, (row, column) in zip(levels, cells, strict=True):
        # One pixel of a 32x32 cell is a share of 1/1024, which the 1e-6 in the divisor shifts by 0.1%.
        torch.testing.assert_close(level[:, row, column], torch.tensor([0.5, -1.0, 1.0]), rtol=2e-3, atol=0)
        rest = level.clone()
        rest[:, row, column] = 0
        assert not rest.any()


def test_pyramid_averages_hints_not_cells() -> None:
    # Three pixels of (110, 0) and one of (0, 110) share a cell from stride 8 on, but not at stride 4.
    levels = pyramid_of({(0, 0): (110, 0), (0, 1): (110, 0), (3, 3): (110, 0), (7, 7): (0, 110)})
    torch.testing.assert_close(levels[0][:, 0, 0], torch.tensor([1.0, 0.0, 1.0]), rtol=1e-4, atol=0)
    torch.testing.assert_close(levels[0][:, 1, 1], torch.tensor([0.0, 1.0, 1.0]), rtol=1e-4, atol=0)
    for level in levels[1:]:
        torch.testing.assert_close(level[:, 0, 0], torch.tensor([0.75, 0.25, 1.0]), rtol=2e-3, atol=0)


def test_pyramid_of_a_fully_hinted_picture_is_its_mean_color() -> None:
    hints = some_hints(2, 64, 32)
    hints[:, 2] = 1
    for stride, level in zip((4, 8, 16, 32), hint_pyramid(hints), strict=True):
        blocks = hints[:, :2].reshape(2, 2, 64 // stride, stride, 32 // stride, stride)
        torch.testing.assert_close(level[:, :2], blocks.mean(dim=(3, 5)) / 110, rtol=1e-4, atol=1e-5)
        assert (level[:, 2] == 1).all()


def test_pyramid_ignores_color_outside_the_mask() -> None:
    hints = some_hints(1, 32, 32)
    dirty = hints.clone()
    dirty[:, :2] += 50 * (1 - hints[:, 2:])
    for clean, other in zip(hint_pyramid(hints), hint_pyramid(dirty), strict=True):
        assert torch.equal(clean, other)
