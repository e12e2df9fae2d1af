"""From photos to training batches, one ahead of the net."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from photochrom.color.lab import rgb_to_lab
from photochrom.data.augment import random_resized_crops
from photochrom.data.dataset import PhotoDataset
from photochrom.data.degrade import degrade, mix_to_grey
from photochrom.data.hints import random_hints
from photochrom.data.stream import PhotoStream
from photochrom.training.budget import Position

if TYPE_CHECKING:
    # It knows the steps, which know this.
    from photochrom.training.recipe import Recipe, Stage

Photos = PhotoDataset | PhotoStream
AHEAD = 3
"""Batches whose photos a stream begins to decode before they are asked for."""


@dataclass
class Batch:
    """What a step works with, sRGB in [0, 1].

    `rgb` (B, 3, H, W) is the truth; `grey` (B, 1, H, W) what the net may see of it, aged or not. For distribution
    nets `ab` (B, 2, H/s, W/s) is the truth at their stride and `hints` (B, 3, H, W) what a user would have said.
    """

    keys: list[str]
    indices: NDArray[np.intp]
    rgb: Tensor
    grey: Tensor
    ab: Tensor | None = None
    hints: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """The same on `device`."""
        ab, hints = (x if x is None else x.to(device) for x in (self.ab, self.hints))
        return Batch(self.keys, self.indices, self.rgb.to(device), self.grey.to(device), ab, hints)


def make_batch(
    photos: Photos,
    indices: NDArray[np.intp],
    size: int,
    rngs: list[np.random.Generator],
    recipe: Recipe,
    stride: int | None,
) -> Batch:
    """Crop, age and hint. A generator per photo: what a photo becomes does not depend on who else is in the batch."""
    data = recipe.data
    few = photos.take(indices)
    rgb = random_resized_crops(
        few, np.arange(len(indices)), size, rngs, smallest=data.smallest_crop, flip=data.flip
    )
    grey = degrade(mix_to_grey(rgb, rngs, data.films), rngs, data.aged)
    batch = Batch(few.keys, indices, rgb, grey)
    if stride is not None:
        # The colour of the mean is what a smaller output can know; its Lab costs stride^2 times less.
        batch.ab = rgb_to_lab(F.avg_pool2d(rgb, stride), axis=1)[:, 1:]
        if data.hinted or data.revealed:
            full = F.interpolate(batch.ab, scale_factor=stride, mode="nearest")
            batch.hints = random_hints(full, rngs, data.hinted, location=data.hints, whole=data.revealed)
    return batch


class Loader:
    """Batches until the budget is spent, the next one made while the net works on this one.

    Parameters
    ----------
    progress : position to the share of the budget that it has spent
    stride : of a distribution net's output, or None
    rank, world : which process of how many; each makes its share of every joint batch
    """

    def __init__(
        self,
        photos: Photos,
        recipe: Recipe,
        progress: Callable[[Position], float],
        *,
        stride: int | None = None,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.photos, self.recipe, self.progress = photos, recipe, progress
        self.stride, self.rank, self.world = stride, rank, world
        self.waited = 0.0  # seconds for the batch yielded last
        self.eligible = {stage.size: self._eligible(stage.size) for stage in recipe.stages}
        for stage in recipe.stages:
            if stage.batch % world:
                raise ValueError(f"a batch of {stage.batch} cannot be shared by {world} processes")

    def _eligible(self, size: int) -> NDArray[np.intp]:
        sides = self.photos.short_sides
        if sides is None:
            return np.arange(len(self.photos))
        indices = np.flatnonzero(np.asarray(sides) * self.recipe.data.enlarge >= size)
        if not len(indices):
            raise ValueError(
                f"no photo is as large as the recipe's {size} px; --size makes it smaller, "
                "and data.enlarge lets smaller photos take part"
            )
        return indices

    def make(self, position: Position, stage: Stage) -> Batch:
        """The batch at `position`, or this process's share of it."""
        # By step and place in the joint batch: a resumed run and any number of processes draw the same.
        rngs = [np.random.default_rng((self.recipe.seed, position.step, i)) for i in self._places(stage)]
        chosen = self._chosen(position, stage)
        size = stage.size_at(self.recipe.seed, position.step)
        return make_batch(self.photos, chosen, size, rngs, self.recipe, self.stride)

    def _places(self, stage: Stage) -> range:
        share = stage.batch // self.world
        return range(self.rank * share, (self.rank + 1) * share)

    def _chosen(self, position: Position, stage: Stage) -> NDArray[np.intp]:
        eligible = self.eligible[stage.size]
        numbers = [position.photos + i for i in self._places(stage)]
        return np.array([in_order(self.recipe.seed, eligible, number) for number in numbers])

    def batches(
        self, position: Position, seconds: Callable[[], float]
    ) -> Iterator[tuple[Position, Stage, Batch]]:
        """Yield ``(position before it, stage, batch)`` from `position` on; `seconds` is the run's clock."""
        with ThreadPoolExecutor(max_workers=1) as pool:

            def submit(position: Position) -> tuple[Position, Stage, Future[Batch]] | None:
                stage = self.recipe.stage(self.progress(position))
                passed = position.stage_photos / len(self.photos)
                if self.progress(position) >= 1 or (stage.passes and passed >= stage.passes):
                    return None
                for ahead in range(AHEAD):
                    later = replace(position, photos=position.photos + ahead * stage.batch)
                    self.photos.prefetch(self._chosen(later, stage))
                return position, stage, pool.submit(self.make, position, stage)

            waiting = submit(position)
            while waiting is not None:
                position, stage, future = waiting
                asked = time.monotonic()
                batch = future.result()
                self.waited = time.monotonic() - asked
                # By the step's own position, also ahead of time: a run resumed at it asks for the same stage.
                following = advance(self.recipe, self.progress, position, stage, seconds())
                waiting = submit(following)
                yield position, stage, batch


def advance(
    recipe: Recipe, progress: Callable[[Position], float], at: Position, stage: Stage, seconds: float
) -> Position:
    """The position after the step at `at`."""
    moved = Position(at.step + 1, at.photos + stage.batch, at.stage_photos + stage.batch, seconds)
    return replace(moved, stage_photos=0) if recipe.stage(progress(moved)) is not stage else moved


def in_order(seed: int, eligible: NDArray[np.intp], number: int) -> int:
    """The photo with this number in an endless row of shuffled passes over `eligible`."""
    epoch, place = divmod(number, len(eligible))
    return int(eligible[_shuffled(seed, epoch, len(eligible))[place]])


@lru_cache(maxsize=4)
def _shuffled(seed: int, epoch: int, count: int) -> NDArray[np.intp]:
    return np.random.default_rng((seed, epoch, count)).permutation(count)
