"""The order in which a run takes the photos: shuffled passes, with a chosen share of each collection."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Order"]

Indices = NDArray[np.intp]


class Order:
    """An endless sequence of photos.

    A pass has as many places as there are photos. A collection of n photos gets places in proportion to
    ``n ** balance``, as Lample and Conneau 2019 (arXiv:1901.07291) sample languages. 1 takes each photo once a
    pass, and 0 takes as many of each collection. Within a collection, each photo comes once before one comes again.

    Parameters
    ----------
    seed : the seed of all shuffles
    eligible : the indices of the photos that take part
    collections : the collection of each of them; None is one for all
    balance : in [0, 1]
    """

    def __init__(
        self, seed: int, eligible: Indices, collections: Sequence[str] | None = None, balance: float = 1.0
    ) -> None:
        self.seed = seed
        if collections is None or balance == 1:
            self.members = [eligible]
        else:
            names, member = np.unique(np.asarray(collections), return_inverse=True)
            self.members = [eligible[member == i] for i in range(len(names))]
        sizes = np.array([len(part) for part in self.members], np.float64)
        self.total, self.places = len(eligible), tuple(_shared_out(len(eligible), sizes**balance).tolist())
        # Two passes of each collection, because the next pass is asked for before the present one ends.
        self._shuffled = lru_cache(maxsize=2 * len(sizes))(_shuffled)

    def __getitem__(self, number: int) -> int:
        """Return the photo with this number, from 0."""
        epoch, place = divmod(number, self.total)
        collection, turn = _turns(self.seed, epoch, self.places)
        part = int(collection[place])
        members = self.members[part]
        passed, at = divmod(epoch * self.places[part] + int(turn[place]), len(members))
        return int(members[self._shuffled((self.seed + part, passed, len(members)))[at]])


def _shared_out(total: int, weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Divide `total` places in proportion to `weights` (largest remainders), and leave no collection without one."""
    exact = total * weights / weights.sum()
    places: NDArray[np.int64] = np.maximum(np.floor(exact), 1).astype(np.int64)
    while (missing := total - int(places.sum())) != 0:
        step = 1 if missing > 0 else -1
        spare = np.where((places > 1) | (step > 0), step * (exact - places), -np.inf)
        chosen = np.argsort(-spare, kind="stable")[: abs(missing)]
        places[chosen] += step
    return places


@lru_cache(maxsize=4)
def _turns(seed: int, epoch: int, places: tuple[int, ...]) -> tuple[Indices, Indices]:
    """The collection of each place of a pass, and how often the collection had a place before in the pass."""
    collection = np.repeat(np.arange(len(places)), places)
    collection = collection[_shuffled((seed, epoch, 1, len(collection)))]
    turn = np.empty_like(collection)
    turn[np.argsort(collection, kind="stable")] = np.concatenate([np.arange(count) for count in places])
    return collection, turn


def _shuffled(seed: tuple[int, ...]) -> Indices:
    """The numbers below the last one of `seed`, shuffled."""
    shuffled: Indices = np.random.default_rng(seed).permutation(seed[-1])
    return shuffled
