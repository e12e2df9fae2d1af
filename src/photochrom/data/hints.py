"""Simulated hints of a user: squares of the true colour at a few places."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from torch import Tensor

MEAN_COUNT = 8
LARGEST_SIDE = 9


def random_hints(
    ab: Tensor,
    rngs: Sequence[np.random.Generator],
    share: float,
    *,
    location: Literal["uniform", "normal"] = "uniform",
    whole: float = 0.0,
) -> Tensor:
    """Simulate the hints of users who know the truth (Zhang et al. 2017, arXiv:1705.02999, section 3.2).

    The number of squares of a photo with hints is geometric, 8 on average. Their sides are uniform from 1 to 9 pixels.
    Each square has the mean of the true ab, and later squares cover earlier ones.

    The paper's users are ``share=7 / 8, location="normal", whole=0.01``. Their number of hints begins at 0, which one
    photo in eight then has. They place hints around the middle, normally distributed with a quarter of the photo's
    sides. One photo in a hundred reveals all its colours, which teaches the net to copy them. Our default places hints
    anywhere, because people also correct corners.

    Parameters
    ----------
    ab : (B, 2, H, W) true colours in Lab units
    rngs : one per photo; all hints of the photo are drawn from it
    share : the probability that a photo gets hints
    location : the distribution of the squares' places, see above
    whole : the probability that a photo reveals all of its colours

    Returns
    -------
    (B, 3, H, W): a, b and a mask. All three are 0 where there is no hint.

    Raises
    ------
    ValueError
        If there is not one generator per photo.
    """
    batch, _, height, width = ab.shape
    if len(rngs) != batch:
        raise ValueError(f"{batch} photos need as many generators, got {len(rngs)}")
    hints = ab.new_zeros(batch, 3, height, width)
    for photo, truth, rng in zip(hints, ab, rngs, strict=True):
        if rng.random() < whole:
            photo[:2] = truth
            photo[2] = 1
        elif rng.random() < share:
            for top, left, side in _squares(rng, height, width, location):
                window = (slice(None), slice(top, top + side), slice(left, left + side))
                photo[:2][window] = truth[window].mean(dim=(1, 2), keepdim=True)
                photo[2:][window] = 1
    return hints


def _squares(rng: np.random.Generator, height: int, width: int, location: str) -> list[tuple[int, int, int]]:
    """Draw top, left and side of each square of a photo. All squares are inside the photo."""
    count = rng.geometric(1 / MEAN_COUNT)
    sides = rng.integers(1, min(LARGEST_SIDE, height, width) + 1, size=count)
    corners = []
    for length in (height, width):
        room = length - sides
        if location == "normal":
            drawn = np.rint(rng.normal(room / 2, length / 4))
            corners.append(np.clip(drawn, 0, room).astype(int))
        else:
            corners.append(rng.integers(0, room + 1))
    return list(zip(*(values.tolist() for values in (*corners, sides)), strict=True))
