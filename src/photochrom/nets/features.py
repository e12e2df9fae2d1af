"""Mobile encoders for perceptual losses. They need a fiftieth of VGG-16's multiplications."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from photochrom.nets.efficientnet_lite import EfficientNetLite
from photochrom.nets.inverted_residuals import InvertedResiduals
from photochrom.nets.mobilenetv2 import MobileNetV2


class Features(nn.Module):
    """A frozen encoder to its last block.

    Input ``(B, 3, H, W)`` sRGB in [0, 1], sides multiples of 32. Output four activations of the encoder's channels at
    strides 4, 8, 16 and 32. They are projections, without a ReLU. Gradients reach the input.

    Parameters
    ----------
    encoder : an encoder with 3 input channels
    """

    def __init__(self, encoder: InvertedResiduals) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(False)

    def forward(self, rgb: Tensor) -> list[Tensor]:
        # channels_last is twice as fast on a CPU.
        maps: list[Tensor] = self.encoder((2 * rgb - 1).contiguous(memory_format=torch.channels_last))
        return maps

    def load_imagenet(self, tensors: Mapping[str, Tensor]) -> None:
        """Load the encoder's published weights; see `InvertedResiduals.load_imagenet`."""
        self.encoder.load_imagenet(tensors)


def mobilenetv2_features() -> Features:
    """Build MobileNetV2's (1.8 M parameters)."""
    return Features(MobileNetV2(3))


def efficientnet_lite1_features() -> Features:
    """Build EfficientNet-Lite1's (3.7 M parameters); `load_imagenet` takes PyPI's published file."""
    return Features(EfficientNetLite(1, 3))
