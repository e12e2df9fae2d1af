"""Validation: the figure is what another program makes of the same colours, and the net is left as it was."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import skimage.color
import torch
from torch import Tensor, nn

from photochrom.data.dataset import PhotoDataset
from photochrom.data.spaces import Lab, Space, space
from photochrom.nets.eccv16 import test_eccv16 as tiny_eccv16
from photochrom.training.recipe import Recipe
from photochrom.training.validation import SHOWN, Validation, colorized

MakeRecipe = Callable[..., Recipe]


class Constant(nn.Module):
    """Gives the same a and b everywhere, in units of 110."""

    signed = True

    def __init__(self, a: float, b: float) -> None:
        super().__init__()
        self.ab = nn.Parameter(torch.tensor([a, b])[:, None, None] / 110)
        self.modes: list[bool] = []

    def forward(self, x: Tensor) -> Tensor:
        self.modes.append(self.training)
        return self.ab.expand(len(x), 2, *x.shape[2:])


class Knowing(nn.Module):
    """Gives back the colours of the photos it was made with, in order."""

    def __init__(self, rgb: Tensor, channels: Space) -> None:
        super().__init__()
        self.truth = nn.Parameter(channels.target(rgb))

    def forward(self, x: Tensor) -> Tensor:
        return self.truth[: len(x)]


def expected(photos: PhotoDataset, ab: tuple[float, float]) -> np.ndarray[Any, Any]:
    """Our pictures by scikit-image: L* of the luma, with `ab`. The middle 64 of 72 columns."""
    pictures = []
    for i in range(len(photos)):
        luma = photos[i][:, 4:68] / 255 @ np.array([0.299, 0.587, 0.114])
        lightness = skimage.color.rgb2lab(np.repeat(luma[..., None], 3, axis=2))[..., :1]
        lab = np.concatenate([lightness, np.broadcast_to(ab, (*luma.shape, 2))], axis=2)
        pictures.append(skimage.color.lab2rgb(lab))
    return np.stack(pictures)


@pytest.mark.filterwarnings("ignore:Conversion from CIE-LAB")
def test_psnr_is_what_another_program_measures(photos: PhotoDataset) -> None:
    net = Constant(12.0, -20.0)
    psnr, picture = Validation(photos, 64).measure(net, space("lab"))
    ours = expected(photos, (12.0, -20.0))
    truth = np.stack([photos[i][:, 4:68] / 255 for i in range(8)])
    by_hand = np.mean([-10 * np.log10(((a - b) ** 2).mean()) for a, b in zip(ours, truth, strict=True)])
    assert psnr == pytest.approx(by_hand, abs=0.02)

    assert picture.shape == (3, SHOWN * 64, 3 * 64)
    rows = picture.reshape(3, SHOWN, 64, 3, 64).permute(1, 3, 2, 4, 0).numpy()
    np.testing.assert_allclose(rows[:, 1], ours[:SHOWN], atol=2e-3)
    np.testing.assert_allclose(rows[:, 2], truth[:SHOWN], atol=1e-6)
    luma = truth[:SHOWN] @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(rows[:, 0], np.repeat(luma[..., None], 3, axis=3), atol=1e-6)


def test_the_net_is_asked_in_eval_mode_and_left_as_it_was(photos: PhotoDataset) -> None:
    net = Constant(0, 0)
    check = Validation(photos, 32)
    for training in (True, False):
        net.train(training)
        check.measure(net, Lab())
        assert net.training is training
    assert set(net.modes) == {False}
    assert net.ab.grad is None


@pytest.mark.parametrize("name", ["lab", "rgb", "hsl"])
def test_true_colors_are_better_than_none_in_every_space(photos: PhotoDataset, name: str) -> None:
    check, channels = Validation(photos, 64), space(name)
    grey, _ = check.measure(Constant(0, 0), Lab())
    known, _ = check.measure(Knowing(check.rgb, channels), channels)
    # Not perfect: the product keeps the luma of the grey photo, which is not quite the lightness of the colour.
    assert grey + 10 < known < 50


def test_what_is_perfect_has_a_figure_too(photos: PhotoDataset) -> None:
    grey = PhotoDataset.pack([np.full((32, 32, 3), 100 + i, np.uint8) for i in range(3)])
    psnr, picture = Validation(grey, 32).measure(Constant(0, 0), Lab())
    assert 60 < psnr <= 100
    assert picture.shape == (3, 3 * 32, 3 * 32)


def test_it_takes_64_photos_at_most(photos: PhotoDataset) -> None:
    many = photos.subset(np.arange(100) % 8)
    assert Validation(many, 16).rgb.shape == (64, 3, 16, 16)


def test_a_distribution_net_gives_the_mean_of_its_plain_posterior(photos: PhotoDataset) -> None:
    torch.manual_seed(0)
    net = tiny_eccv16().eval()
    net.log_weights.copy_(torch.linspace(-2, 2, 313))
    rgb = Validation(photos, 32).rgb
    # Of a constant picture, so that enlarging from a quarter changes nothing away from the borders.
    with torch.no_grad():
        logits = net(torch.full((1, 1, 64, 64), 50.0)).logits
        share = (logits[0, :, 8, 8] - net.log_weights).double().softmax(dim=0)
        ab = (share[:, None] * net.bins.double()).sum(dim=0)
        # The grey whose L* is 50.
        got = colorized(net, Lab(), torch.full((1, 3, 64, 64), 0.46633))
    lab = skimage.color.rgb2lab(got.permute(0, 2, 3, 1).double().numpy())[0, 32, 32]
    np.testing.assert_allclose(lab[1:], ab.numpy(), atol=0.5)
    assert colorized(net, Lab(), rgb).shape == rgb.shape
