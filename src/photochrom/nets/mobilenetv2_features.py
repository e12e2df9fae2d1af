"""MobileNetV2's activations on colour photos: an eye of a perceptual loss of a fiftieth of VGG-16's multiplications."""

import torch
from torch import Tensor

from photochrom.nets.mobilenetv2 import MobileNetV2


class MobileNetV2Features(MobileNetV2):
    """MobileNetV2 1.0 (Sandler et al. 2018, arXiv:1801.04381) as far as its last block, frozen.

    Input ``(B, 3, H, W)`` sRGB in [0, 1], sides multiples of 32. Output four activations, of 24, 32, 96 and 320
    channels at strides 4, 8, 16 and 32: projections, which no ReLU follows. They pass gradients to the input.
    """

    def __init__(self) -> None:
        super().__init__(inputs=3)
        self.requires_grad_(False)

    def forward(self, rgb: Tensor) -> list[Tensor]:
        # Channels last is twice as fast on a CPU.
        return super().forward((2 * rgb - 1).contiguous(memory_format=torch.channels_last))


def mobilenetv2_features() -> MobileNetV2Features:
    """Build the encoder (1.8 M parameters); `load_imagenet` takes the file of the default model's encoder."""
    return MobileNetV2Features()
