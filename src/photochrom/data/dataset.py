"""Colour photos in memory. They are decoded once and packed into one buffer on the CPU or a GPU."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TypeVar

import cv2
import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from photochrom.color.colorfulness import MATRIX, of_moments
from photochrom.data.decode import BrokenPhoto
from photochrom.data.sources import Item, Source
from photochrom.data.splits import ranked, split

GREY_BELOW = 15.0
"""Photos with a lower colorfulness (Hasler and Suesstrunk 2003) are left out: they teach a net to predict grey."""
MOST_NAMES = 1000
"""The largest number of grey photos whose names are kept: a collection may have millions."""

Photo = NDArray[np.uint8]
In = TypeVar("In")
Out = TypeVar("Out")


@dataclass
class LeftOut:
    """The photos that were left out: the number of grey ones, the names of the first of them, and the broken ones.

    The broken ones are by name with the reason.
    """

    grey: int = 0
    broken: dict[str, str] = field(default_factory=dict)
    grey_names: list[str] = field(default_factory=list)

    def add_grey(self, name: str) -> None:
        """Count a grey photo, and keep its name if it is among the first."""
        self.grey += 1
        if len(self.grey_names) < MOST_NAMES:
            self.grey_names.append(name)

    def __str__(self) -> str:
        # A copy, because the workers of a stream may add names at the same time.
        some = list(islice(self.broken.copy(), 4))
        names = ", ".join(some[:3]) + (", ..." if len(some) > 3 else "")
        return f"{self.grey} grey, {len(self.broken)} unreadable" + (f" ({names})" if names else "")


@dataclass(eq=False)
class PhotoDataset:
    """Colour photos in memory.

    All pixels are in one `atlas` (P, 3) uint8 sRGB, row after row and photo after photo, so that one copy moves them to
    a GPU. Photo i has ``shapes[i]`` (height, width) and begins at ``offsets[i]``. Subsets share the atlas.

    Attributes
    ----------
    keys, groups, collections : key, group and collection of each photo, see `photochrom.data.sources.Item`
    left_out : the photos that loading left out
    waited : seconds that `take` waited for photos; always 0 here, other than in `PhotoStream`
    """

    atlas: Tensor
    offsets: NDArray[np.int64]
    shapes: NDArray[np.int64]
    keys: list[str]
    groups: list[str]
    collections: list[str]
    left_out: LeftOut = field(default_factory=LeftOut)
    waited: float = 0.0

    @classmethod
    def pack(
        cls,
        photos: Sequence[Photo],
        keys: Sequence[str] | None = None,
        groups: Sequence[str] | None = None,
        collections: Sequence[str] | None = None,
        left_out: LeftOut | None = None,
    ) -> "PhotoDataset":
        """Make a set of (H, W, 3) uint8 pictures.

        By default their keys are "0", "1", ..., each is its own group, and all are one collection.
        """
        packer = _Packer(sum(photo.shape[0] * photo.shape[1] for photo in photos))
        for photo in photos:
            packer.add(photo)
        keys = [str(i) for i in range(len(photos))] if keys is None else list(keys)
        groups = list(keys) if groups is None else list(groups)
        collections = [""] * len(photos) if collections is None else list(collections)
        if not len(keys) == len(groups) == len(collections) == len(photos):
            raise ValueError(
                f"{len(photos)} photos, {len(keys)} keys, {len(groups)} groups and {len(collections)} collections"
            )
        return cls(*packer.finish(), keys, groups, collections, left_out or LeftOut())

    @classmethod
    def load(
        cls, source: Source, *, limit: int | None = None, short_side: int | None = None
    ) -> "PhotoDataset":
        """Decode the photos of `source` on all cores. Grey and broken photos are left out and counted.

        Parameters
        ----------
        limit : the largest number of colour photos. They are chosen by the hash of their keys, because the first
            photos of a folder may all be of one class.
        short_side : pixels to which larger photos are reduced; None keeps their size

        Raises
        ------
        FileNotFoundError
            If no photo is left. The message says what was left out.
        """
        items = source.items if limit is None else by_hash(source.items)
        left_out, packer, kept = LeftOut(), _Packer(), []
        for item, photo in ordered(lambda item: examined(item, short_side), items):
            if isinstance(photo, BrokenPhoto):
                left_out.broken[item.key] = photo.reason
            elif photo is None:
                left_out.add_grey(item.key)
            else:
                packer.add(photo)
                kept.append(item)
                if len(kept) == limit:
                    break
        if not kept:
            raise FileNotFoundError(f"{source.path}: no colour photos in it; left out: {left_out}")
        keys, groups = [item.key for item in kept], [item.group for item in kept]
        photos = cls(*packer.finish(), keys, groups, [item.collection for item in kept], left_out)
        return photos if limit is None else photos.subset(np.argsort(np.array(keys), kind="stable"))

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, index: int) -> Photo:
        """Return photo `index`, (H, W, 3) uint8. On the CPU it is a view."""
        (height, width), offset = self.shapes[index], int(self.offsets[index])
        pixels: Photo = self.atlas[offset : offset + int(height * width)].cpu().numpy()
        return pixels.reshape(height, width, 3)

    def __str__(self) -> str:
        return f"{len(self):,} photos in {self.nbytes / 1e6:,.0f} MB; left out: {self.left_out}"

    @property
    def nbytes(self) -> int:
        """The bytes of these photos' pixels. The atlas may hold more photos."""
        return int(self.shapes.prod(axis=1).sum()) * 3

    @property
    def device(self) -> torch.device:
        """The device of the pixels."""
        return self.atlas.device

    @property
    def short_sides(self) -> NDArray[np.int64] | None:
        """The shorter side of each photo in pixels."""
        shortest: NDArray[np.int64] = self.shapes.min(axis=1)
        return shortest

    def subset(self, indices: ArrayLike) -> "PhotoDataset":
        """Return the photos with these indices, in this order. No pixel is copied."""
        chosen = np.asarray(indices, dtype=np.intp).reshape(-1)
        return replace(
            self,
            offsets=self.offsets[chosen],
            shapes=self.shapes[chosen],
            keys=[self.keys[i] for i in chosen],
            groups=[self.groups[i] for i in chosen],
            collections=[self.collections[i] for i in chosen],
        )

    def take(self, indices: ArrayLike) -> "PhotoDataset":
        """Return a batch. Here it is the same as `subset`; a stream decodes the photos now."""
        return self.subset(indices)

    def prefetch(self, indices: ArrayLike) -> None:
        """Announce the next photos. In memory this does nothing."""

    def split(self, spec: str | float, seed: int = 0) -> tuple["PhotoDataset", "PhotoDataset"]:
        """Return training and validation photos; see `photochrom.data.splits.split`."""
        train, validation = split(self.groups, spec, seed)
        return self.subset(train), self.subset(validation)

    def to(self, device: torch.device | str) -> "PhotoDataset":
        """Return the same photos on `device`. Photos of the atlas that are not in this set are not copied."""
        if torch.device(device) == self.device:
            return self
        if self.nbytes // 3 == len(self.atlas):
            return replace(self, atlas=self.atlas.to(device))
        return PhotoDataset.pack(
            [self[i] for i in range(len(self))], self.keys, self.groups, self.collections, self.left_out
        ).to(device)


