"""ResNet-18 and ResNet-34 (He et al. 2016, arXiv:1512.03385) under torchvision's state-dict keys."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""The published classifiers subtract this mean from sRGB in [0, 1] and divide by this deviation."""

WIDTHS = (64, 128, 256, 512)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with a shortcut. Where the shape changes, the shortcut is a strided 1x1 convolution."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.downsample(x))


class ResNet(nn.Module):
    """A stem of stride 4, then four stages of basic blocks.

    Input ``(B, inputs, H, W)`` in [-1, 1], any sides from 32 up; output ``(B, classes)`` logits.
    While training, the last stage must have more than one value per channel: a side above 32, or a batch.

    Parameters
    ----------
    depths : blocks per stage
    inputs : 1 (grey) or 3 (sRGB)
    classes : classes of the head; with 0 there is no head, and the output is the last stage's mean
        ``(B, widths[-1])``
    widths : channels of the stages; the stem has as many as the first stage

    Raises
    ------
    ValueError
        If `inputs` is neither 1 nor 3.
    """

    def __init__(
        self, depths: Sequence[int], inputs: int = 3, classes: int = 1000, widths: Sequence[int] = WIDTHS
    ) -> None:
        super().__init__()
        if inputs not in (1, 3):
            raise ValueError(f"a ResNet sees 1 (grey) or 3 (sRGB) channels, not {inputs}")
        self.inputs = inputs
        self.channels = (widths[0], *widths)
        self.conv1 = nn.Conv2d(inputs, widths[0], 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        stages = []
        for i, (below, width, depth) in enumerate(zip(self.channels, widths, depths, strict=False)):
            first = BasicBlock(below, width, 2 if i else 1)
            stages.append(nn.Sequential(first, *(BasicBlock(width, width, 1) for _ in range(depth - 1))))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.fc = nn.Linear(widths[-1], classes) if classes else nn.Identity()
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def features(self, x: Tensor) -> list[Tensor]:
        """Return maps of `channels` channels at strides 2, 4, 8, 16 and 32, all after a ReLU."""
        maps = [F.relu(self.bn1(self.conv1(x)))]
        x = F.max_pool2d(maps[0], 3, 2, 1)
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
            maps.append(x)
        return maps

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.fc(self.features(x)[-1].mean(dim=(2, 3)))
        return logits

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Return the stem with two stages, the other two stages, and the head if there is one (as fastai)."""
        early, late = (self.conv1, self.bn1, self.layer1, self.layer2), (self.layer3, self.layer4)
        groups = [[p for module in part for p in module.parameters()] for part in (early, late, (self.fc,))]
        return [group for group in groups if group]

    def load_imagenet(self, tensors: Mapping[str, Tensor]) -> None:
        """Load the official state dict, adapted to an input in [-1, 1].

        The published net sees ``(rgb - mean) / std`` per channel, and this one ``2 * rgb - 1``. One is an affine
        function of the other. Its slope goes into `conv1`. Its constant goes into the running mean of `bn1`, because
        batch norm subtracts constants. In eval mode the features are then the published ones, except in the stem's two
        outermost rows and columns, where the zeros of the padding now mean mid-grey instead of the mean. For one input
        channel the three are summed, which equals feeding the grey to all three.

        Parameters
        ----------
        tensors : torchvision's keys
            ``fc`` is loaded if it exists with as many classes. ``num_batches_tracked`` may be missing, as in old files.

        Raises
        ------
        ValueError
            If keys lack, are unknown or have another shape; it names the first of them.
        """
        expected = {key: tuple(value.shape) for key, value in self.state_dict().items()}
        expected["conv1.weight"] = (expected["conv1.weight"][0], 3, *expected["conv1.weight"][2:])
        given = dict(tensors)
        head = {key: given[key] for key in ("fc.weight", "fc.bias") if key in given}
        if any(expected.get(key) != tuple(value.shape) for key, value in head.items()):
            given = {key: value for key, value in given.items() if key not in head}
        for key in list(expected):
            if (key.startswith("fc.") and key not in given) or key.endswith("num_batches_tracked"):
                del expected[key]
                given.pop(key, None)
        require_fit("these are not the ImageNet weights of this ResNet", expected, given)
        kernel = given["conv1.weight"].double() / torch.tensor(IMAGENET_STD).double()[:, None, None]
        constant = kernel * (0.5 - torch.tensor(IMAGENET_MEAN).double())[:, None, None]
        kernel = kernel / 2
        given["conv1.weight"] = kernel if self.inputs == 3 else kernel.sum(dim=1, keepdim=True)
        given["bn1.running_mean"] = given["bn1.running_mean"].double() - constant.sum(dim=(1, 2, 3))
        self.load_state_dict(given, strict=False)


def require_fit(complaint: str, expected: Mapping[str, Sequence[int]], given: Mapping[str, Tensor]) -> None:
    """Raise ValueError with `complaint` and the first wrong keys, unless `given` has exactly the expected shapes."""
    misfits = [f"{key} is missing" for key in expected if key not in given]
    misfits += [f"{key} is unknown" for key in given if key not in expected]
    misfits += [
        f"{key} is {'x'.join(map(str, given[key].shape))} instead of {'x'.join(map(str, shape))}"
        for key, shape in expected.items()
        if key in given and tuple(given[key].shape) != tuple(shape)
    ]
    if misfits:
        more = f", and {len(misfits) - 3} more" if len(misfits) > 3 else ""
        raise ValueError(f"{complaint}: {', '.join(misfits[:3])}{more}")


def resnet18(inputs: int = 3, classes: int = 1000) -> ResNet:
    """Build ResNet-18 (11,689,512 parameters for sRGB and 1000 classes)."""
    return ResNet((2, 2, 2, 2), inputs, classes)


def resnet34(inputs: int = 3, classes: int = 1000) -> ResNet:
    """Build ResNet-34 (21,797,672 parameters for sRGB and 1000 classes)."""
    return ResNet((3, 4, 6, 3), inputs, classes)


def test_resnet(inputs: int = 3, classes: int = 10) -> ResNet:
    """Build a narrow net for tests, with one block per stage."""
    return ResNet((1, 1, 1, 1), inputs, classes, (8, 8, 16, 16))
