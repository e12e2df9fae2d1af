"""LPIPS (Zhang et al. 2018, arXiv:1801.03924): the distance of two photos in the layers of a classifier."""

from collections.abc import Callable, Sequence
from importlib.resources import as_file, files
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from photochrom.metrics.metric import MeanOverPhotos
from photochrom.metrics.photos import Photos

Backbone: TypeAlias = Callable[[Tensor], Sequence[Tensor]]
"""From rgb (B, 3, H, W) in [0, 1] to the activations that LPIPS compares. The backbone normalises its input itself."""


class LPIPS(MeanOverPhotos):
    """Learned perceptual distance, version 0.1, mean over photos.

    The backbone is a classifier with ImageNet weights from a file of the user. The weights of the channels, a few
    kilobytes, come with torchmetrics.

    Parameters
    ----------
    backbone : for "vgg" it gives relu1_2, relu2_2, relu3_3, relu4_3 and relu5_3 of VGG-16
        It normalises its input by ImageNet's mean and standard deviation, which equals LPIPS' own shift and scale.
    kind : the backbone for which the channel weights are; figures of different backbones cannot be compared
    """

    higher_is_better = False

    def __init__(self, backbone: Backbone, kind: Literal["vgg", "alex", "squeeze"] = "vgg") -> None:
        super().__init__()
        self.backbone = backbone
        source = files("torchmetrics") / "functional" / "image" / "lpips_models" / f"{kind}.pth"
        with as_file(source) as path:
            tensors = torch.load(path, map_location="cpu", weights_only=True)
        self.layers = len(tensors)
        for i in range(self.layers):
            self.register_buffer(f"channels{i}", tensors[f"lin{i}.model.1.weight"], persistent=False)

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        ours, true = self.backbone(prediction.rgb), self.backbone(truth.rgb)
        widths = [getattr(self, f"channels{i}").shape[1] for i in range(self.layers)]
        given = [x.shape[1] for x in ours]
        if given != widths:
            raise ValueError(f"LPIPS compares layers of {widths} channels, but the backbone gives {given}")
        distance = torch.zeros(len(prediction), dtype=torch.float64, device=prediction.rgb.device)
        for i, (one, two) in enumerate(zip(ours, true, strict=True)):
            squared = (_unit(one) - _unit(two)).square()
            weighed = (squared * getattr(self, f"channels{i}")).sum(dim=1)
            distance += weighed.flatten(1).mean(dim=1, dtype=torch.float64)
        return distance


def _unit(x: Tensor) -> Tensor:
    """Scale activations to length 1 at every pixel."""
    return x / (x.square().sum(dim=1, keepdim=True) + 1e-8).sqrt()
