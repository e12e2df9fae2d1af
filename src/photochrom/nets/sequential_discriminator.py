"""A plain convolutional discriminator with one logit a picture, after DCGAN (Radford et al., arXiv:1511.06434)."""

from torch import Tensor, nn

from photochrom.nets.patchgan import Norm, normalization

WIDTHS = (64, 128, 256, 512, 512)


class SequentialDiscriminator(nn.Module):
    """A net of blocks (3x3 convolution, norm, LeakyReLU, max-pool, dropout), then the mean and a linear layer.

    Input ``(B, inputs, H, W)``, condition and colours concatenated, in the generator's [-1, 1], any sides from
    ``2 ** len(widths)`` (32) up; output ``(B, 1)`` logits, no sigmoid. Discriminators of this kind usually flatten
    the last map for the linear layer and then accept only one size. Here the linear layer gets the map's mean, so that
    the size may change during training.

    Parameters
    ----------
    inputs : channels of condition and colours together; 3 for L and ab
    norm : ``"batch"``, or ``"instance"`` or ``"none"``, which the gradient penalty of WGAN-GP needs; see `PatchGAN`
    dropout : share of whole channels dropped after each block
    widths : channels of the blocks

    Raises
    ------
    ValueError
        If `norm` is none of the three.
    """

    def __init__(
        self, inputs: int = 3, norm: Norm = "batch", dropout: float = 0.25, widths: tuple[int, ...] = WIDTHS
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for below, width in zip((inputs, *widths), widths, strict=False):
            layers.append(nn.Conv2d(below, width, 3, padding=1, bias=norm == "none"))
            # The norm comes before the pool: at 32 px it still sees 2x2 values in the last block.
            layers += [normalization(norm, width), nn.LeakyReLU(0.2), nn.MaxPool2d(2), nn.Dropout2d(dropout)]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(widths[-1], 1)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.layers(x).mean(dim=(2, 3)))
        return logits

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Return all parameters as one group, because no part is pretrained."""
        return [list(self.parameters())]


def sequential_discriminator(
    inputs: int = 3, norm: Norm = "batch", dropout: float = 0.25
) -> SequentialDiscriminator:
    """Build the discriminator (3.9 M parameters); see `SequentialDiscriminator`."""
    return SequentialDiscriminator(inputs, norm, dropout)


def test_sequential_discriminator(
    inputs: int = 3, norm: Norm = "batch", dropout: float = 0.25
) -> SequentialDiscriminator:
    """Build a narrow one for tests, for the same sizes."""
    return SequentialDiscriminator(inputs, norm, dropout, (8, 8, 16, 16, 16))
