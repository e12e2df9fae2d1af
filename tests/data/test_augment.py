"""Crops, age and hints: shapes, ranges, and that the same seed draws the same."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from photochrom.data.augment import age, random_crops, random_hints


def photos(count: int, height: int, width: int) -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(1)
    return [rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(count)]


def coordinates(height: int, width: int) -> NDArray[np.uint8]:
    """Red is the row, green the column."""
    rows, columns = np.indices((height, width))
    return np.stack([rows, columns, np.zeros_like(rows)], axis=-1).astype(np.uint8)


def greys(count: int = 6, height: int = 32, width: int = 48) -> Tensor:
    return torch.rand(count, 1, height, width, generator=torch.Generator().manual_seed(2))


class Scripted:
    """A generator of random numbers whose draws are written down beforehand."""

    def __init__(self, *squares: tuple[int, int, int]) -> None:
        self.squares = squares
        self.draws = [value for square in squares for value in square]
        self.bounds: list[int] = []

    def random(self) -> float:
        return 0.0

    def geometric(self, p: float) -> int:
        assert p == 1 / 8
        return len(self.squares)

    def integers(self, low: int, high: int | None = None) -> int:
        self.bounds.append(low if high is None else high)
        return self.draws.pop(0)


@pytest.mark.parametrize(("height", "width"), [(40, 60), (61, 33), (32, 32), (200, 90)])
@pytest.mark.parametrize("size", [32, 64])
def test_crops_have_the_size_asked_for(height: int, width: int, size: int) -> None:
    crops = random_crops(photos(3, height, width), size, np.random.default_rng(0))
    assert crops.shape == (3, 3, size, size)
    assert crops.dtype == torch.float32
    assert crops.min() >= 0
    assert crops.max() <= 1
    assert crops.std() > 0.05


def test_crops_of_one_seed_are_the_same_and_of_another_are_not() -> None:
    first, again, other = (
        random_crops(photos(4, 50, 70), 32, np.random.default_rng(seed)) for seed in (3, 3, 4)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_crop_of_the_whole_photo_is_the_photo_or_its_mirror() -> None:
    (photo,) = photos(1, 32, 32)
    seen = set()
    for seed in range(20):
        (crop,) = random_crops([photo], 32, np.random.default_rng(seed), smallest=1.0)
        pixels = (crop * 255).round().byte().permute(1, 2, 0).numpy()
        mirrored = not np.array_equal(pixels, photo)
        np.testing.assert_array_equal(pixels, photo[:, ::-1] if mirrored else photo)
        seen.add(mirrored)
    assert seen == {False, True}


def test_crops_are_squares_of_the_photo_within_the_bounds() -> None:
    sides = []
    for seed in range(60):
        (crop,) = random_crops([coordinates(100, 160)], 50, np.random.default_rng(seed), smallest=0.5)
        red, green = (crop[:2] * 255).double()
        # Along a ramp of slope 1 a crop's side is its number of pixels times the step between two of them.
        rows, columns = (
            (red[-5].mean() - red[4].mean()) / 41 * 50,
            (green[:, -5] - green[:, 4]).abs().mean() / 41 * 50,
        )
        assert rows == pytest.approx(columns, abs=1.5)
        sides.append(float(rows))
        assert red.max() <= 99
        assert green.max() <= 159
    assert min(sides) >= 50 - 1.5
    assert max(sides) <= 100 + 1.5
    assert max(sides) - min(sides) > 30


def test_a_reduced_crop_averages_and_does_not_skip_pixels() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    crops = random_crops([stripes] * 4, 32, np.random.default_rng(0), smallest=1.0)
    assert (crops - 0.5).abs().max() < 0.01


def test_share_0_of_age_changes_nothing() -> None:
    grey = greys()
    assert torch.equal(age(grey, np.random.default_rng(0), share=0), grey)


@pytest.mark.parametrize("seed", range(5))
def test_age_stays_in_range_and_leaves_its_input_alone(seed: int) -> None:
    grey = greys()
    before = grey.clone()
    old = age(grey, np.random.default_rng(seed), share=1)
    assert torch.equal(grey, before)
    assert old.shape == grey.shape
    assert old.min() >= 0
    assert old.max() <= 1
    assert not torch.equal(old, grey)


def test_age_strikes_the_share_asked_for() -> None:
    grey = greys(200, 16, 16)
    old = age(grey, np.random.default_rng(1), share=0.5)
    struck = int((old != grey).flatten(1).any(dim=1).sum())
    # Of the half that is chosen 7% (0.3 * 0.6 * 0.4) draw no damage: 93 are expected, with a deviation of 7.
    assert 65 < struck < 121


def test_age_depends_on_its_generator_alone() -> None:
    results = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        results.append(age(greys(), np.random.default_rng(5), share=1))
    assert torch.equal(*results)
    assert not torch.equal(results[0], age(greys(), np.random.default_rng(6), share=1))


def test_hints_are_the_true_mean_of_their_square() -> None:
    ab = torch.randn(1, 2, 32, 40, generator=torch.Generator().manual_seed(3)) * 40
    # A square of 3 at (5, 7), one of 1 in the corner, and one of 9 as far down and right as it goes.
    script = Scripted((3, 5, 7), (1, 0, 0), (9, 23, 31))
    hints = random_hints(ab, script, share=1)  # type: ignore[arg-type]
    assert script.bounds == [10, 30, 38, 10, 32, 40, 10, 24, 32]
    expected = np.zeros((3, 32, 40))
    for side, top, left in ((3, 5, 7), (1, 0, 0), (9, 23, 31)):
        for row in range(top, top + side):
            for column in range(left, left + side):
                truth = ab[0, :, top : top + side, left : left + side].double().numpy()
                expected[:, row, column] = [truth[0].mean(), truth[1].mean(), 1]
    np.testing.assert_allclose(hints[0].numpy(), expected, atol=1e-4)


def test_share_0_of_hints_gives_zeros() -> None:
    hints = random_hints(torch.randn(3, 2, 32, 32), np.random.default_rng(0), share=0)
    assert torch.equal(hints, torch.zeros(3, 3, 32, 32))


@pytest.mark.parametrize("seed", range(5))
def test_hints_say_nothing_outside_their_mask(seed: int) -> None:
    ab = torch.randn(4, 2, 32, 48, generator=torch.Generator().manual_seed(seed)) * 40 + 20
    hints = random_hints(ab, np.random.default_rng(seed), share=1)
    mask = hints[:, 2:]
    assert set(mask.unique().tolist()) == {0.0, 1.0}
    assert (mask.flatten(1).sum(dim=1) > 0).all()
    assert not (hints[:, :2] * (1 - mask)).any()


def test_share_and_number_of_hints() -> None:
    # In a flat picture every hint has the same colour, and squares of 1 to 9 in 256 px seldom overlap.
    ab = torch.full((300, 2, 64, 64), 30.0)
    hints = random_hints(ab, np.random.default_rng(4), share=0.4)
    hinted = hints[:, 2].flatten(1).sum(dim=1)
    assert 90 < int((hinted > 0).sum()) < 150
    torch.testing.assert_close(hints[:, :2], ab * hints[:, 2:])
    # Eight squares of 31.7 pixels on average; overlaps cost a little.
    assert 150 < float(hinted[hinted > 0].mean()) < 300


def test_hints_of_one_seed_are_the_same() -> None:
    ab = torch.randn(2, 2, 32, 32, generator=torch.Generator().manual_seed(5))
    first, again, other = (random_hints(ab, np.random.default_rng(seed), share=1) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
