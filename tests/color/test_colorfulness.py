"""Colorfulness against the paper's equations, in NumPy and torch."""

import numpy as np
import pytest
import torch

from photochrom.color.colorfulness import colorfulness, of_moments


def by_definition(rgb: np.ndarray, signed: bool) -> float:
    """Equations 7 to 10 of ``(H, W, 3)``."""
    red, green, blue = (rgb[..., i] for i in range(3))
    rg, yb = red - green, 0.5 * (red + green) - blue
    if not signed:
        rg, yb = np.abs(rg), np.abs(yb)
    return float(np.hypot(np.std(rg), np.std(yb)) + 0.3 * np.hypot(np.mean(rg), np.mean(yb)))


@pytest.mark.parametrize("signed", [True, False])
def test_the_papers_figure_wherever_the_channels_are(signed: bool) -> None:
    pictures = np.random.default_rng(0).random((2, 9, 7, 3))
    expected = [by_definition(picture, signed) for picture in pictures]
    np.testing.assert_allclose(colorfulness(pictures, signed=signed), expected, rtol=1e-12)
    np.testing.assert_allclose(colorfulness(pictures[0], signed=signed), expected[0], rtol=1e-12)
    first = torch.from_numpy(pictures.transpose(0, 3, 1, 2).copy())
    np.testing.assert_allclose(colorfulness(first, axis=1, signed=signed).numpy(), expected, rtol=1e-12)


def test_grey_has_none_and_pure_red_what_the_formula_gives() -> None:
    grey = np.full((4, 4, 3), 0.3)
    assert float(colorfulness(grey)) == float(colorfulness(grey, smooth=1e-6)) == 0
    red = np.zeros((2, 2, 3))
    red[..., 0] = 1
    assert float(colorfulness(red)) == pytest.approx(0.3 * np.hypot(1, 0.5))


def test_smooth_keeps_the_slope_finite_at_grey() -> None:
    grey = torch.full((1, 3, 4, 4), 0.5, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(colorfulness(grey, axis=1, smooth=1e-5).sum(), grey)
    assert torch.isfinite(slope).all()


def test_moments() -> None:
    assert float(of_moments(np.array([3.0, 4.0]), np.array([5.0, 11.0]))) == pytest.approx(4 + 0.3 * 5)


def test_other_arrays_are_refused() -> None:
    with pytest.raises(TypeError, match="floating-point"):
        colorfulness(np.zeros((2, 2, 3), np.uint8))
    with pytest.raises(ValueError, match="3 channels"):
        colorfulness(np.zeros((2, 2, 4)))
