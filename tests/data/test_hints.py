"""Simulated hints: by hand with scripted draws, and their distribution."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from photochrom.data.hints import random_hints


def generators(count: int, seed: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng((seed, i)) for i in range(count)]


def random_ab(count: int, height: int = 32, width: int = 40, seed: int = 3) -> Tensor:
    return torch.randn(count, 2, height, width, generator=torch.Generator().manual_seed(seed)) * 40 + 20


class Scripted:
    """A generator of random numbers that draws the squares written down beforehand."""

    def __init__(self, *squares: tuple[int, int, int]) -> None:
        self.count = len(squares)
        self.draws = [np.array(values) for values in zip(*squares, strict=True)]
        self.ends: list[list[int]] = []

    def random(self) -> float:
        return 0.0

    def geometric(self, p: float) -> int:
        assert p == 1 / 8
        return self.count

    def integers(self, low: int, high: int | NDArray[np.int64], size: int | None = None) -> NDArray[np.int64]:
        self.ends.append([low, *np.atleast_1d(high).tolist()])
        return self.draws.pop(0)


def test_hints_are_the_true_mean_of_their_square() -> None:
    ab = random_ab(1)
    # A square of 3 at (5, 7), one of 1 in the corner, one of 9 as far down and right as it goes, one over the first.
    squares: Sequence[tuple[int, int, int]] = [(3, 5, 7), (1, 0, 0), (9, 23, 31), (2, 6, 8)]
    script = Scripted(*squares)
    hints = random_hints(ab, [script], 1)  # type: ignore[list-item]
    assert script.ends == [[1, 10], [0, 30, 32, 24, 31], [0, 38, 40, 32, 39]]
    expected = np.zeros((3, 32, 40))
    for side, top, left in squares:
        truth = ab[0, :, top : top + side, left : left + side].double().numpy()
        for row in range(top, top + side):
            for column in range(left, left + side):
                expected[:, row, column] = [truth[0].mean(), truth[1].mean(), 1]
    np.testing.assert_allclose(hints[0].numpy(), expected, atol=1e-4)


def test_share_0_gives_zeros() -> None:
    assert torch.equal(random_hints(random_ab(3), generators(3), 0), torch.zeros(3, 3, 32, 40))


@pytest.mark.parametrize("location", ["uniform", "normal"])
@pytest.mark.parametrize(("height", "width"), [(32, 48), (4, 20), (1, 1)])
def test_say_nothing_outside_their_mask_and_leave_the_truth_alone(
    location: str, height: int, width: int
) -> None:
    ab = random_ab(6, height, width)
    before = ab.clone()
    hints = random_hints(ab, generators(6), 1, location=location)  # type: ignore[arg-type]
    assert torch.equal(ab, before)
    mask = hints[:, 2:]
    assert set(mask.unique().tolist()) <= {0.0, 1.0}
    assert (mask.flatten(1).sum(dim=1) > 0).all()
    assert not (hints[:, :2] * (1 - mask)).any()
    assert hints[:, 0].min() >= ab[:, 0].min()
    assert hints[:, 0].max() <= ab[:, 0].max()


def test_share_and_number() -> None:
    # In a flat picture every hint has the same colour, and squares of 1 to 9 in 256 px seldom overlap.
    ab = torch.full((300, 2, 64, 64), 30.0)
    hints = random_hints(ab, generators(300), 0.4)
    hinted = hints[:, 2].flatten(1).sum(dim=1)
    # 120 photos are expected, with a deviation of 8.5.
    assert 90 < int((hinted > 0).sum()) < 150
    torch.testing.assert_close(hints[:, :2], ab * hints[:, 2:])
    # Eight squares of 31.7 pixels on average; overlaps cost a little.
    assert 150 < float(hinted[hinted > 0].mean()) < 300


def test_the_papers_users_hint_around_the_middle() -> None:
    ab = torch.zeros(400, 2, 80, 120)
    mask = random_hints(ab, generators(400), 1, location="normal")[:, 2]
    everywhere = random_hints(ab, generators(400), 1)[:, 2]
    for axis, length in ((1, 80), (2, 120)):
        # As if one threw a dart at every hinted pixel: the mean and deviation of where it is along a side.
        where = (torch.arange(length) + 0.5) / length
        for masks, deviation in ((mask, 0.25), (everywhere, 12**-0.5)):
            weight = masks.sum(dim=(0, 3 - axis))
            weight = weight / weight.sum()
            middle = float((weight * where).sum())
            assert middle == pytest.approx(0.5, abs=0.02)
            # Clipping at the edges and the squares' own sides move it by a few hundredths.
            got = float((weight * (where - middle).square()).sum()) ** 0.5
            assert got == pytest.approx(deviation, abs=0.03)


def test_some_photos_reveal_everything() -> None:
    ab = random_ab(200, 16, 16)
    hints = random_hints(ab, generators(200), 7 / 8, whole=0.2)
    revealed = (hints[:, 2] == 1).flatten(1).all(dim=1)
    # 40 are expected, with a deviation of 5.7.
    assert 20 < int(revealed.sum()) < 60
    assert torch.equal(hints[revealed, :2], ab[revealed])
    bare = ~hints[:, 2].flatten(1).any(dim=1)
    # Of the other 160 one in eight; deviation 4.2.
    assert 6 < int(bare.sum()) < 36


def test_a_photos_hints_are_its_own() -> None:
    ab = random_ab(8)
    together = random_hints(ab, generators(8), 0.7)
    alone = [random_hints(ab[i : i + 1], [rng], 0.7) for i, rng in enumerate(generators(8))]
    assert torch.equal(together, torch.cat(alone))
    assert not torch.equal(together, random_hints(ab, generators(8, seed=1), 0.7))


@pytest.mark.parametrize("count", [0, 2, 4])
def test_one_generator_per_photo(count: int) -> None:
    with pytest.raises(ValueError, match="3 photos need as many generators"):
        random_hints(random_ab(3), generators(count), 1)
