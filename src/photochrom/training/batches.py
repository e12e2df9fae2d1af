"""Training batches from photos. The next batch is made while the net works on the present one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
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
from photochrom.training.order import Order

if TYPE_CHECKING:
    # At run time this import would be circular: the recipe imports the steps, and they import this module.
    from photochrom.training.recipe import Recipe, Stage

Photos = PhotoDataset | PhotoStream
AHEAD = 3
"""For so many batches ahead a stream begins to decode the photos."""


@dataclass
class Batch:
    """The input of a training step, sRGB in [0, 1].

    `rgb` (B, 3, H, W) is the truth. `grey` (B, 1, H, W) is the net's input, which may be aged. Distribution nets also
    get `ab` (B, 2, H/s, W/s), the truth at their stride s, and `hints` (B, 3, H, W), which simulate a user's hints.
    """

    keys: list[str]
    indices: NDArray[np.intp]
    rgb: Tensor
    grey: Tensor
    ab: Tensor | None = None
    hints: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """Return the same batch on `device`."""
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
    """Crop photos, age them and draw hints.

    Each photo has its own random generator, so that the other photos of the batch do not influence it.
    """
    data = recipe.data
    few = photos.take(indices)
    rgb = random_resized_crops(
        few, np.arange(len(indices)), size, rngs, smallest=data.smallest_crop, flip=data.flip
    )
    grey = degrade(mix_to_grey(rgb, rngs, data.films), rngs, data.aged)
    batch = Batch(few.keys, indices, rgb, grey)
    if stride is not None:
        # A smaller output can only predict the mean colour of a cell. Averaging first makes Lab stride^2 times cheaper.
        batch.ab = rgb_to_lab(F.avg_pool2d(rgb, stride), axis=1)[:, 1:]
        if data.hinted or data.revealed:
            full = F.interpolate(batch.ab, scale_factor=stride, mode="nearest")
            batch.hints = random_hints(full, rngs, data.hinted, location=data.hints, whole=data.revealed)
    return batch


class Loader:
    """Make batches until the budget is spent. A thread makes the next one while the net works on the present one.

    Parameters
    ----------
    progress : function from a position to the share of the budget that is spent there
    stride : the stride of a distribution net's output, or None for a colour net
    rank, world : the number of this process and of all processes; each makes its share of every joint batch
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
        self.waited = 0.0  # seconds that the net waited for the last batch
        self.orders = {stage.size: self._order(stage.size) for stage in recipe.stages}
        for stage in recipe.stages:
            if stage.batch % world:
                raise ValueError(f"a batch of {stage.batch} cannot be shared by {world} processes")

    def _order(self, size: int) -> Order:
        eligible = self._eligible(size)
        collections = [self.photos.collections[i] for i in eligible]
        return Order(self.recipe.seed, eligible, collections, self.recipe.data.balance)

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
        """Make the batch at `position`, or this process's share of it."""
        # The seed contains the step and the place in the joint batch. A resumed run and any number of processes
        # therefore draw the same numbers.
        rngs = [np.random.default_rng((self.recipe.seed, position.step, i)) for i in self._places(stage)]
        chosen = self._chosen(position, stage)
        size = stage.size_at(self.recipe.seed, position.step)
        return make_batch(self.photos, chosen, size, rngs, self.recipe, self.stride)

    def _places(self, stage: Stage) -> range:
        share = stage.batch // self.world
        return range(self.rank * share, (self.rank + 1) * share)

    def _chosen(self, position: Position, stage: Stage) -> NDArray[np.intp]:
        order = self.orders[stage.size]
        return np.array([order[position.photos + i] for i in self._places(stage)])

    def batches(
        self, position: Position, seconds: Callable[[], float]
    ) -> Iterator[tuple[Position, Stage, Batch]]:
        """Yield ``(position before the batch, stage, batch)`` from `position` on. `seconds` is the run's clock."""
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
                # The position alone decides on the stage. A run that resumes there chooses the same one.
                following = advance(self.recipe, self.progress, position, stage, seconds())
                waiting = submit(following)
                yield position, stage, batch


def advance(
    recipe: Recipe, progress: Callable[[Position], float], at: Position, stage: Stage, seconds: float
) -> Position:
    """Return the position after the step at `at`."""
    moved = Position(at.step + 1, at.photos + stage.batch, at.stage_photos + stage.batch, seconds)
    return replace(moved, stage_photos=0) if recipe.stage(progress(moved)) is not stage else moved
