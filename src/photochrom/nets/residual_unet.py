"""A U-Net of residual blocks, the generator of a conditional Wasserstein GAN.

Blocks, widths and dropout are those of Salim Benhamadi's notebook "Pix2Pix Image Colorization with Conditional WGAN"
(Kaggle, 2023; its ResUnet). The idea is from Zhang et al. 2018 (Deep Residual U-Net, arXiv:1711.10684). Three points
differ. The notebook detaches the input of each block's convolutions, so that earlier layers learn only through the 1x1
shortcuts; here the gradient passes. The notebook aligns corners in upsampling, which shifts cells against the skips by
an amount that depends on the picture's size; here they stay in place. Its output is linear; here it is a tanh.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTHS = (64, 128, 256, 512)


class Residual(nn.Module):
    """Two times 3x3 convolution, batch norm and ReLU; plus a 1x1 convolution of the input; then a ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))))
        return F.relu(y + self.shortcut(x))


class ResidualUnet(nn.Module):
    """Residual blocks with max-pool between them on the way down, bilinear upsampling and skips on the way up.

    Input ``(B, inputs, H, W)`` in [-1, 1], sides multiples of `multiple`; output ``(B, outputs, H, W)`` in
    [-1, 1].

    Parameters
    ----------
    inputs, outputs : channels; 1 and 2 for L and ab
    dropout : share of whole channels dropped after each block on the way down and after the bridge
    widths : channels of the blocks down; the last is the bridge
    """

    signed = True

    def __init__(
        self, inputs: int = 1, outputs: int = 2, dropout: float = 0.2, widths: tuple[int, ...] = WIDTHS
    ) -> None:
        super().__init__()
        self.multiple = 2 ** (len(widths) - 1)
        self.down = nn.ModuleList(
            Residual(below, width) for below, width in zip((inputs, *widths), widths, strict=False)
        )
        self.up = nn.ModuleList(
            Residual(below + width, width) for below, width in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.dropout = nn.Dropout2d(dropout)
        self.head = nn.Conv2d(widths[0], outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for i, block in enumerate(self.down):
            x = self.dropout(block(F.max_pool2d(x, 2) if i else x))
            skips.append(x)
        skips.pop()
        for block in self.up:
            x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = block(torch.cat([x, skips.pop()], dim=1))
        return torch.tanh(self.head(x))

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Return all parameters as one group, because no part is pretrained."""
        return [list(self.parameters())]


def residual_unet(
    inputs: int = 1, outputs: int = 2, dropout: float = 0.2, widths: tuple[int, ...] = WIDTHS
) -> ResidualUnet:
    """Build the published size (8.2 M parameters); see `ResidualUnet`."""
    return ResidualUnet(inputs, outputs, dropout, widths)


def test_residual_unet(inputs: int = 1, outputs: int = 2, dropout: float = 0.2) -> ResidualUnet:
    """Build a narrow net of three scales for tests. Sides are multiples of 4."""
    return ResidualUnet(inputs, outputs, dropout, (8, 16, 16))
