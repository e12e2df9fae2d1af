"""U-Nets over a ResNet: fastai's DynamicUnet (Howard & Gugger 2020, arXiv:2002.04688), written out.

Moein Shariatnia's colorization tutorial uses it over ResNet-18. DeOldify uses it over ResNet-34, with attention and
spectral norm. This one differs from fastai's in two points. The output passes a tanh; fastai's is linear, or a
stretched sigmoid. The pretrained stem is scaled to its input; fastai only sums it (see `ResNet.load_imagenet`).
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import spectral_norm as normalize_spectrum

from photochrom.nets.resnet import ResNet, resnet18, resnet34, test_resnet


class PixelShuffle(nn.Sequential):
    """Upsampling by 2: a 1x1 convolution to four times the channels, a ReLU, and the four as 2x2 pixels.

    ICNR (Aitken et al. 2017, arXiv:1707.02937) initialises the four as copies of one. The first output is then
    nearest-neighbour upsampling, without a checkerboard pattern.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        conv = nn.Conv2d(inputs, outputs * 4, 1)
        kernel = nn.init.kaiming_normal_(torch.empty(outputs, inputs, 1, 1))
        with torch.no_grad():
            conv.weight.copy_(kernel.repeat_interleave(4, dim=0))
        nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
        super().__init__(conv, nn.ReLU(), nn.PixelShuffle(2))


class SelfAttention(nn.Module):
    """Self-attention: each position adds a weighted mean of all positions (Zhang et al. 2019, SAGAN, arXiv:1805.08318).

    `gamma` starts at 0, so that the layer first does nothing. Its memory grows with the square of the area. It is
    therefore at stride 8 and needs 4 MB per picture of 256 px, and 1 GB at 1024 px.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (
            normalize_spectrum(nn.Conv2d(width, outputs, 1, bias=False))
            for outputs in (width // 8, width // 8, width)
        )
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (conv(x).flatten(2) for conv in (self.query, self.key, self.value))
        weights = torch.softmax(query.transpose(1, 2) @ key, dim=1)
        mixture: Tensor = (value @ weights).reshape(x.shape)
        return x + self.gamma * mixture


class Merge(nn.Module):
    """One step up: pixel shuffle, concatenation with the skip after a batch norm, and two 3x3 convolutions."""

    def __init__(self, below: int, skip: int, width: int, attention: bool) -> None:
        super().__init__()
        self.up = PixelShuffle(below, below // 2)
        self.norm = nn.BatchNorm2d(skip)
        self.conv1 = convolution(below // 2 + skip, width)
        self.conv2 = convolution(width, width)
        self.attention = SelfAttention(width) if attention else nn.Identity()

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = F.relu(torch.cat([self.up(x), self.norm(skip)], dim=1))
        x = self.attention(F.relu(self.conv2(F.relu(self.conv1(x)))))
        return x


class Residual(nn.Module):
    """Two 3x3 convolutions with a shortcut. They have no norms, because these would cost most here at full size."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = convolution(width, width)
        self.conv2 = convolution(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.conv2(F.relu(self.conv1(x))))


