"""Encoders of inverted residuals (Sandler et al. 2018, arXiv:1801.04381) with folded batch norm."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.nets.convolution import DepthwiseConv, SameConv
from photochrom.nets.resnet import require_fit


class Stage(NamedTuple):
    """A sequence of blocks of one width. The first block has the stride."""

    expansion: int
    channels: int
    repeats: int
    stride: int
    kernel: int = 3


class InvertedResidual(nn.Module):
    """Expand, depthwise, project. It adds its input if the stride is 1 and the channels match."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int, kernel: int = 3) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.expand = nn.Conv2d(inputs, hidden, 1) if expansion > 1 else None
        self.depthwise = DepthwiseConv(hidden, kernel, stride)
        self.project = nn.Conv2d(hidden, outputs, 1)
        self.residual = stride == 1 and inputs == outputs
        # Without batch norm the initial weights must keep the scale (He et al. 2015, arXiv:1502.01852). With torch's
        # default only a fiftieth of the picture's contrast passed 17 blocks. The input of `expand` has passed no ReLU.
        for conv in (self.expand, self.depthwise, self.project):
            if conv is not None:
                initialize(conv, "linear" if conv is self.expand else "relu")

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x if self.expand is None else F.relu6(self.expand(x))
        y = self.project(F.relu6(self.depthwise(y)))
        return x + y if self.residual else y


class InvertedResiduals(nn.Module):
    """A stem of 32 channels at stride 2, then blocks: a pyramid of features.

    Input ``(B, inputs, H, W)`` in [-1, 1], sides multiples of 32; output four maps of `channels` channels at
    strides 4, 8, 16 and 32, each from the last block of its stride. There is no batch norm, because published weights
    have it folded in.

    Parameters
    ----------
    name : the name of the net in messages
    inputs : 1 (grey) or 3 (sRGB)
    """

    def __init__(self, name: str, stages: Sequence[Stage], inputs: Literal[1, 3]) -> None:
        super().__init__()
        self.name = name
        self.stem = SameConv(inputs, 32, 3, 2)
        initialize(self.stem, "linear")
        blocks, below, ends = [], 32, dict[int, int]()
        reduction = 2
        for stage in stages:
            for i in range(stage.repeats):
                stride = stage.stride if i == 0 else 1
                blocks.append(InvertedResidual(below, stage.channels, stride, stage.expansion, stage.kernel))
                below = stage.channels
            reduction *= stage.stride
            ends[reduction] = len(blocks) - 1
        self.blocks = nn.ModuleList(blocks)
        self.taps = tuple(ends[stride] for stride in (4, 8, 16, 32))
        self.channels = tuple(blocks[tap].project.out_channels for tap in self.taps)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = F.relu6(self.stem(x))
        features = []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in self.taps:
                features.append(x)
        return features

    def own_keys(self, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return published weights with folded batch norm, under this module's keys. Here they must be so already."""
        return tensors

    def load_imagenet(self, tensors: Mapping[str, Tensor]) -> None:
        """Load published colour weights. A grey net sums the stem's three channels, because R = G = B.

        Parameters
        ----------
        tensors : as `own_keys` takes them
            The layers after the blocks, ``last`` and ``classifier``, are left out.

        Raises
        ------
        ValueError
            If keys are missing, are unknown, or have another shape. The message names the first of them.
        """
        given = self.own_keys(tensors)
        own = {k: v.float() for k, v in given.items() if not k.startswith(("last.", "classifier."))}
        expected = {key: tuple(value.shape) for key, value in self.state_dict().items()}
        expected["stem.weight"] = (32, 3, 3, 3)
        require_fit(f"these are not the ImageNet weights of {self.name}", expected, own)
        if self.stem.in_channels == 1:
            own["stem.weight"] = own["stem.weight"].sum(dim=1, keepdim=True)
        self.load_state_dict(own)


def initialize(conv: nn.Conv2d, before: Literal["linear", "relu"]) -> None:
    """Draw weights that keep the scale of the input, and set the bias to 0. `before` is the layer before `conv`."""
    nn.init.kaiming_normal_(conv.weight, nonlinearity=before)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
