"""Four layers: about the smallest network that colours at all, from a student project.

Known of it are 3x3 convolutions of 12 filters, two plain and two transposed, the last of which gives RGB or HSL, and
the ReLU. Its three HSL models differ in stride and filters. A guess is that there is no ReLU after the last layer:
one there can start out negative everywhere, and such a channel never learns.
"""

from torch import Tensor, nn

FILTERS = (12, 12, 12)


class Cnn4(nn.Module):
    """Two convolutions down and two transposed ones up.

    Input ``(B, inputs, H, W)`` in [0, 1], sides multiples of `multiple`; output ``(B, outputs, H, W)``. In eval mode
    it is clamped to [0, 1]; while training, what lies beyond must feel the loss.

    Parameters
    ----------
    inputs, outputs : channels; 1 and 3 for grey and RGB or HSL
    stride : of each of the four layers
    filters : of the first three
    """

    signed = False

    def __init__(
        self, inputs: int = 1, outputs: int = 3, stride: int = 1, filters: tuple[int, int, int] = FILTERS
    ) -> None:
        super().__init__()
        first, second, third = filters
        self.multiple = stride**2
        # A stride rounds down: the padding that this leaves out of the result is put back.
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
        """All parameters as one group: nothing here comes pretrained."""
        return [list(self.parameters())]


def cnn4(inputs: int = 1, outputs: int = 3, stride: int = 1, filters: tuple[int, int, int] = FILTERS) -> Cnn4:
    """Build the net (3,063 parameters); see `Cnn4`."""
    return Cnn4(inputs, outputs, stride, filters)


def test_cnn4(
    inputs: int = 1, outputs: int = 3, stride: int = 1, filters: tuple[int, int, int] = (4, 4, 4)
) -> Cnn4:
    """Build one of 4 filters for tests."""
    return Cnn4(inputs, outputs, stride, filters)
