"""VGG-16 and a part of VGG-19 (Simonyan & Zisserman 2015, arXiv:1409.1556), as frozen encoders."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from photochrom.nets.resnet import IMAGENET_MEAN, IMAGENET_STD, require_fit

CAFFE_MEAN = (123.68 / 255, 116.78 / 255, 103.94 / 255)
CAFFE_STD = (1 / 255, 1 / 255, 1 / 255)
"""The authors' weights need levels of 255 minus a mean. torchvision's were trained with `IMAGENET_STD`."""

JOHNSON = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
"""The activations of Johnson et al. 2016 (arXiv:1603.08155): the last maps before a pool, at strides 1, 2, 4 and 8."""


class VGG(nn.Module):
    """Stages of 3x3 convolutions with ReLU, each followed by a max-pool. The keys are torchvision's.

    Input ``(B, 3, H, W)`` sRGB in [0, 1], any sides from 8 up; the net normalises it. Output the activations that
    `taps` names, in this order. Gradients reach the input but not the weights.

    Parameters
    ----------
    stages : channels of the convolutions of each stage
    taps : ``relu{stage}_{convolution}``, both counted from 1, from shallow to deep
    mean, std : per channel, of sRGB in [0, 1]
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        stages: Sequence[Sequence[int]],
        taps: Sequence[str] = JOHNSON,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
    ) -> None:
        super().__init__()
        self.taps = tuple(taps)
        self._tapped = []
        layers: list[nn.Module] = []
        below = 3
        for i, stage in enumerate(stages, start=1):
            for j, width in enumerate(stage, start=1):
                conv = nn.Conv2d(below, width, 3, padding=1)
                nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
                layers += [conv, nn.ReLU()]
                below = width
                if f"relu{i}_{j}" in taps:
                    self._tapped.append(len(layers) - 1)
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(std)[:, None, None], persistent=False)
        self.requires_grad_(False)

    def forward(self, rgb: Tensor) -> list[Tensor]:
        x = (rgb - self.mean) / self.std
        maps: list[Tensor] = []
        # Layers after the last tap exist only so that the published weights fit. They cost no time.
        for i, layer in enumerate(self.features):
            if len(maps) == len(self.taps):
                break
            x = layer(x)
            if i in self._tapped:
                maps.append(x)
        return maps

    def load_imagenet(self, tensors: Mapping[str, Tensor]) -> None:
        """Load published weights under torchvision's keys; a ``classifier`` among them is left out.

        Raises
        ------
        ValueError
            If keys lack, are unknown or have another shape; it names the first of them.
        """
        given = {key: value for key, value in tensors.items() if not key.startswith("classifier.")}
        expected = {key: tuple(value.shape) for key, value in self.state_dict().items()}
        require_fit("these are not the ImageNet weights of this VGG", expected, given)
        self.load_state_dict(given)


def vgg16() -> VGG:
    """Build VGG-16's features (14,714,688 parameters), which gives relu1_2, relu2_2, relu3_3 and relu4_3."""
    return VGG(((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512)))


def vgg16_lpips() -> VGG:
    """Build VGG-16's features as LPIPS compares them: Johnson's four, and relu5_3."""
    return VGG(
        ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512)), (*JOHNSON, "relu5_3")
    )


def vgg19_relu3_1() -> VGG:
    """Build VGG-19 up to conv3_1 (555,328 parameters) for the authors' weights: relu1_2, relu2_2, relu3_1."""
    return VGG(((64, 64), (128, 128), (256,)), ("relu1_2", "relu2_2", "relu3_1"), CAFFE_MEAN, CAFFE_STD)


def test_vgg16() -> VGG:
    """Build a narrow VGG-16 for tests."""
    return VGG(((4, 4), (4, 4), (8, 8, 8), (8, 8, 8), (8, 8, 8)))