class ResnetUnet(nn.Module):
    """A ResNet without its pool and head, and a decoder with skips from strides 16, 8, 4 and 2.

    Input ``(B, inputs, H, W)`` in [-1, 1], sides multiples of 32; output ``(B, outputs, H, W)`` in [-1, 1].
    While training, the deepest map must have more than one value per channel: a side above 32, or a batch.

    Parameters
    ----------
    encoder : a ResNet with no classes
    outputs : channels; 2 for ab, 3 for RGB
    last_cross : whether the last block also gets the net's input
    self_attention : whether to add one layer of it at stride 8
    spectral_norm : on every convolution of the decoder (Miyato et al. 2018, arXiv:1802.05957); call `fold` to export
    """

    signed = True
    multiple = 32

    def __init__(
        self,
        encoder: ResNet,
        outputs: int = 2,
        last_cross: bool = True,
        self_attention: bool = False,
        spectral_norm: bool = False,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        *skips, below = encoder.channels
        self.norm = nn.BatchNorm2d(below)
        self.middle = nn.Sequential(
            convolution(below, below * 2), nn.ReLU(), convolution(below * 2, below), nn.ReLU()
        )
        self.merges = nn.ModuleList()
        for skip, stride in zip(reversed(skips), (16, 8, 4, 2), strict=True):
            # Concatenation adds up the channels, so the last step, at half size, halves them.
            width = (below // 2 + skip) // (2 if stride == 2 else 1)
            self.merges.append(Merge(below, skip, width, self_attention and stride == 8))
            below = width
        self.up = PixelShuffle(below, below)
        self.last_cross = last_cross
        if last_cross:
            below += encoder.inputs
        self.residual = Residual(below) if last_cross else nn.Identity()
        self.head = nn.Conv2d(below, outputs, 1)
        if spectral_norm:
            pretrained = set(encoder.modules())
            for module in [m for m in self.modules() if isinstance(m, nn.Conv2d) and m not in pretrained]:
                if not parametrize.is_parametrized(module):
                    normalize_spectrum(module)

    def forward(self, x: Tensor) -> Tensor:
        *skips, deepest = self.encoder.features(x)
        y = self.middle(F.relu(self.norm(deepest)))
        for merge, skip in zip(self.merges, reversed(skips), strict=True):
            y = merge(y, skip)
        y = self.up(y)
        if self.last_cross:
            y = torch.cat([y, x], dim=1)
        return torch.tanh(self.head(self.residual(y)))

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Return the encoder's two halves and the decoder."""
        encoder = set(self.encoder.parameters())
        return [*self.encoder.layer_groups(), [p for p in self.parameters() if p not in encoder]]

    def load_encoder(self, tensors: Mapping[str, Tensor]) -> None:
        """Load the encoder from the ResNet's official ImageNet state dict; see `ResNet.load_imagenet`.

        Raises
        ------
        ValueError
            If it is another net's. The message names the first keys that do not fit.
        """
        self.encoder.load_imagenet(tensors)

    def fold(self) -> None:
        """Replace the spectrally normalised convolutions by plain ones for export. The output stays the same."""
        training = self.training
        # In training mode, reading a weight advances its power iteration and changes it.
        self.eval()
        for parent in list(self.modules()):
            for name, child in list(parent.named_children()):
                if isinstance(child, nn.Conv2d) and parametrize.is_parametrized(child):
                    # `remove_parametrizations` would change the class, which copies of the net share.
                    setattr(parent, name, _plain(child))
        self.train(training)


def convolution(inputs: int, outputs: int) -> nn.Conv2d:
    """A 3x3 convolution that keeps the size, initialised for the ReLU that follows."""
    conv = nn.Conv2d(inputs, outputs, 3, padding=1)
    nn.init.kaiming_normal_(conv.weight)
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return conv


def _plain(conv: nn.Conv2d) -> nn.Conv2d:
    """Make a plain convolution of stride 1 with the present normalised weight of `conv`."""
    side, padding = conv.kernel_size[0], conv.padding[0]
    assert isinstance(padding, int)
    plain = nn.Conv2d(conv.in_channels, conv.out_channels, side, padding=padding, bias=conv.bias is not None)
    with torch.no_grad():
        plain.weight.copy_(conv.weight)
        if plain.bias is not None and conv.bias is not None:
            plain.bias.copy_(conv.bias)
    return plain.to(conv.weight)


def resnet18_unet(
    inputs: int = 1,
    outputs: int = 2,
    last_cross: bool = True,
    self_attention: bool = False,
    spectral_norm: bool = False,
) -> ResnetUnet:
    """Build the U-Net over ResNet-18 (31.1 M parameters); see `ResnetUnet`."""
    return ResnetUnet(resnet18(inputs, 0), outputs, last_cross, self_attention, spectral_norm)


def resnet34_unet(
    inputs: int = 1,
    outputs: int = 2,
    last_cross: bool = True,
    self_attention: bool = False,
    spectral_norm: bool = False,
) -> ResnetUnet:
    """Build the U-Net over ResNet-34 (41.2 M parameters); see `ResnetUnet`."""
    return ResnetUnet(resnet34(inputs, 0), outputs, last_cross, self_attention, spectral_norm)


def test_resnet_unet(
    inputs: int = 1,
    outputs: int = 2,
    last_cross: bool = True,
    self_attention: bool = False,
    spectral_norm: bool = False,
) -> ResnetUnet:
    """Build a narrow net for tests."""
    return ResnetUnet(test_resnet(inputs, 0), outputs, last_cross, self_attention, spectral_norm)
