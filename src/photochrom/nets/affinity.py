"""The affinity: learned coordinates in which places of one object are near each other. Hints spread by them."""

import torch
from torch import Tensor, nn

COORDINATES = 12


class Affinity(nn.Module):
    """From a decoder's features to the kernel of `photochrom.color.propagation`: a learned one (Wilson et al. 2016,
    arXiv:1511.02222), of the features that predict colour.

    Parameters
    ----------
    features : channels of the input
    width : channels of the hidden layer
    """

    def __init__(self, features: int, width: int = 64) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(features, width, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.depthwise = nn.Conv2d(width, width, 5, padding=2, groups=width)
        self.mix = nn.Conv2d(width, width, 1)
        self.out = nn.Conv2d(width, COORDINATES + 1, 1)
        # Small initial weights, so that the kernel begins as one of place, luma and colour. They are not 0, because the
        # gradient at 0 is 0.
        nn.init.normal_(self.out.weight[:COORDINATES], std=0.02)
        nn.init.zeros_(self.out.weight[COORDINATES:])
        assert self.out.bias is not None
        nn.init.zeros_(self.out.bias)

    def forward(self, features: Tensor) -> Tensor:
        """Map ``(B, features, h, w)`` to ``(B, 13, h, w)``: twelve coordinates and the amplitude, which is above 0."""
        x = torch.relu(self.norm(self.reduce(features)))
        x = self.out(torch.relu(self.mix(self.depthwise(x))))
        return torch.cat([x[:, :COORDINATES], torch.exp(x[:, COORDINATES:])], dim=1)
