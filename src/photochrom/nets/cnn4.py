"""A network of four layers from a student project. It is about the smallest that colours at all.

The report states 3x3 convolutions of 12 filters, two plain and two transposed, a ReLU, and an output in RGB or HSL.
Its three HSL models differ in stride and filters. We guess that no ReLU follows the last layer: a channel that is
negative everywhere at the start would never learn after one.
"""

from torch import Tensor, nn

FILTERS = (12, 12, 12)


class Cnn4(nn.Module):
    """Two convolutions down and two transposed convolutions up.

    Input ``(B, inputs, H, W)`` in [0, 1], sides multiples of `multiple`; output ``(B, outputs, H, W)``. In eval mode
    it is clamped to [0, 1]. In training it is not, so that values outside get a gradient.

    Parameters
    ----------
    inputs, outputs : channels; 1 and 3 for grey and RGB or HSL
    stride : the stride of each of the four layers
    filters : the number of filters of the first three layers
    """

    signed = False

    def __init__(
        self, inputs: int = 1, outputs: int = 3, stride: int = 1, filters: tuple[int, int, int] = FILTERS
    ) -> None:
        super().__init__()
        first, second, third = filters
        self.multiple = stride**2
        # A stride rounds down. This output padding restores the size.
        rest = stride - 1
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, first, 3, stride, padding=1),
            nn.ReLU(),
            nn.Conv2d(first, second, 3, stride, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(second, third, 3, stride, padding=1, output_padding=rest),
            nn.ReLU(),
            nn.ConvTranspose2d(third, outputs, 3, stride, padding=1, output_padding=rest),
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return y if self.training else y.clamp(0, 1)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Return all parameters as one group, because no part is pretrained."""
        return [list(self.parameters())]


def cnn4(inputs: int = 1, outputs: int = 3, stride: int = 1, filters: tuple[int, int, int] = FILTERS) -> Cnn4:
    """Build the net (3,063 parameters); see `Cnn4`."""
    return Cnn4(inputs, outputs, stride, filters)


def test_cnn4(
    inputs: int = 1, outputs: int = 3, stride: int = 1, filters: tuple[int, int, int] = (4, 4, 4)
) -> Cnn4:
    """Build one of 4 filters for tests."""
    return Cnn4(inputs, outputs, stride, filters)
