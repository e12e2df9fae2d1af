"""Colorful Image Colorization: colour as classification (Zhang et al. 2016, arXiv:1603.08511).

This is the network of the authors' PyTorch release. It has the same state-dict keys, so that the published weights
load.
"""

from functools import cache
from itertools import permutations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from photochrom.color.lab import AB_SCALE, rgb_to_lab
from photochrom.color.quantize import BIN
from photochrom.nets.prediction import DistributionNet, Prediction


@cache
def hull_bins() -> NDArray[np.float32]:
    """Return the 313 bins of the paper, ``(313, 2)`` in Lab units, ordered by a and then by b as in the authors' list.

    They are the corners of all squares of a 10-unit grid that touch the convex hull of the sRGB gamut in the ab
    plane. (`photochrom.color.quantize.ab_bins` has the 261 squares around grid points that the gamut itself touches.)
    """
    edges = []
    for low, high in permutations(range(3), 2):
        # At the hull's corners one channel is 0 and another is 1.
        edge = np.repeat(np.linspace(0.0, 1.0, 256)[:, None], 3, axis=1)
        edge[:, low], edge[:, high] = 0, 1
        edges.append(edge)
    ab = rgb_to_lab(np.concatenate(edges))[:, 1:]
    angle = np.arange(720) * (np.pi / 360)
    directions = np.stack([np.cos(angle), np.sin(angle)])
    # A point is such a corner if the square of 20 units around it meets the hull: if in no direction it lies further
    # out than the hull and half the square reach together. The closest of these decisions has 0.04 units to spare.
    reach = (ab @ directions).max(axis=0) + BIN * np.abs(directions).sum(axis=0)
    axis = np.arange(-130, 131, BIN)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    bins: NDArray[np.float32] = grid[(grid @ directions <= reach).all(axis=1)].astype(np.float32)
    bins.flags.writeable = False
    return bins


class Centres(nn.Module):
    """The last layer of the release, which computes the distribution's mean. Its weight is fixed, so it is a buffer.

    `weight` (2, K, 1, 1) holds the bins in units of 110, because the release multiplies the result by 110.
    """

    weight: Tensor

    def __init__(self, bins: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", bins.T[:, :, None, None] / AB_SCALE)


class Eccv16(DistributionNet):
    """A net of eight stages of 3x3 convolutions, down to an eighth and up to a quarter; two stages are dilated.

    The release's result is `predict` at temperature 1 and prior_strength 1, enlarged by 4 (bilinear). The paper anneals
    at 0.38, for which the release has no layer.

    Parameters
    ----------
    width : channels of the first stage; 64 as published
    """

    def __init__(self, width: int = 64) -> None:
        bins = torch.from_numpy(hull_bins().copy())
        super().__init__(len(bins), pretrained=True)
        w = width
        self.model1 = nn.Sequential(*stage(1, w, 2, stride=2))
        self.model2 = nn.Sequential(*stage(w, 2 * w, 2, stride=2))
        self.model3 = nn.Sequential(*stage(2 * w, 4 * w, 3, stride=2))
        self.model4 = nn.Sequential(*stage(4 * w, 8 * w, 3))
        self.model5 = nn.Sequential(*stage(8 * w, 8 * w, 3, dilation=2))
        self.model6 = nn.Sequential(*stage(8 * w, 8 * w, 3, dilation=2))
        self.model7 = nn.Sequential(*stage(8 * w, 8 * w, 3))
        up = nn.ConvTranspose2d(8 * w, 4 * w, 4, stride=2, padding=1)
        *convolutions, _ = stage(4 * w, 4 * w, 2)
        self.model8 = nn.Sequential(up, nn.ReLU(inplace=True), *convolutions, nn.Conv2d(4 * w, len(bins), 1))
        self.model_out = Centres(bins)

    @property
    def bins(self) -> Tensor:  # type: ignore[override]
        """The centres of the classes, (313, 2) in Lab units, from the loaded weights."""
        return self.model_out.weight[:, :, 0, 0].T * AB_SCALE

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Prediction:
        """Return logits ``(B, 313, H/4, W/4)``.

        Parameters
        ----------
        lightness : (B, 1, H, W), L* in [0, 100], sides multiples of 8
        hints : ignored, because this net takes none
        """
        x = (lightness - 50) / 100
        for part in (self.model1, self.model2, self.model3, self.model4):
            x = part(x)
        for part in (self.model5, self.model6, self.model7, self.model8):
            x = part(x)
        return Prediction(x)


def stage(inputs: int, outputs: int, count: int, *, stride: int = 1, dilation: int = 1) -> list[nn.Module]:
    """Make 3x3 convolutions with ReLU, the last one strided, and one batch norm after all."""
    layers: list[nn.Module] = []
    for i in range(count):
        conv = nn.Conv2d(
            inputs if i == 0 else outputs,
            outputs,
            3,
            stride if i == count - 1 else 1,
            padding=dilation,
            dilation=dilation,
        )
        nn.init.kaiming_normal_(conv.weight)
        layers += [conv, nn.ReLU(inplace=True)]
    return [*layers, nn.BatchNorm2d(outputs)]


def eccv16() -> Eccv16:
    """Build the published net (32.2 M parameters)."""
    return Eccv16()


def test_eccv16() -> Eccv16:
    """Build a narrow one for tests, with all 313 bins."""
    return Eccv16(width=4)
