"""Residual blocks at full size, the generator of a student project that stayed grey.

The report states convolutional blocks with residual connections, without contraction or expansion. We guess their form
(He et al. 2015, arXiv:1512.03385), width and number. With 8 blocks a pixel depends on 18 pixels to each side. It shows
the net texture but not the scene, which may be why the results stayed grey.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Residual(nn.Module):
    """Two times 3x3 convolution and batch norm, with a ReLU between them and one after the sum."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(x + y)


class ResidualFlat(nn.Module):
    """A convolution, residual blocks and a convolution, all at the size of the picture.

    Input ``(B, inputs, H, W)`` in [-1, 1], any sides; output ``(B, outputs, H, W)`` in [-1, 1].

    Parameters
    ----------
    inputs, outputs : channels; 1 and 2 for L and ab
    width : channels of every block
    blocks : the number of blocks
    """

    signed = True
    multiple = 1

    def __init__(self, inputs: int = 1, outputs: int = 2, width: int = 64, blocks: int = 8) -> None:
        super().__init__()
        self.stem = nn.Conv2d(inputs, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.blocks = nn.Sequential(*(Residual(width) for _ in range(blocks)))
        self.head = nn.Conv2d(width, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.head(self.blocks(F.relu(self.norm(self.stem(x))))))

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Return all parameters as one group, because no part is pretrained."""
        return [list(self.parameters())]


def residual_flat(inputs: int = 1, outputs: int = 2, width: int = 64, blocks: int = 8) -> ResidualFlat:
    """Build the net (0.6 M parameters); see `ResidualFlat`."""
    return ResidualFlat(inputs, outputs, width, blocks)


def test_residual_flat(inputs: int = 1, outputs: int = 2) -> ResidualFlat:
    """Build a narrow one of two blocks for tests."""
    return ResidualFlat(inputs, outputs, width=8, blocks=2)