def examined(item: Item, short_side: int | None = None) -> Photo | BrokenPhoto | None:
    """Return a photo for training, or the error that reading it raised, or None if it is grey."""
    try:
        photo = item.read(short_side)
    except BrokenPhoto as error:
        return error
    return photo if colorfulness(photo) >= GREY_BELOW else None


def colorfulness(rgb: Photo) -> float:
    """Return the colorfulness of an ``(H, W, 3)`` picture in 0..255, in the units of Hasler and Suesstrunk 2003."""
    # OpenCV computes the moments five times faster than NumPy, and this runs for every photo.
    means, deviations = cv2.meanStdDev(cv2.transform(rgb.astype(np.float32), np.array(MATRIX, np.float32)))
    return float(of_moments(means[:, 0], deviations[:, 0] ** 2))


def by_hash(items: Sequence[Item]) -> list[Item]:
    """Return `items` in an order that is the same on every machine and does not depend on their names' order."""
    named = {item.key: item for item in items}
    return [named[key] for key in ranked(list(named))]


def estimated_bytes(
    source: Source, short_side: int | None = None, limit: int | None = None, *, sample: int = 24
) -> int:
    """Estimate the bytes that `source` needs in memory. A few photos are decoded for it."""
    sizes = [
        photo.nbytes
        for _, photo in ordered(lambda item: examined(item, short_side), by_hash(source.items)[:sample])
        if isinstance(photo, np.ndarray)
    ]
    return int(np.mean(sizes) * min(len(source), limit or len(source))) if sizes else 0


def fits(source: Source, budget_bytes: int, short_side: int | None = None, limit: int | None = None) -> bool:
    """Return whether `source` is estimated to need at most `budget_bytes` in memory."""
    return estimated_bytes(source, short_side, limit) <= budget_bytes


def ordered(work: Callable[[In], Out], items: Iterable[In]) -> Iterator[tuple[In, Out]]:
    """Yield each of `items` with the result of `work`, in order. All cores work a little ahead."""
    workers = os.cpu_count() or 1
    waiting: deque[tuple[In, Future[Out]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                waiting.append((item, pool.submit(work, item)))
                # This limits the photos in memory. Executor.map would hold all of them.
                if len(waiting) > 4 * workers:
                    done, future = waiting.popleft()
                    yield done, future.result()
            while waiting:
                done, future = waiting.popleft()
                yield done, future.result()
        finally:
            for _, future in waiting:
                future.cancel()


class _Packer:
    """An atlas to which photos are added."""

    def __init__(self, pixels: int = 0) -> None:
        self.buffer = np.empty((pixels, 3), np.uint8)
        self.used = 0
        self.offsets: list[int] = []
        self.shapes: list[tuple[int, int]] = []

    def add(self, photo: Photo) -> None:
        if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3 or not photo.size:
            raise ValueError(f"a photo is (H, W, 3) uint8, not {photo.shape} {photo.dtype}")
        height, width, _ = photo.shape
        end = self.used + height * width
        if end > len(self.buffer):
            # In place, because a copy would need twice the memory.
            self.buffer.resize((end + min(end, 1 << 24) + end // 8, 3), refcheck=False)
        self.buffer[self.used : end] = photo.reshape(-1, 3)
        self.offsets.append(self.used)
        self.shapes.append((height, width))
        self.used = end

    def finish(self) -> tuple[Tensor, NDArray[np.int64], NDArray[np.int64]]:
        self.buffer.resize((self.used, 3), refcheck=False)
        shapes = np.array(self.shapes, np.int64).reshape(-1, 2)
        return torch.from_numpy(self.buffer), np.array(self.offsets, np.int64), shapes
