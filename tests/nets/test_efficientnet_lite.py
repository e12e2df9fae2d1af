"""EfficientNet-Lite: the published file's layout, the folding of its batch norm, and the default model on it."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.nets.classifier import pretrained_classifier
from photochrom.nets.efficientnet_lite import EfficientNetLite, published_version
from photochrom.nets.photochrom import photochrom

# (input, output, expansion, kernel, stride) of every block of Lite0, and what the published files call its layers.
LITE0 = [
    (32, 16, 1, 3, 1),
    (16, 24, 6, 3, 2), (24, 24, 6, 3, 1),
    (24, 40, 6, 5, 2), (40, 40, 6, 5, 1),
    (40, 80, 6, 3, 2), (80, 80, 6, 3, 1), (80, 80, 6, 3, 1),
    (80, 112, 6, 5, 1), (112, 112, 6, 5, 1), (112, 112, 6, 5, 1),
    (112, 192, 6, 5, 2), (192, 192, 6, 5, 1), (192, 192, 6, 5, 1), (192, 192, 6, 5, 1),
    (192, 320, 6, 3, 1),
]  # fmt: skip


def norm(channels: int) -> nn.BatchNorm2d:
    layer = nn.BatchNorm2d(channels, eps=1e-3)
    for parameter in (layer.weight, layer.running_var):
        assert parameter is not None
        nn.init.uniform_(parameter, 0.5, 1.5)
    for parameter in (layer.bias, layer.running_mean):
        assert parameter is not None
        nn.init.normal_(parameter, 0, 0.2)
    return layer


def same(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """TensorFlow's SAME: the total padding from the output's size, the odd one right and below."""
    size, stride = conv.kernel_size[0], conv.stride[0]
    total = max((-(-x.shape[-1] // stride) - 1) * stride + size - x.shape[-1], 0)
    return conv(F.pad(x, (total // 2, total - total // 2) * 2))  # type: ignore[no-any-return]


class Published(nn.Module):
    """Lite0 as its publishers built it, batch norm apart: square pictures only."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem, self._bn0 = nn.Conv2d(3, 32, 3, 2, bias=False), norm(32)
        self._blocks = nn.ModuleList()
        for inputs, outputs, expansion, kernel, stride in LITE0:
            hidden, block, norms = inputs * expansion, nn.Module(), iter(range(3))
            if expansion > 1:
                block._expand_conv = nn.Conv2d(inputs, hidden, 1, bias=False)
                setattr(block, f"_bn{next(norms)}", norm(hidden))
            else:
                next(norms)
            block._depthwise_conv = nn.Conv2d(hidden, hidden, kernel, stride, groups=hidden, bias=False)
            setattr(block, f"_bn{next(norms)}", norm(hidden))
            block._project_conv = nn.Conv2d(hidden, outputs, 1, bias=False)
            setattr(block, f"_bn{next(norms)}", norm(outputs))
            self._blocks.append(block)
        self._conv_head, self._bn1 = nn.Conv2d(320, 1280, 1, bias=False), norm(1280)
        self._fc = nn.Linear(1280, 1000)

    def forward(self, rgb: Tensor) -> tuple[list[Tensor], Tensor]:
        x = F.relu6(self._bn0(same(2 * rgb - 1, self._conv_stem)))
        outputs = []
        for block, (inputs, channels, expansion, _, stride) in zip(self._blocks, LITE0, strict=True):
            y = F.relu6(block._bn0(block._expand_conv(x))) if expansion > 1 else x
            y = F.relu6(block._bn1(same(y, block._depthwise_conv)))
            y = block._bn2(block._project_conv(y))
            x = x + y if stride == 1 and inputs == channels else y
            outputs.append(x)
        return outputs, self._fc(F.relu6(self._bn1(self._conv_head(x))).mean(dim=(2, 3)))


@pytest.fixture(scope="module")
def published() -> Published:
    torch.manual_seed(0)
    return Published().eval().requires_grad_(False)


def test_published_weights_give_the_published_nets_answers(published: Published) -> None:
    tensors = published.state_dict()
    assert published_version(tensors) == 0
    rgb = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    blocks, logits = published(rgb)
    encoder = EfficientNetLite(0, 3)
    encoder.load_imagenet(tensors)
    with torch.no_grad():
        maps = encoder(2 * rgb - 1)
    for got, last in zip(maps, (2, 4, 10, 15), strict=True):
        assert blocks[last].std() > 1e-3
        torch.testing.assert_close(got, blocks[last], rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(pretrained_classifier(tensors)(rgb)[0], logits, rtol=1e-3, atol=1e-4)


def test_a_grey_net_sees_what_the_color_net_sees_of_grey(published: Published) -> None:
    grey = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(2))
    net = EfficientNetLite(0)
    net.load_imagenet(published.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(
            net(2 * grey - 1)[-1], published(grey.expand(-1, 3, -1, -1))[0][-1], rtol=1e-3, atol=1e-4
        )


def test_lite1_has_its_published_depth() -> None:
    net = EfficientNetLite(1, 3)
    # The published file has 5,416,680 parameters, two of them for each of 26,832 batch-norm channels: folding leaves
    # one. Ours lacks the classes and the last convolution.
    classes, last, folded = 1000 * 1281, 1280 * 320 + 2 * 1280, 26_832 - 1280
    assert sum(p.numel() for p in net.parameters()) == 5_416_680 - classes - last - folded
    assert len(net.blocks) == 21
    assert net.channels == (24, 40, 112, 320)


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        ("_bn0.running_mean", r"_bn0\.running_mean' is missing"),
        ("_blocks.7._project_conv.weight", r"blocks\.7\.project\.weight is missing"),
    ],
)
def test_misfit_is_named(published: Published, lost: str, message: str) -> None:
    tensors = {key: value for key, value in published.state_dict().items() if key != lost}
    with pytest.raises(ValueError, match=message):
        EfficientNetLite(0, 3).load_imagenet(tensors)


@pytest.mark.parametrize("encoder", ["efficientnet_lite0", "efficientnet_lite1"])
def test_default_model_on_it(encoder: str) -> None:
    net = photochrom(encoder)
    with torch.no_grad():
        logits = net(torch.full((1, 1, 64, 96), 50.0)).logits
    assert logits.shape == (1, len(net.bins), 16, 24)
    early, late, ours = net.layer_groups()
    assert len(early) + len(late) + len(ours) == len(list(net.parameters()))


def test_an_unknown_encoder_is_named() -> None:
    with pytest.raises(ValueError, match="no encoder 'vit'; there are efficientnet_lite0"):
        photochrom("vit")
