"""The default model: a mobile encoder, a small decoder to a quarter of the size, and a distribution over ab bins.

Classification over ab bins is as in Zhang et al. 2016. The hint input is as in Zhang et al. 2017, but it enters the
decoder at every scale. A net with a learned affinity takes no hints; they are applied after the net.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.color.lab import AB_SCALE
from photochrom.color.quantize import ab_bins
from photochrom.nets.affinity import Affinity
from photochrom.nets.convolution import DepthwiseConv
from photochrom.nets.efficientnet_lite import EfficientNetLite
from photochrom.nets.inverted_residuals import InvertedResiduals
from photochrom.nets.mobilenetv2 import MobileNetV2
from photochrom.nets.prediction import DistributionNet, Prediction

ENCODERS: dict[str, Callable[[], InvertedResiduals]] = {
    "efficientnet_lite0": lambda: EfficientNetLite(0),
    "efficientnet_lite1": lambda: EfficientNetLite(1),
    "mobilenetv2": MobileNetV2,
}


class Block(nn.Module):
    """Depthwise 5x5, then a two-layer pointwise MLP, with a residual."""

    def __init__(self, width: int, expansion: int = 2) -> None:
        super().__init__()
        self.depthwise = DepthwiseConv(width, 5, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.expand = nn.Conv2d(width, width * expansion, 1)
        self.project = nn.Conv2d(width * expansion, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.project(F.relu(self.expand(self.norm(self.depthwise(x)))))
        return x + y


class Scale(nn.Module):
    """One decoder stage. It adds the coarser stage's output, the encoder's skip and the hints, then applies blocks."""

    def __init__(self, below: int, skip: int, width: int, blocks: int) -> None:
        super().__init__()
        self.below = nn.Conv2d(below, width, 1, bias=False) if below else None
        self.skip = nn.Conv2d(skip, width, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        # No bias, and zero weights at the start. Without hints this branch adds exactly 0.
        self.hint = nn.Conv2d(3, width, 3, padding=1, bias=False)
        nn.init.zeros_(self.hint.weight)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(blocks)))

    def forward(self, below: Tensor | None, skip: Tensor, hints: Tensor | None) -> Tensor:
        x = self.skip(skip)
        if self.below is not None and below is not None:
            # A 1x1 convolution commutes with bilinear upsampling, and before it costs a quarter.
            x = x + F.interpolate(self.below(below), scale_factor=2.0, mode="bilinear", align_corners=False)
        x = F.relu(self.norm(x))
        y: Tensor = self.blocks(x if hints is None else x + self.hint(hints))
        return y


class Photochrom(DistributionNet):
    """A net from a grey photo (and hints) to a distribution over ab bins at a quarter of the size.

    Parameters
    ----------
    widths : channels of the decoder at strides 32, 16, 8, 4
    depths : blocks at those strides
    encoder : one of `ENCODERS`
    affinity : whether the net learns how hints spread
        Such a net takes no hints. They are applied to its output (`photochrom.color.propagation`), so the net need not
        run again when the user moves a hint.

    Raises
    ------
    ValueError
        If there is no encoder of that name.
    """

    takes_hints = True
    multiple = 32

    def __init__(
        self,
        widths: tuple[int, int, int, int] = (256, 192, 128, 96),
        depths: tuple[int, int, int, int] = (1, 2, 2, 2),
        encoder: str = "mobilenetv2",
        affinity: bool = False,
    ) -> None:
        if encoder not in ENCODERS:
            raise ValueError(f"no encoder {encoder!r}; there are {', '.join(ENCODERS)}")
        bins = torch.from_numpy(ab_bins().copy())
        super().__init__(len(bins))
        self.register_buffer("bins", bins)
        self.encoder = ENCODERS[encoder]()
        below = (0, *widths[:-1])
        skips = self.encoder.channels[::-1]
        self.scales = nn.ModuleList(
            Scale(b, s, w, d) for b, s, w, d in zip(below, skips, widths, depths, strict=True)
        )
        # The mean over the whole picture: the sky over a beach has another colour than the sky over a street.
        self.context = nn.Sequential(nn.Linear(skips[0], 128), nn.ReLU(), nn.Linear(128, widths[0]))
        self.head = nn.Conv2d(widths[-1], len(bins), 1)
        self.affinity = Affinity(widths[-1]) if affinity else None
        self.takes_hints = not affinity

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Prediction:
        """Return logits ``(B, K, H/4, W/4)`` of the rebalanced posterior.

        Parameters
        ----------
        lightness : (B, 1, H, W), L* in [0, 100], sides multiples of 32
        hints : (B, 3, H, W) or None
            a and b in Lab units where the third channel, the mask, is 1, and 0 elsewhere.
        """
        x = self.features(lightness, hints)
        return Prediction(self.head(x), affinity=None if self.affinity is None else self.affinity(x))

    def features(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return the decoder's last map ``(B, C, H/4, W/4)``, the input of `head` and of `affinity`."""
        features = self.encoder(lightness / 50 - 1)
        pyramid = [None] * len(features) if hints is None or not self.takes_hints else hint_pyramid(hints)
        x: Tensor | None = None
        for i, (scale, skip) in enumerate(zip(self.scales, reversed(features), strict=True)):
            x = scale(x, skip, pyramid[-1 - i])
            if i == 0:
                x = x + self.context(features[-1].mean(dim=(2, 3)))[:, :, None, None]
        assert x is not None
        return x

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Return the encoder to stride 4, the rest of it, and the decoder. The affinity is trained separately."""
        first = self.encoder.taps[0] + 1
        early = nn.ModuleList([self.encoder.stem, *self.encoder.blocks[:first]])
        late = self.encoder.blocks[first:]
        others = {*self.encoder.parameters(), *(self.affinity.parameters() if self.affinity else ())}
        ours = [p for p in self.parameters() if p not in others]
        return [list(early.parameters()), list(late.parameters()), ours]

    def load_encoder(self, tensors: Mapping[str, Tensor]) -> None:
        """Load the encoder's ImageNet weights; see `InvertedResiduals.load_imagenet`.

        Raises
        ------
        ValueError
            If they are another net's. The message names the first keys that do not fit.
        """
        self.encoder.load_imagenet(tensors)


def hint_pyramid(hints: Tensor) -> list[Tensor]:
    """Return hints at strides 4, 8, 16 and 32: each cell's mean hinted ab in [-1, 1], and 1 if it has hints, else 0."""
    ab, mask = hints[:, :2] / AB_SCALE, hints[:, 2:]
    levels = []
    total = F.avg_pool2d(torch.cat([ab * mask, mask], dim=1), 4)
    for i in range(4):
        if i:
            total = F.avg_pool2d(total, 2)
        share = total[:, 2:]
        # The smallest share above 0 is one pixel of a 32x32 cell, 1e-3. So 1e-6 changes nothing.
        levels.append(torch.cat([total[:, :2] / (share + 1e-6), (share > 1e-5).to(share.dtype)], dim=1))
    return levels


def photochrom(encoder: str = "mobilenetv2", affinity: bool = False) -> Photochrom:
    """Build the default model (2.9 M parameters with MobileNetV2, 4.9 M with EfficientNet-Lite1)."""
    return Photochrom(encoder=encoder, affinity=affinity)


def test_photochrom(encoder: str = "mobilenetv2", affinity: bool = False) -> Photochrom:
    """Build a tiny decoder on the same encoder, for tests."""
    return Photochrom(widths=(16, 16, 16, 16), depths=(1, 1, 1, 1), encoder=encoder, affinity=affinity)
