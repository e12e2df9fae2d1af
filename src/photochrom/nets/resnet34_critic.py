"""A ResNet-34 (He et al. 2016, arXiv:1512.03385) that tells photographs from colorized pictures.

This is the critic of NoGAN training, as in fastai's lesson on super-resolution GANs. It is a binary classifier. It is
pretrained on ImageNet and then on saved pictures of the generator, before both are trained together.
"""

from collections.abc import Mapping

from torch import Tensor, nn

from photochrom.nets.resnet import ResNet, resnet34, test_resnet


class ResnetCritic(nn.Module):
    """A ResNet with one logit for a head.

    Input ``(B, inputs, H, W)`` sRGB in [0, 1], whatever the range of the generator's output; any sides from 32 up (in
    training, above 32 or in a batch). Output ``(B, 1)`` logits, no sigmoid. It needs no condition, because the picture
    contains the luma. It has batch norm, so it does not fit the gradient penalty of WGAN-GP; see `PatchGAN`.

    Parameters
    ----------
    trunk : a ResNet with one class
    """

    def __init__(self, trunk: ResNet) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, rgb: Tensor) -> Tensor:
        logits: Tensor = self.trunk(rgb * 2 - 1)
        return logits

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Return the trunk's two halves and the head."""
        return self.trunk.layer_groups()

    def load_encoder(self, tensors: Mapping[str, Tensor]) -> None:
        """Load the trunk from the official ImageNet state dict, but not its head; see `ResNet.load_imagenet`.

        Raises
        ------
        ValueError
            If it is another net's. The message names the first keys that do not fit.
        """
        self.trunk.load_imagenet(tensors)


def resnet34_critic(inputs: int = 3) -> ResnetCritic:
    """Build the critic (21.3 M parameters); see `ResnetCritic`."""
    return ResnetCritic(resnet34(inputs, 1))


def test_resnet_critic(inputs: int = 3) -> ResnetCritic:
    """Build a narrow one for tests."""
    return ResnetCritic(test_resnet(inputs, 1))
