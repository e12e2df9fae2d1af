"""The encoder MobileNetV2: its shape and the loading of published weights."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.nets.inverted_residuals import InvertedResidual, SameConv
from photochrom.nets.mobilenetv2 import STAGES, MobileNetV2


def synthetic_weights(seed: int) -> dict[str, Tensor]:
    """A published state dict as the converter leaves it: a colour stem, and the layers we do not have."""
    generator = torch.Generator().manual_seed(seed)
    state = {
        key: torch.randn(value.shape, generator=generator) * (2 / max(1, value[0].numel())) ** 0.5
        for key, value in MobileNetV2().state_dict().items()
    }
    state["stem.weight"] = torch.randn(32, 3, 3, 3, generator=generator) * 0.3
    state["last.weight"] = torch.randn(1280, 320, 1, 1, generator=generator)
    state["classifier.weight"] = torch.randn(1000, 1280, generator=generator)
    return state


def color_features(state: dict[str, Tensor], rgb: Tensor) -> list[Tensor]:
    """The features of the three-channel net that `state` describes."""
    net = MobileNetV2()
    net.stem = SameConv(3, 32, 3, 2)
    net.load_state_dict({k: v for k, v in state.items() if not k.startswith(("last.", "classifier."))})
    features: list[Tensor] = net(rgb)
    return features


def test_every_stride_2_convolution_of_the_encoder_pads_right_and_below() -> None:
    net = MobileNetV2()
    padding = {module.stride: module.padding for module in net.modules() if isinstance(module, SameConv)}
    assert padding == {(2, 2): (0, 0), (1, 1): (1, 1)}
    assert sum(isinstance(m, SameConv) and m.stride == (2, 2) for m in net.modules()) == 5


def test_parameter_count_follows_from_the_published_one() -> None:
    # Keras reports 3,504,872 trainable and 34,112 other parameters: the latter are two per batch-norm channel,
    # of which folding drops one per channel. Ours lacks the 1000 classes, the last convolution and two channels.
    classes, last, stem = 1000 * 1281, 1280 * 320 + 2 * 1280, 2 * 32 * 9
    folded = 34_112 // 2 - 1280
    assert sum(p.numel() for p in MobileNetV2().parameters()) == 3_504_872 - classes - last - stem - folded


def test_has_seventeen_blocks_ten_of_them_residual() -> None:
    blocks = [block for block in MobileNetV2().blocks if isinstance(block, InvertedResidual)]
    assert len(blocks) == sum(repeats for _, _, repeats, _, _ in STAGES) == 17
    assert sum(block.residual for block in blocks) == 10


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96), (96, 32)])
def test_features_are_at_strides_4_8_16_32(height: int, width: int) -> None:
    with torch.no_grad():
        shapes = [tuple(f.shape) for f in MobileNetV2()(torch.zeros(2, 1, height, width))]
    strides = (4, 8, 16, 32)
    assert shapes == [
        (2, c, height // s, width // s) for c, s in zip((24, 32, 96, 320), strides, strict=True)
    ]


def test_grey_net_equals_the_color_net_fed_grey_three_times() -> None:
    state = synthetic_weights(2)
    net = MobileNetV2()
    net.load_imagenet(state)
    grey = torch.rand(1, 1, 32, 64, generator=torch.Generator().manual_seed(3)) * 2 - 1
    with torch.no_grad():
        expected = color_features(state, grey.expand(-1, 3, -1, -1))
        for ours, theirs in zip(net(grey), expected, strict=True):
            assert theirs.std() > 1e-3
            torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)


def test_loading_keeps_the_given_weights_and_takes_half_precision() -> None:
    state = {key: value.half() for key, value in synthetic_weights(4).items()}
    net = MobileNetV2()
    net.load_imagenet(state)
    assert state["stem.weight"].shape == (32, 3, 3, 3)
    assert net.stem.weight.dtype == torch.float32
    torch.testing.assert_close(
        net.blocks[3].get_parameter("project.weight"), state["blocks.3.project.weight"].float()
    )


@pytest.mark.parametrize("key", ["stem.weight", "blocks.0.project.weight"])
def test_wrong_shape_raises(key: str) -> None:
    state = synthetic_weights(5)
    state[key] = state[key][:, :-1]
    with pytest.raises(ValueError, match=rf"{key} is .* instead of"):
        MobileNetV2().load_imagenet(state)


@pytest.mark.parametrize("missing", ["stem.weight", "blocks.16.project.bias"])
def test_missing_weight_raises_and_is_named(missing: str) -> None:
    state = synthetic_weights(5)
    del state[missing]
    with pytest.raises(ValueError, match=f"{missing} is missing"):
        MobileNetV2().load_imagenet(state)


def test_another_nets_weights_raise() -> None:
    state = synthetic_weights(5) | {"features.0.weight": torch.zeros(3)}
    with pytest.raises(
        ValueError, match=r"not the ImageNet weights of MobileNetV2.*features\.0\.weight is unknown"
    ):
        MobileNetV2().load_imagenet(state)


@pytest.mark.parametrize("seed", range(3))
def test_an_untrained_encoder_passes_the_picture_on(seed: int) -> None:
    torch.manual_seed(seed)
    net = MobileNetV2()
    coarse = torch.rand(8, 1, 8, 8) * 2 - 1
    grey = F.interpolate(coarse, scale_factor=16.0, mode="bilinear", align_corners=False)
    with torch.no_grad():
        for features in net(grey):
            # What differs from place to place and picture to picture, not the channels' own means.
            contrast = (features - features.mean(dim=(0, 2, 3), keepdim=True)).std()
            assert grey.std() / 5 < contrast < grey.std() * 10


def test_gradients_reach_every_parameter() -> None:
    torch.manual_seed(6)
    net = MobileNetV2()
    loss = sum(
        (F.mse_loss(f, torch.ones_like(f)) for f in net(torch.rand(2, 1, 64, 64) * 2 - 1)), torch.zeros(())
    )
    loss.backward()
    silent = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []
