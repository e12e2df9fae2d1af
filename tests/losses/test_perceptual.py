"""The perceptual loss with encoders whose features are known."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.losses.perceptual import PerceptualLoss


class Pyramid(nn.Module):
    """Twice the photo, and its mean over squares of two pixels."""

    def forward(self, rgb: Tensor) -> list[Tensor]:
        return [2 * rgb, F.avg_pool2d(rgb, 2)]


class Small(nn.Module):
    """A convolution with batch norm and dropout, as a careless encoder has them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, rgb: Tensor) -> list[Tensor]:
        return [F.dropout(torch.tanh(self.norm(self.conv(rgb))), 0.5, self.training)]


def photos(seed: int, height: int = 4, width: int = 6) -> Tensor:
    return torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def squared(difference: Tensor) -> float:
    """|difference|^2 / (C H W), the mean over the batch (Johnson et al. 2016, section 3.2)."""
    per_photo = [float((x.numpy() ** 2).sum()) / x.numel() for x in difference]
    return float(np.mean(per_photo))


def test_against_the_papers_formula() -> None:
    prediction, truth = photos(1), photos(2)
    error = prediction - truth
    pooled = (
        error[..., ::2, ::2] + error[..., 1::2, ::2] + error[..., ::2, 1::2] + error[..., 1::2, 1::2]
    ) / 4
    expected = 0.7 * squared(2 * error) + 0.2 * squared(pooled) + 3 * squared(error)
    loss = PerceptualLoss(Pyramid(), [0.7, 0.2], 3.0)(prediction, truth)
    assert loss.shape == ()
    assert float(loss) == pytest.approx(expected)


def test_absolute_errors() -> None:
    prediction, truth = photos(1), photos(2)
    absolute = float((prediction - truth).abs().mean())
    loss = PerceptualLoss(Pyramid(), [0.5, 0.0], 2.0, distance="l1", pixel="l1")(prediction, truth)
    assert float(loss) == pytest.approx(0.5 * 2 * absolute + 2 * absolute)


def test_is_0_at_the_truth() -> None:
    assert float(PerceptualLoss(Small().double(), [1.0])(photos(1), photos(1))) == 0


def test_the_encoder_stays_frozen_and_in_eval_mode() -> None:
    loss = PerceptualLoss(Small().double(), [1.0]).train()
    before = {key: value.clone() for key, value in loss.state_dict().items()}
    prediction, truth = photos(1).requires_grad_(), photos(2).requires_grad_()
    first = loss(prediction, truth)
    first.backward()
    # Dropout and batch statistics would make the second pass another one.
    assert torch.equal(loss(prediction, truth), first)
    assert loss.training
    assert not any(module.training for module in loss.encoder.modules())
    assert all(not p.requires_grad and p.grad is None for p in loss.parameters())
    assert all(torch.equal(value, before[key]) for key, value in loss.state_dict().items())
    assert truth.grad is None
    assert prediction.grad is not None
    assert prediction.grad.abs().sum() > 0


def test_gradcheck() -> None:
    loss = PerceptualLoss(Small().double(), [1.0], 0.5)
    truth = photos(2, 2, 2)
    assert torch.autograd.gradcheck(lambda x: loss(x, truth), (photos(1, 2, 2).requires_grad_(),))


def test_wrong_settings_raise() -> None:
    with pytest.raises(ValueError, match="2 activations for 1 weights"):
        PerceptualLoss(Pyramid(), [1.0])(photos(1), photos(2))
    with pytest.raises(ValueError, match="weights must not be below 0"):
        PerceptualLoss(Pyramid(), [1.0, -1.0])
    with pytest.raises(ValueError, match="one above it"):
        PerceptualLoss(Pyramid(), [0.0, 0.0], 0.0)
