"""Colorfulness against its definition in NumPy, and the loss that matches it."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from photochrom.losses.colorfulness import colorfulness, colorfulness_loss


def by_definition(pixels: NDArray[np.float64]) -> float:
    """Hasler and Suesstrunk 2003, equations 7 to 10, of (H, W, 3) in 0..255."""
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    rg, yb = red - green, 0.5 * (red + green) - blue
    sigma = np.sqrt(np.std(rg) ** 2 + np.std(yb) ** 2)
    mu = np.sqrt(np.mean(rg) ** 2 + np.mean(yb) ** 2)
    return float(sigma + 0.3 * mu)


def photos(count: int = 3, height: int = 6, width: int = 5) -> Tensor:
    return torch.rand(
        count, 3, height, width, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )


def test_against_numpy(astronaut: NDArray[np.uint8], chelsea: NDArray[np.uint8]) -> None:
    for pixels in (astronaut, chelsea, astronaut // 2 + 60):
        rgb = torch.from_numpy(pixels / 255).permute(2, 0, 1)[None]
        expected = by_definition(pixels.astype(np.float64))
        assert expected > 15
        assert 255 * float(colorfulness(rgb)) == pytest.approx(expected, abs=2e-3)
        assert 255 * float(colorfulness(rgb.float())) == pytest.approx(expected, abs=5e-3)


def test_every_photo_has_its_own() -> None:
    batch = photos()
    expected = [by_definition(255 * photo.permute(1, 2, 0).numpy()) / 255 for photo in batch]
    np.testing.assert_allclose(colorfulness(batch).numpy(), expected, atol=1e-5)


def test_greys_have_none_and_finite_gradients() -> None:
    greys = torch.linspace(0, 1, 16).view(1, 1, 4, 4).repeat(1, 3, 1, 1).requires_grad_()
    assert float(colorfulness(greys).detach()) == pytest.approx(0, abs=1e-7)
    colorfulness_loss(greys, photos(1, 4, 4).float()).backward()
    assert greys.grad is not None
    assert torch.isfinite(greys.grad).all()


def test_gradcheck() -> None:
    assert torch.autograd.gradcheck(colorfulness, (photos(2, 3, 2).requires_grad_(),))


def test_matching_is_of_means_and_ends_at_the_truth() -> None:
    truth = photos()
    assert float(colorfulness_loss(truth, truth)) == 0
    # The same photos in another order are as colourful as a batch.
    assert float(colorfulness_loss(truth.flip(0), truth)) == pytest.approx(0, abs=1e-12)
    grey = truth.mean(dim=1, keepdim=True)
    duller, wilder = grey + 0.5 * (truth - grey), grey + 1.5 * (truth - grey)
    of_truth = float(colorfulness(truth).mean())
    # Colorfulness is proportional to the distance from grey.
    for prediction in (duller, wilder):
        assert float(colorfulness_loss(prediction, truth)) == pytest.approx(0.5 * of_truth, rel=1e-4)


def test_a_duller_prediction_is_led_to_the_truth_and_not_beyond() -> None:
    truth = photos()
    grey = truth.mean(dim=1, keepdim=True)
    share = torch.tensor(0.2, dtype=torch.float64, requires_grad=True)
    for _ in range(200):
        (slope,) = torch.autograd.grad(colorfulness_loss(grey + share * (truth - grey), truth), share)
        share = (share - 0.02 * slope).detach().requires_grad_()
    assert float(share.detach()) == pytest.approx(1, abs=0.02)


def test_the_truth_gets_no_gradient() -> None:
    truth = photos().requires_grad_()
    colorfulness_loss(photos().mul(0.5).requires_grad_(), truth).backward()
    assert truth.grad is None


@pytest.mark.parametrize("shape", [(2, 4, 4), (1, 2, 4, 4), (3, 4, 4)])
def test_wrong_shapes_raise(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected \\(B, 3, H, W\\)"):
        colorfulness(torch.zeros(shape))
