"""MobileNetV2 as a feature extractor (Sandler et al. 2018, arXiv:1801.04381), batch norm folded away."""

from collections.abc import Mapping
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.nets.resnet import require_fit

# (expansion, channels, repeats, stride), table 2 of the paper.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
TAPS = (2, 5, 12, 16)
"""The blocks whose output is handed on: strides 4, 8, 16, 32."""
CHANNELS = (24, 32, 96, 320)


class SameConv(nn.Conv2d):
    """A convolution with TensorFlow's SAME padding for even inputs: stride 2 pads right and below only."""

    def forward(self, input: Tensor) -> Tensor:
        if self.stride[0] == 2:
            input = F.pad(input, (0, 1, 0, 1))
        return super().forward(input)


class InvertedResidual(nn.Module):
    """Expand, depthwise, project; a residual where stride is 1 and the channels match."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.expand = nn.Conv2d(inputs, hidden, 1) if expansion > 1 else None
        self.depthwise = SameConv(hidden, hidden, 3, stride, padding=2 - stride, groups=hidden)
        self.project = nn.Conv2d(hidden, outputs, 1)
        self.residual = stride == 1 and inputs == outputs
        # Without batch norm only the first weights keep the scale (He et al. 2015, arXiv:1502.01852): torch's own let a
        # fiftieth of the picture's contrast through 17 blocks. What comes into `expand` has passed no ReLU.
        for conv in (self.expand, self.depthwise, self.project):
            if conv is not None:
                initialize(conv, "linear" if conv is self.expand else "relu")

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x if self.expand is None else F.relu6(self.expand(x))
        y = self.project(F.relu6(self.depthwise(y)))
        return x + y if self.residual else y


class MobileNetV2(nn.Module):
    """The 17 blocks of MobileNetV2 1.0.

    Input ``(B, inputs, H, W)`` in [-1, 1], sides multiples of 32; output four maps of `CHANNELS` channels at
    strides 4, 8, 16 and 32. There is no batch norm: the published weights come with it folded in.

    Parameters
    ----------
    inputs : 1 (grey) or 3 (sRGB)
    """

    def __init__(self, inputs: Literal[1, 3] = 1) -> None:
        super().__init__()
        self.stem = SameConv(inputs, 32, 3, 2)
        initialize(self.stem, "linear")
        blocks, below = [], 32
        for expansion, outputs, repeats, stride in STAGES:
            for i in range(repeats):
                blocks.append(InvertedResidual(below, outputs, stride if i == 0 else 1, expansion))
                below = outputs
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = F.relu6(self.stem(x))
        features = []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in TAPS:
                features.append(x)
        return features

    def load_imagenet(self, tensors: Mapping[str, Tensor]) -> None:
        """Load published colour weights; for a grey net the stem's three channels are summed, as R = G = B.

        Parameters
        ----------
        tensors : batch norm folded in, under this module's own keys
            The layers after the blocks, ``last`` and ``classifier``, are left out.

        Raises
        ------
        ValueError
            If keys lack, are unknown or have another shape; it names the first of them.
        """
        own = {k: v.float() for k, v in tensors.items() if not k.startswith(("last.", "classifier."))}
        expected = {key: tuple(value.shape) for key, value in self.state_dict().items()}
        expected["stem.weight"] = (32, 3, 3, 3)
        require_fit("these are not the ImageNet weights of MobileNetV2", expected, own)
        if self.stem.in_channels == 1:
            own["stem.weight"] = own["stem.weight"].sum(dim=1, keepdim=True)
        self.load_state_dict(own)


def initialize(conv: nn.Conv2d, before: Literal["linear", "relu"]) -> None:
    """Draw weights that keep the scale of an input that has passed a ReLU or nothing; zero biases."""
    nn.init.kaiming_normal_(conv.weight, nonlinearity=before)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
