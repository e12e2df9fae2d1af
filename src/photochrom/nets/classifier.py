"""A classifier of colour photos, for metrics that need the content of a picture."""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.nets.efficientnet_lite import EfficientNetLite, published_version
from photochrom.nets.inverted_residuals import InvertedResiduals, initialize
from photochrom.nets.mobilenetv2 import MobileNetV2
from photochrom.nets.resnet import require_fit

SIDE, STRIDE = 224, 32


class Classifier(nn.Module):
    """An encoder with its last convolution and its 1000 ImageNet classes.

    Input ``(B, 3, H, W)`` sRGB in [0, 1], from 32 pixels a side up. The net sees only the middle, whose sides are
    multiples of 32 and at most 224, the size of its training. Output ``(logits (B, 1000), features (B, D))``.

    Parameters
    ----------
    encoder : an encoder with 3 input channels
    features
        320: the mean over the map of the last block's output, without ReLU. 1280: the input of the classifier, after
        the last convolution, ReLU6 and the same mean.
    """

    def __init__(self, encoder: InvertedResiduals, features: Literal[320, 1280] = 320) -> None:
        super().__init__()
        if features not in (320, 1280):
            raise ValueError(f"{encoder.name} has 320 or 1280 features, not {features}")
        self.encoder = encoder
        self.features = features
        self.last = nn.Conv2d(encoder.channels[-1], 1280, 1)
        initialize(self.last, "linear")
        self.classifier = nn.Linear(1280, 1000)

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        # channels_last is twice as fast on a CPU.
        x = (2 * middle(rgb) - 1).contiguous(memory_format=torch.channels_last)
        x = self.encoder(x)[-1]
        pooled = F.relu6(self.last(x)).mean(dim=(2, 3))
        return self.classifier(pooled), pooled if self.features == 1280 else x.mean(dim=(2, 3))

    def load_imagenet(self, tensors: Mapping[str, Tensor]) -> None:
        """Load published colour weights, as the encoder's `load_imagenet` takes them, with those of the classes.

        Raises
        ------
        ValueError
            If keys lack, are unknown or have another shape; it names the first of them.
        """
        own = self.encoder.own_keys(tensors)
        self.encoder.load_imagenet(own)
        head = {k: v.float() for k, v in own.items() if k.startswith(("last.", "classifier."))}
        if (weight := head.get("classifier.weight")) is not None:
            # Some files keep the classifier as a 1x1 convolution.
            head["classifier.weight"] = weight.flatten(1)
        expected = {
            f"{name}.{key}": tuple(value.shape)
            for name, layer in (("last", self.last), ("classifier", self.classifier))
            for key, value in layer.state_dict().items()
        }
        require_fit(f"these are not the ImageNet weights of {self.encoder.name}", expected, head)
        self.load_state_dict(head, strict=False)


def middle(rgb: Tensor) -> Tensor:
    """Cut the middle of ``(B, C, H, W)``, each side at most 224 and a multiple of 32. ValueError if one is below 32."""
    height, width = (min(side, SIDE) // STRIDE * STRIDE for side in rgb.shape[2:])
    if not height or not width:
        raise ValueError(f"the classifier needs photos of at least 32x32 pixels, got {tuple(rgb.shape)}")
    top, left = (rgb.shape[2] - height) // 2, (rgb.shape[3] - width) // 2
    return rgb[:, :, top : top + height, left : left + width]


def pretrained_classifier(tensors: Mapping[str, Tensor], features: Literal[320, 1280] = 320) -> Classifier:
    """Build the classifier of a published file, MobileNetV2 or an EfficientNet-Lite, in eval mode and frozen.

    Raises
    ------
    ValueError
        If it is neither. The message names the first keys that do not fit.
    """
    version = published_version(tensors)
    encoder = MobileNetV2(3) if version is None else EfficientNetLite(version, 3)
    net = Classifier(encoder, features)
    net.load_imagenet(tensors)
    net = net.requires_grad_(False).eval()
    return net.to(memory_format=torch.channels_last)  # type: ignore[no-any-return,call-overload]
