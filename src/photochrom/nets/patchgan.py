"""The discriminator of pix2pix, which judges patches (Isola et al. 2017, arXiv:1611.07004, section 6.1.2)."""

from typing import Literal

from torch import Tensor, nn

from photochrom.nets.pix2pix_unet import initialize

Norm = Literal["batch", "instance", "none"]

WIDTHS = (64, 128, 256, 512)


class PatchGAN(nn.Module):
    """A net of 4x4 convolutions with strides 2, 2, 2, 1, 1. Each output sees a patch of 70x70 pixels.

    Input ``(B, inputs, H, W)``, condition and colours concatenated, in the generator's [-1, 1], any sides from 32
    up; output ``(B, 1, H/8 - 2, W/8 - 2)`` logits, no sigmoid.

    Parameters
    ----------
    inputs : channels of condition and colours together; 3 for L and ab
    norm : the norm of the middle three convolutions, which then have no bias
        ``"batch"`` is the paper's. With it a picture's logit depends on the other pictures of the batch. The gradient
        penalty of WGAN-GP is per picture and needs ``"instance"`` or ``"none"`` (Gulrajani et al. 2017,
        arXiv:1704.00028, section 4).
    widths : channels; the last of these convolutions has stride 1, the others 2

    Raises
    ------
    ValueError
        If `norm` is none of the three.
    """

    def __init__(self, inputs: int = 3, norm: Norm = "batch", widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(inputs, widths[0], 4, 2, 1), nn.LeakyReLU(0.2)]
        for i in range(1, len(widths)):
            stride = 1 if i == len(widths) - 1 else 2
            layers.append(nn.Conv2d(widths[i - 1], widths[i], 4, stride, 1, bias=norm == "none"))
            layers += [normalization(norm, widths[i]), nn.LeakyReLU(0.2)]
        layers.append(nn.Conv2d(widths[-1], 1, 4, 1, 1))
        self.layers = nn.Sequential(*layers)
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.layers(x)
        return logits

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Return all parameters as one group, because no part is pretrained."""
        return [list(self.parameters())]


def normalization(norm: Norm, width: int) -> nn.Module:
    """Make the layer that `norm` names, for `width` channels.

    Raises
    ------
    ValueError
        If it is none of the three.
    """
    if norm == "batch":
        return nn.BatchNorm2d(width)
    if norm == "instance":
        # Affine, as batch norm, because the norm would subtract a bias of the convolution before it.
        return nn.InstanceNorm2d(width, affine=True)
    if norm == "none":
        return nn.Identity()
    raise ValueError(f'norm is "batch", "instance" or "none", not {norm!r}')


def patchgan(inputs: int = 3, norm: Norm = "batch", layers: int = 3) -> PatchGAN:
    """Build the 70x70 discriminator (2.77 M parameters); see `PatchGAN`.

    `layers` is the number of convolutions between the first and the last. With 2 a patch has 34x34 pixels, and sides
    from 12 up are enough.
    """
    return PatchGAN(inputs, norm, WIDTHS[: layers + 1])


def test_patchgan(inputs: int = 3, norm: Norm = "batch", layers: int = 3) -> PatchGAN:
    """Build a narrow one for tests, with the same patches."""
    return PatchGAN(inputs, norm, (8, 8, 16, 16)[: layers + 1])
