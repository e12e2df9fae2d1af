"""Pixel losses by hand."""

import pytest
import torch

from photochrom.losses.pixel import PixelKind, pixel_loss

TRUTH = torch.tensor([1.0, -1.0, 0.0, 4.0]).view(1, 2, 1, 2)
PREDICTION = torch.tensor([1.5, -1.0, -2.0, 1.0]).view(1, 2, 1, 2)


@pytest.mark.parametrize(
    ("kind", "delta", "expected"),
    [
        ("l1", 1.0, (0.5 + 0 + 2 + 3) / 4),
        ("mse", 1.0, (0.25 + 0 + 4 + 9) / 4),
        ("huber", 1.0, (0.125 + 0 + (2 - 0.5) + (3 - 0.5)) / 4),
        ("huber", 2.0, (0.125 + 0 + 2 + 2 * (3 - 1)) / 4),
        ("huber", 100.0, (0.125 + 0 + 2 + 4.5) / 4),
    ],
)
def test_values_by_hand(kind: PixelKind, delta: float, expected: float) -> None:
    loss = pixel_loss(kind, delta)(PREDICTION, TRUTH)
    assert loss.shape == ()
    assert float(loss) == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["l1", "mse", "huber"])
def test_gradcheck(kind: PixelKind) -> None:
    prediction = PREDICTION.double().add(0.01).requires_grad_()
    assert torch.autograd.gradcheck(pixel_loss(kind), (prediction, TRUTH.double()))


@pytest.mark.parametrize("kind", ["l1", "mse", "huber"])
@pytest.mark.parametrize("shape", [(1, 1, 1, 2), (2, 1, 2), (1, 2, 2, 2)])
def test_another_shape_raises_and_is_not_broadcast(kind: PixelKind, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        pixel_loss(kind)(torch.zeros(shape), TRUTH)


def test_wrong_settings_raise() -> None:
    with pytest.raises(ValueError, match="no pixel loss 'l2'; there are l1, mse, huber"):
        pixel_loss("l2")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="above 0"):
        pixel_loss("huber", 0)


def test_says_what_it_is() -> None:
    assert repr(pixel_loss("huber", 0.5)) == "PixelLoss(huber, delta=0.5)"
    assert repr(pixel_loss("l1")) == "PixelLoss(l1)"
