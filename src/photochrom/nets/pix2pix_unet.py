"""The U-Net generator of pix2pix (Isola et al. 2017, arXiv:1611.07004, section 6.1.1)."""

import torch
from torch import Tensor, nn

ENCODER = (64, 128, 256, 512, 512, 512, 512, 512)


class Pix2pixUnet(nn.Module):
    """Eight steps down to 1x1 at 256 px and eight up, with skips.

    Input ``(B, inputs, H, W)`` in [-1, 1], sides multiples of 256; output ``(B, outputs, H, W)`` in [-1, 1].
    """

    def __init__(
        self, inputs: int = 1, outputs: int = 2, widths: tuple[int, ...] = ENCODER, dropout: float = 0.5
    ) -> None:
        super().__init__()
        depth = len(widths)
        self.down = nn.ModuleList()
        self.up = nn.ModuleList()
        for i, width in enumerate(widths):
            # No batch norm on the first layer (the picture itself) nor on the last, whose 1x1 has one value each.
            bare = i in (0, depth - 1)
            layers: list[nn.Module] = [] if i == 0 else [nn.LeakyReLU(0.2)]
            layers.append(nn.Conv2d(inputs if i == 0 else widths[i - 1], width, 4, 2, 1, bias=bare))
            if not bare:
                layers.append(nn.BatchNorm2d(width))
            self.down.append(nn.Sequential(*layers))
        for i in reversed(range(depth)):
            below = widths[i] if i == depth - 1 else widths[i] * 2
            width = outputs if i == 0 else widths[i - 1]
            layers = [nn.ReLU(), nn.ConvTranspose2d(below, width, 4, 2, 1, bias=i == 0)]
            layers.append(nn.Tanh() if i == 0 else nn.BatchNorm2d(width))
            # Dropout stands in for the noise input, in the three inner steps that do not change the width.
            if depth - 4 <= i < depth - 1:
                layers.append(nn.Dropout(dropout))
            self.up.append(nn.Sequential(*layers))

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for down in self.down:
            x = down(x)
            skips.append(x)
        x = self.up[0](skips.pop())
        for up in self.up[1:]:
            x = up(torch.cat([skips.pop(), x], dim=1))
        return x


def pix2pix_unet() -> Pix2pixUnet:
    """Build the 256-pixel generator for Lab (54.4 M parameters)."""
    return Pix2pixUnet()
