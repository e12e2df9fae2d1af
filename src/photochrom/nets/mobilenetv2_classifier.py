"""MobileNetV2 as a classifier of colour photos: what the metrics ask what is in a picture."""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.nets.mobilenetv2 import CHANNELS, MobileNetV2, initialize
from photochrom.nets.resnet import require_fit

SIDE, STRIDE = 224, 32


class MobileNetV2Classifier(MobileNetV2):
    """MobileNetV2 1.0 with its last convolution and its 1000 classes (Sandler et al. 2018, arXiv:1801.04381).

    Input ``(B, 3, H, W)`` sRGB in [0, 1], from 32 pixels a side up. Seen is the middle: at most 224 pixels a side, for
    which it was trained, and a multiple of 32. Output ``(logits (B, 1000), features (B, D))``.

    Parameters
    ----------
    features
        320: the last block's output (no ReLU after it), mean over the map. 1280: what the classifier sees, after the
        last convolution, ReLU6 and the same mean.
    """

    def __init__(self, features: Literal[320, 1280] = 320) -> None:
        super().__init__(inputs=3)
        if features not in (320, 1280):
            raise ValueError(f"MobileNetV2 has 320 or 1280 features, not {features}")
        self.features = features
        self.last = nn.Conv2d(CHANNELS[-1], 1280, 1)
        initialize(self.last, "linear")
        self.classifier = nn.Linear(1280, 1000)

    # Not a feature pyramid but a classification: the one method in which this differs from the encoder.
    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        # Channels last is twice as fast on a CPU.
        x = (2 * middle(rgb) - 1).contiguous(memory_format=torch.channels_last)
        x = super().forward(x)[-1]
        pooled = F.relu6(self.last(x)).mean(dim=(2, 3))
        return self.classifier(pooled), pooled if self.features == 1280 else x.mean(dim=(2, 3))

    def load_imagenet(self, tensors: Mapping[str, Tensor]) -> None:
        """Load published colour weights with batch norm folded in, under this module's own keys.

        Raises
        ------
        ValueError
            If keys lack, are unknown or have another shape; it names the first of them.
        """
        own = {key: value.float() for key, value in tensors.items()}
        if (weight := own.get("classifier.weight")) is not None:
            # Some files keep the classifier as a 1x1 convolution.
            own["classifier.weight"] = weight.flatten(1)
        expected = {key: tuple(value.shape) for key, value in self.state_dict().items()}
        require_fit("these are not the ImageNet weights of MobileNetV2", expected, own)
        self.load_state_dict(own)


def middle(rgb: Tensor) -> Tensor:
    """The middle of ``(B, C, H, W)``, each side at most 224 and a multiple of 32; ValueError if one is below 32."""
    height, width = (min(side, SIDE) // STRIDE * STRIDE for side in rgb.shape[2:])
    if not height or not width:
        raise ValueError(f"MobileNetV2 needs photos of at least 32x32 pixels, got {tuple(rgb.shape)}")
    top, left = (rgb.shape[2] - height) // 2, (rgb.shape[3] - width) // 2
    return rgb[:, :, top : top + height, left : left + width]


def mobilenetv2_classifier(features: Literal[320, 1280] = 320) -> MobileNetV2Classifier:
    """Build the classifier (3.5 M parameters), in eval mode and frozen; see `MobileNetV2Classifier`."""
    net = MobileNetV2Classifier(features).requires_grad_(False).eval()
    return net.to(memory_format=torch.channels_last)  # type: ignore[no-any-return,call-overload]
