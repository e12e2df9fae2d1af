import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance
from torch.nn import functional as F

from photochrom.losses import distribution
from photochrom.losses.distribution import distribution_loss


def colors(seed: int, side: int = 32, channels: int = 2) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(6, channels, side, side)))


@pytest.mark.parametrize("channels", [2, 3])
def test_it_is_the_mean_of_scipys_distances_along_directions(channels: int) -> None:
    first, second = colors(0, channels=channels), 0.5 * colors(1, channels=channels) + 1
    directions = distribution._directions(channels)
    assert np.linalg.norm(directions, axis=0) == pytest.approx(np.ones(16))
    expected = []
    for side in (1, 4, 16):
        parts = [
            F.avg_pool2d(x, 32 // side).permute(0, 2, 3, 1).reshape(-1, channels) for x in (first, second)
        ]
        along = [(part.float() @ directions).numpy() for part in parts]
        expected += [wasserstein_distance(a, b) for a, b in zip(along[0].T, along[1].T, strict=True)]
    assert float(distribution_loss(first, second)) == pytest.approx(np.mean(expected), rel=1e-5)


def test_the_places_of_colors_do_not_matter() -> None:
    picture = colors(2)
    moved = picture.flip(0).flip(2)
    assert float(distribution_loss(picture, moved)) == pytest.approx(0, abs=1e-6)
    assert float(distribution_loss(picture, torch.zeros_like(picture))) > 0.1


def test_it_gives_back_the_spread_that_a_mean_loses() -> None:
    # Half of the photos are red and half are green, and nothing says which. The mean is the best guess of a pixel loss.
    truth = torch.tensor([1.0, -1.0] * 8).reshape(16, 1, 1, 1).expand(16, 2, 4, 4)
    guess = (
        (0.01 * colors(3)[:1, :1, :4, :4].reshape(16, 1, 1, 1).float()).repeat(1, 2, 4, 4).requires_grad_()
    )
    optimizer = torch.optim.Adam([guess], lr=0.05)
    for _ in range(60):
        optimizer.zero_grad()
        distribution_loss(guess, truth).backward()
        optimizer.step()
    assert sorted(guess.detach().mean(dim=(1, 2, 3)).sign().tolist()) == [-1.0] * 8 + [1.0] * 8
    assert float(guess.detach().abs().mean()) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("side", [1, 3, 24])
def test_small_pictures_and_sides_that_16_does_not_divide(side: int) -> None:
    first = colors(4, side).float().requires_grad_()
    found = distribution_loss(first, colors(5, side).float())
    found.backward()
    assert first.grad is not None
    assert torch.isfinite(first.grad).all()


def test_shapes_must_be_equal() -> None:
    with pytest.raises(ValueError, match="expected two of one shape"):
        distribution_loss(colors(0), colors(0, 16))
