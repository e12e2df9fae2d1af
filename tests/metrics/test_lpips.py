"""LPIPS against torchmetrics' own, which is given the same random VGG-16 in torchvision's place."""

import pytest
import torch
from torch import Tensor, nn
from torchmetrics.functional.image import lpips as theirs

from photochrom.metrics.lpips import LPIPS

LAYERS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
ENDS = (4, 9, 16, 23, 30)
"""Where torchvision's list of layers has passed relu1_2, relu2_2, relu3_3, relu4_3 and relu5_3."""


@pytest.fixture(scope="module")
def vgg() -> nn.Sequential:
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    below = 3
    for stage in LAYERS:
        for width in stage:
            layers += [nn.Conv2d(below, width, 3, padding=1), nn.ReLU()]
            below = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


def backbone(vgg: nn.Sequential, rgb: Tensor) -> list[Tensor]:
    mean, std = (torch.tensor(x).view(3, 1, 1) for x in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    x, maps = (rgb - mean) / std, []
    for start, end in zip((0, *ENDS), ENDS, strict=False):
        x = vgg[start:end](x)
        maps.append(x)
    return maps


def test_against_torchmetrics(
    vgg: nn.Sequential, prediction: Tensor, truth: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(theirs, "_get_tv_model_features", lambda net, pretrained: vgg)
    reference = theirs._LPIPS(net="vgg")
    metric = LPIPS(lambda rgb: backbone(vgg, rgb))
    metric.update(prediction[:3], truth[:3])
    expected = reference(prediction[:3], truth[:3], normalize=True).flatten()
    assert float(expected.min()) > 1e-4
    torch.testing.assert_close(metric.values.float(), expected, rtol=1e-4, atol=1e-7)


def test_another_backbone_raises(truth: Tensor) -> None:
    metric = LPIPS(lambda rgb: [rgb, rgb])
    with pytest.raises(
        ValueError, match=r"\[64, 128, 256, 512, 512\] channels, but the backbone gives \[3, 3\]"
    ):
        metric.update(truth, truth)
