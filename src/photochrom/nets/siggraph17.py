"""Real-time user-guided colorization with learned deep priors (Zhang et al. 2017, arXiv:1705.02999).

This is the local-hints network of the authors' PyTorch release. It has the same state-dict keys, so that the published
weights load.
"""

import torch
from torch import Tensor, nn

from photochrom.color.lab import AB_SCALE
from photochrom.color.quantize import BIN
from photochrom.nets.eccv16 import stage
from photochrom.nets.prediction import DistributionNet, Prediction


class Siggraph17(DistributionNet):
    """A U-Net over the stages of `eccv16`. It regresses colours at full size, and a distribution at a quarter of it.

    The distribution is over all 529 points of the 10-unit grid from -110 to 110, a before b. Here both outputs train
    the whole net. The authors train one output at a time, and the other's gradient does not reach the trunk.

    Parameters
    ----------
    width : channels of the first stage; 64 as published
    """

    takes_hints = True
    stride = 1

    def __init__(self, width: int = 64) -> None:
        axis = torch.arange(-AB_SCALE, AB_SCALE + 1, BIN)
        bins = torch.cartesian_prod(axis, axis)
        super().__init__(len(bins), pretrained=True)
        # The architecture determines the bins, so they are not in the published file.
        self.register_buffer("bins", bins, persistent=False)
        w = width
        self.model1 = nn.Sequential(*stage(4, w, 2))
        self.model2 = nn.Sequential(*stage(w, 2 * w, 2))
        self.model3 = nn.Sequential(*stage(2 * w, 4 * w, 3))
        self.model4 = nn.Sequential(*stage(4 * w, 8 * w, 3))
        self.model5 = nn.Sequential(*stage(8 * w, 8 * w, 3, dilation=2))
        self.model6 = nn.Sequential(*stage(8 * w, 8 * w, 3, dilation=2))
        self.model7 = nn.Sequential(*stage(8 * w, 8 * w, 3))
        self.model8up, self.model3short8 = up(8 * w, 4 * w), short(4 * w, 4 * w)
        self.model8 = nn.Sequential(nn.ReLU(inplace=True), *stage(4 * w, 4 * w, 2))
        self.model9up, self.model2short9 = up(4 * w, 2 * w), short(2 * w, 2 * w)
        self.model9 = nn.Sequential(nn.ReLU(inplace=True), *stage(2 * w, 2 * w, 1))
        self.model10up, self.model1short10 = up(2 * w, 2 * w), short(w, 2 * w)
        last, *_ = stage(2 * w, 2 * w, 1)
        self.model10 = nn.Sequential(nn.ReLU(inplace=True), last, nn.LeakyReLU(0.2))
        self.model_class = nn.Sequential(nn.Conv2d(4 * w, len(bins), 1))
        self.model_out = nn.Sequential(nn.Conv2d(2 * w, 2, 1), nn.Tanh())

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Prediction:
        """Return logits ``(B, 529, H/4, W/4)`` and ab ``(B, 2, H, W)`` in Lab units.

        Parameters
        ----------
        lightness : (B, 1, H, W), L* in [0, 100], sides multiples of 8
        hints : (B, 3, H, W) or None
            a and b in Lab units where the third channel, the mask, is 1, and 0 elsewhere.
        """
        if hints is None:
            hints = lightness.new_zeros(lightness.shape[0], 3, *lightness.shape[2:])
        at1 = self.model1(torch.cat([(lightness - 50) / 100, hints[:, :2] / AB_SCALE, hints[:, 2:]], dim=1))
        at2 = self.model2(at1[:, :, ::2, ::2])
        at4 = self.model3(at2[:, :, ::2, ::2])
        x = self.model4(at4[:, :, ::2, ::2])
        x = self.model7(self.model6(self.model5(x)))
        x = self.model8(self.model8up(x) + self.model3short8(at4))
        logits = self.model_class(x)
        x = self.model9(self.model9up(x) + self.model2short9(at2))
        x = self.model10(self.model10up(x) + self.model1short10(at1))
        return Prediction(logits, AB_SCALE * self.model_out(x))


# Each is alone in a Sequential, because the keys of the release require it.
def up(inputs: int, outputs: int) -> nn.Sequential:
    """Make a transposed 4x4 convolution that doubles the size."""
    return nn.Sequential(nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1))


def short(inputs: int, outputs: int) -> nn.Sequential:
    """Make the layers of a skip connection."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1))


def siggraph17() -> Siggraph17:
    """Build the published net (34.2 M parameters)."""
    return Siggraph17()


def test_siggraph17() -> Siggraph17:
    """Build a narrow one for tests, with all 529 bins."""
    return Siggraph17(width=4)
