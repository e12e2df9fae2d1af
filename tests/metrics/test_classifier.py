"""Top-1 with a classifier that can be worked by hand, and what networks may not do."""

import numpy as np
import pytest
import torch
from torch import Tensor

from photochrom.metrics.classifier import Top1
from photochrom.metrics.frechet import FrechetDistance
from photochrom.metrics.photos import Photos


class Brightest:
    """Says which of R, G and B is the strongest on the whole, and counts the photos it is shown."""

    def __init__(self) -> None:
        self.shown = 0

    def __call__(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        self.shown += len(rgb)
        means = rgb.mean(dim=(2, 3))
        return means, means


def tinted(*channels: int) -> Tensor:
    photos = torch.full((len(channels), 3, 4, 4), 0.3)
    for photo, channel in zip(photos, channels, strict=True):
        photo[channel] = 0.6
    return photos


def test_top1_by_hand() -> None:
    metric = Top1(Brightest())
    metric.update(tinted(0, 1), tinted(2, 2), labels=torch.tensor([0, 2]))
    metric.update(tinted(2, 0), tinted(2, 2), labels=torch.tensor([2, 0]))
    np.testing.assert_array_equal(metric.values.numpy(), [100, 0, 100, 100])
    assert float(metric.compute()) == 75


def test_metrics_that_share_photos_ask_the_network_once() -> None:
    network = Brightest()
    top1, frechet = Top1(network), FrechetDistance(network)
    truth = Photos(tinted(0, 1, 2))
    for prediction in (tinted(0, 0, 0), tinted(1, 1, 1)):
        photos = Photos(prediction)
        top1.update(photos, truth, labels=torch.tensor([0, 1, 2]))
        frechet.update(photos, truth)
    # Three truths once, and three predictions twice.
    assert network.shown == 9


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "needs the true class"),
        (torch.tensor([3]), "from 0 to 2"),
        (torch.tensor([-1]), "from 0 to 2"),
        (torch.tensor([1.0]), "whole numbers"),
        (torch.tensor([1, 2]), "expected 1 labels"),
    ],
)
def test_wrong_labels_raise(labels: Tensor | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Top1(Brightest()).update(tinted(0), tinted(0), labels=labels)


@pytest.mark.parametrize(
    ("answer", "message"),
    [(torch.full((1, 3), float("nan")), "not finite"), (torch.zeros(1, 3, 2, 2), "one row for each")],
)
def test_a_network_that_fails_is_no_figure(answer: Tensor, message: str) -> None:
    metric = FrechetDistance(lambda rgb: (rgb.mean(dim=(2, 3)), answer))
    with pytest.raises(ValueError, match=f"features are .*{message}|features.* {message}"):
        metric.update(tinted(0), tinted(0))
