"""Activations on colour photos: the same net as the classifier and, on grey, as the encoder."""

import pytest
import torch
from torch import Tensor

from photochrom.losses.perceptual import PerceptualLoss
from photochrom.nets.classifier import Classifier, pretrained_classifier
from photochrom.nets.features import mobilenetv2_features
from photochrom.nets.mobilenetv2 import MobileNetV2
from photochrom.nets.registry import FEATURES


def published(seed: int = 0) -> dict[str, Tensor]:
    """A published file's keys and shapes, the classifier's included, in half precision."""
    torch.manual_seed(seed)
    state = Classifier(MobileNetV2(3)).state_dict()
    return {key.removeprefix("encoder."): value.half() for key, value in state.items()}


def photos(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1))


def test_activations_are_those_of_the_classifier() -> None:
    tensors, rgb = published(), photos(2, 3, 64, 96)
    net, classifier = FEATURES["mobilenetv2_features"](), pretrained_classifier(tensors, 320)
    net.load_imagenet(tensors)  # type: ignore[operator]
    maps = net(rgb)
    strides = (4, 8, 16, 32)
    assert [tuple(m.shape) for m in maps] == [
        (2, c, 64 // s, 96 // s) for c, s in zip(MobileNetV2().channels, strides, strict=True)
    ]
    torch.testing.assert_close(maps[-1].mean(dim=(2, 3)), classifier(rgb)[1], rtol=1e-4, atol=1e-5)


def test_on_grey_photos_they_are_those_of_the_encoder() -> None:
    tensors, grey = published(), photos(1, 1, 32, 64)
    net, encoder = mobilenetv2_features(), MobileNetV2()
    net.load_imagenet(tensors)
    encoder.load_imagenet(tensors)
    with torch.no_grad():
        expected = encoder(2 * grey - 1)
    for ours, theirs in zip(net(grey.expand(-1, 3, -1, -1)), expected, strict=True):
        assert theirs.std() > 1e-3
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)


def test_gradients_reach_the_picture_and_no_weight() -> None:
    torch.manual_seed(2)
    net = mobilenetv2_features()
    loss = PerceptualLoss(net, [0.2, 0.2, 0.2, 0.4], 0.0, distance="l1")
    truth = photos(2, 3, 64, 64)
    seen = truth.flip(0).clone().requires_grad_()
    assert float(loss(truth, truth)) == 0
    value = loss(seen, truth)
    value.backward()
    with torch.no_grad():
        distances = [float((a - b).abs().mean()) for a, b in zip(net(seen), net(truth), strict=True)]
    by_hand = sum(w * d for w, d in zip([0.2, 0.2, 0.2, 0.4], distances, strict=True))
    assert value.item() == pytest.approx(by_hand, rel=1e-4)
    assert seen.grad is not None
    assert seen.grad.abs().amin(dim=1).median() > 0
    assert all(p.grad is None and not p.requires_grad for p in net.parameters())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stem.weight": torch.zeros(32, 1, 3, 3)}, r"stem\.weight is 32x1x3x3 instead of 32x3x3x3"),
        ({"features.0.weight": torch.zeros(3)}, r"features\.0\.weight is unknown"),
    ],
)
def test_misfit_is_named(change: dict[str, Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=f"not the ImageNet weights of MobileNetV2.*{message}"):
        mobilenetv2_features().load_imagenet(published() | change)
