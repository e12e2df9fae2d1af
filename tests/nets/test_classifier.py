"""The classifier: its head by hand, what it sees of a photo, and the loading of weights."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.nets.classifier import Classifier, middle, pretrained_classifier
from photochrom.nets.inverted_residuals import SameConv
from photochrom.nets.mobilenetv2 import MobileNetV2


def weights(seed: int = 0) -> dict[str, Tensor]:
    """A published file's keys and shapes, in half precision."""
    torch.manual_seed(seed)
    state = Classifier(MobileNetV2(3)).state_dict()
    return {key.removeprefix("encoder."): value.half() for key, value in state.items()}


def photos(height: int, width: int) -> Tensor:
    return torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("convolution", [True, False])
def test_head_by_hand(convolution: bool) -> None:
    tensors = weights()
    encoder = MobileNetV2()
    encoder.stem = SameConv(3, 32, 3, 2)
    encoder.load_state_dict(
        {k: v.float() for k, v in tensors.items() if not k.startswith(("last.", "classifier."))}
    )
    rgb = photos(64, 64)
    with torch.no_grad():
        block = encoder(2 * rgb - 1)[-1]
    last = torch.einsum("bchw,oc->bohw", block, tensors["last.weight"].float()[:, :, 0, 0])
    pooled = (last + tensors["last.bias"].float()[:, None, None]).clamp(0, 6).mean(dim=(2, 3))
    logits = pooled @ tensors["classifier.weight"].float().T + tensors["classifier.bias"].float()
    if convolution:
        tensors["classifier.weight"] = tensors["classifier.weight"][:, :, None, None]
    for features, expected in ((320, block.mean(dim=(2, 3))), (1280, pooled)):
        net = pretrained_classifier(tensors, features)  # type: ignore[arg-type]
        got = net(rgb)
        torch.testing.assert_close(got[0], logits, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(got[1], expected, rtol=1e-4, atol=1e-5)


def test_parameter_count_is_the_published_one() -> None:
    # Keras reports 3,504,872 trainable parameters. Of two per batch-norm channel folding leaves one, the bias.
    folded = 34_112 // 2
    assert sum(p.numel() for p in Classifier(MobileNetV2(3)).parameters()) == 3_504_872 - folded


@pytest.mark.parametrize(
    ("size", "seen"),
    [((256, 256), (224, 224, 16, 16)), ((128, 160), (128, 160, 0, 0)), ((300, 95), (224, 64, 38, 15))],
)
def test_the_middle_is_seen(size: tuple[int, int], seen: tuple[int, int, int, int]) -> None:
    rgb = photos(*size)
    height, width, top, left = seen
    assert torch.equal(middle(rgb), rgb[:, :, top : top + height, left : left + width])
    frame = F.pad(middle(rgb), (left, size[1] - width - left, top, size[0] - height - top))
    net = pretrained_classifier(weights())
    torch.testing.assert_close(net(rgb), net(frame))


def test_what_does_not_fit_raises() -> None:
    with pytest.raises(ValueError, match="at least 32x32 pixels"):
        pretrained_classifier(weights())(photos(64, 31))
    with pytest.raises(ValueError, match="320 or 1280 features, not 512"):
        pretrained_classifier(weights(), 512)  # type: ignore[arg-type]
    tensors = weights()
    del tensors["classifier.bias"]
    with pytest.raises(ValueError, match=r"classifier\.bias"):
        pretrained_classifier(tensors)
