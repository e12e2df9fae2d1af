"""The U-Net generator of pix2pix (Isola et al. 2017, arXiv:1611.07004, section 6.1.1)."""

import torch
from torch import Tensor, nn

ENCODER = (64, 128, 256, 512, 512, 512, 512, 512)


class Pix2pixUnet(nn.Module):
    """A net with one step down for each of `widths` (to 1x1 at 256 px), as many steps up, and skips.

    Input ``(B, inputs, H, W)`` in [-1, 1], sides multiples of `multiple`; output ``(B, outputs, H, W)`` in
    [-1, 1]. A batch may be a single picture, because no batch norm gets only one value per channel.

    Parameters
    ----------
    inputs, outputs : channels; 1 and 2 for L and ab, 3 and 3 for grey repeated and RGB
    dropout : the dropout of the inner three steps up
        The paper keeps it at test time as the generator's only noise. Here `eval` switches it off, so that a photo
        always has the same result.
    widths : channels of the steps down
    """

    signed = True

    def __init__(
        self, inputs: int = 1, outputs: int = 2, dropout: float = 0.5, widths: tuple[int, ...] = ENCODER
    ) -> None:
        super().__init__()
        depth = len(widths)
        self.multiple = 2**depth
        self.down = nn.ModuleList()
        self.up = nn.ModuleList()
        for i, width in enumerate(widths):
            # No batch norm after the first layer, and none in the innermost one, whose channels have only one value.
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
            if i >= depth - 3:
                layers.append(nn.Dropout(dropout))
            self.up.append(nn.Sequential(*layers))
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for down in self.down:
            x = down(x)
            skips.append(x)
        x = self.up[0](skips.pop())
        for up in self.up[1:]:
            x = up(torch.cat([skips.pop(), x], dim=1))
        return x

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Return all parameters as one group, because no part is pretrained."""
        return [list(self.parameters())]


def initialize(net: nn.Module) -> None:
    """Draw all weights as in the paper: normal, deviation 0.02, around 1 in norms and 0 elsewhere; zero biases."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d | nn.InstanceNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def pix2pix_unet(inputs: int = 1, outputs: int = 2, dropout: float = 0.5, side: int = 256) -> Pix2pixUnet:
    """Build the 256-pixel generator (54.4 M parameters); see `Pix2pixUnet`.

    A smaller `side` needs fewer steps. The innermost ones are removed, as the authors do for 128 pixels.
    """
    depth = min(len(ENCODER), (side & -side).bit_length() - 1)
    if depth < 3:
        raise ValueError(f"a side of {side} does not halve often enough for a U-Net; choose a multiple of 32")
    return Pix2pixUnet(inputs, outputs, dropout, ENCODER[:depth])


def test_pix2pix_unet(inputs: int = 1, outputs: int = 2, dropout: float = 0.5) -> Pix2pixUnet:
    """Build a net of five steps for tests. Sides are multiples of 32."""
    return Pix2pixUnet(inputs, outputs, dropout, (8, 8, 16, 16, 16))
