"""Thirteen convolutions at a quarter of the size, the generator of a student project's Lab GAN.

The report states the layers: convolutions 1-32, 32-64, 64-128, ten of 128-128, transposed ones 128-64 and 64-32, and
32-2, with batch norm and ReLU between them and a tanh at the end. We guess 3x3 kernels, and stride 2 in the second and
third convolution, because the two transposed convolutions then restore the size.
"""

from torch import Tensor, nn


class LabCnn13(nn.Module):
    """Two steps down, a sequence of convolutions, and two steps up, without skips.

    Input ``(B, inputs, H, W)`` in [-1, 1], sides multiples of 4; output ``(B, outputs, H, W)`` in [-1, 1].

    Parameters
    ----------
    inputs, outputs : channels; 1 and 2 for L and ab
    width : channels of the first layer
    middle : the number of convolutions at a quarter of the size
    """

    signed = True
    multiple = 4

    def __init__(self, inputs: int = 1, outputs: int = 2, width: int = 32, middle: int = 10) -> None:
        super().__init__()
        layers = [
            *_normed(nn.Conv2d(inputs, width, 3, padding=1, bias=False)),
            *_normed(nn.Conv2d(width, 2 * width, 3, 2, padding=1, bias=False)),
            *_normed(nn.Conv2d(2 * width, 4 * width, 3, 2, padding=1, bias=False)),
        ]
        for _ in range(middle):
            layers += _normed(nn.Conv2d(4 * width, 4 * width, 3, padding=1, bias=False))
        for channels in (4 * width, 2 * width):
            up = nn.ConvTranspose2d(channels, channels // 2, 3, 2, padding=1, output_padding=1, bias=False)
            layers += _normed(up)
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, outputs, 3, padding=1), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return y

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Return all parameters as one group, because no part is pretrained."""
        return [list(self.parameters())]


def _normed(conv: nn.Conv2d | nn.ConvTranspose2d) -> list[nn.Module]:
    return [conv, nn.BatchNorm2d(conv.out_channels), nn.ReLU()]


def lab_cnn13(inputs: int = 1, outputs: int = 2, width: int = 32, middle: int = 10) -> LabCnn13:
    """Build the net (1.7 M parameters); see `LabCnn13`."""
    return LabCnn13(inputs, outputs, width, middle)


def test_lab_cnn13(inputs: int = 1, outputs: int = 2) -> LabCnn13:
    """Build a narrow one for tests."""
    return LabCnn13(inputs, outputs, width=4, middle=2)
