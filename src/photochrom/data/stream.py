"""Photos of a set that does not fit in memory, decoded ahead of the net; and the entry that decides which it is."""

import os
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from photochrom.data.dataset import LeftOut, Photo, PhotoDataset, by_hash, examined, fits
from photochrom.data.decode import BrokenPhoto
from photochrom.data.sources import Item, find_all
from photochrom.data.splits import split

GIVE_UP = 1000
"""After so many grey or broken photos in a row there is nothing to learn from."""


class PhotoStream:
    """Photos that are decoded when they are wanted, by the same methods as a `PhotoDataset`.

    In place of a grey or broken photo comes the next one that is neither: whoever asks for index i gets the same
    photo every time, however many threads there are and whatever was asked for before.

    Parameters
    ----------
    items : what a source lists
    short_side : pixels to which larger photos are reduced; None keeps their size
    ahead : at most so many photos are held that were announced and not yet taken
    threads : by default one per core

    Attributes
    ----------
    keys, groups : of each item, whether it can be read or not; what `take` gives has its own
    left_out : what was found to be grey or broken so far
    waited : seconds spent in `take` waiting for photos
    """

    def __init__(
        self,
        items: Sequence[Item],
        *,
        short_side: int | None = None,
        ahead: int = 512,
        threads: int | None = None,
    ) -> None:
        self._hold(list(items))
        self.short_side, self.ahead = short_side, ahead
        self.device = torch.device("cpu")
        self.left_out = LeftOut()
        self.waited = 0.0
        self._useless: set[Item] = set()
        self._pool = ThreadPoolExecutor(threads or os.cpu_count(), thread_name_prefix="photos")
        self._lock = Lock()
        self._coming: OrderedDict[int, Future[tuple[Item, Photo]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self.items)

    def __str__(self) -> str:
        return f"{len(self):,} photos, streamed; left out so far: {self.left_out}"

    @property
    def short_sides(self) -> NDArray[np.int64] | None:
        """None: a photo's size is not known before it is read."""
        return None

    def subset(self, indices: ArrayLike) -> "PhotoStream":
        """The stream of some of the items; it shares the threads and what is known to be grey or broken."""
        stream = object.__new__(PhotoStream)
        stream.__dict__.update(self.__dict__)
        stream._hold([self.items[i] for i in np.asarray(indices, dtype=np.intp).reshape(-1)])
        stream.waited, stream._coming = 0.0, OrderedDict()
        return stream

    def split(self, spec: str | float, seed: int = 0) -> tuple["PhotoStream", "PhotoStream"]:
        """Training and validation items, grey and broken ones counted in; see `photochrom.data.splits.split`."""
        train, validation = split(self.groups, spec, seed)
        return self.subset(train), self.subset(validation)

    def to(self, device: torch.device | str) -> "PhotoStream":
        """The same stream, whose batches go to `device`."""
        stream = self.subset(np.arange(len(self)))
        stream.device = torch.device(device)
        return stream

    def prefetch(self, indices: ArrayLike) -> None:
        """Start to decode the photos that `take` will be asked for next.

        Of more than `ahead` photos the last are left; what was announced long ago and never taken is forgotten.
        """
        with self._lock:
            for i in np.asarray(indices, dtype=np.intp).reshape(-1)[: self.ahead].tolist():
                self._announce(i)
            while len(self._coming) > self.ahead:
                self._coming.popitem(last=False)[1].cancel()

    def take(self, indices: ArrayLike) -> PhotoDataset:
        """Decode a batch, or wait for it where it was announced.

        Raises
        ------
        FileNotFoundError
            If `GIVE_UP` photos in a row, or all there are, are grey or broken.
        """
        started = time.perf_counter()
        chosen = np.asarray(indices, dtype=np.intp).reshape(-1).tolist()
        with self._lock:
            coming = {i: self._announce(i) for i in chosen}
            for i in coming:
                del self._coming[i]
        read = [coming[i].result() for i in chosen]
        self.waited += time.perf_counter() - started
        photos = PhotoDataset.pack(
            [photo for _, photo in read],
            [item.key for item, _ in read],
            [item.group for item, _ in read],
            self.left_out,
        )
        return photos.to(self.device)

    def close(self) -> None:
        """Stop the threads, also those of the streams that this one was made from."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _hold(self, items: list[Item]) -> None:
        self.items = items
        self.keys, self.groups = [item.key for item in items], [item.group for item in items]

    def _announce(self, index: int) -> Future[tuple[Item, Photo]]:
        if index not in self._coming:
            self._coming[index] = self._pool.submit(self._read, index)
        return self._coming[index]

    def _read(self, index: int) -> tuple[Item, Photo]:
        for step in range(min(len(self.items), GIVE_UP)):
            item = self.items[(index + step) % len(self.items)]
            if item in self._useless:
                continue
            photo = examined(item, self.short_side)
            if isinstance(photo, np.ndarray):
                return item, photo
            self._leave_out(item, photo)
        raise FileNotFoundError(f"{item.key}: no colour photo from here on; left out: {self.left_out}")

    def _leave_out(self, item: Item, why: BrokenPhoto | None) -> None:
        with self._lock:
            if item in self._useless:
                return
            self._useless.add(item)
            if why is None:
                self.left_out.grey += 1
            else:
                self.left_out.broken[item.key] = why.reason


def load(
    paths: Iterable[str | Path],
    *,
    limit: int | None = None,
    short_side: int | None = None,
    resident: bool | None = None,
    memory: int | None = None,
    device: torch.device | str = "cpu",
    cache: Path | None = None,
) -> PhotoDataset | PhotoStream:
    """The photos at `paths` (see `photochrom.data.sources.find`), in memory where they fit and else streamed.

    Parameters
    ----------
    limit : at most so many photos, chosen by the hash of their keys; of a stream grey and broken ones count
    short_side : pixels to which larger photos are reduced; None keeps their size
    resident : True for memory, False for streaming; None decides by an estimate
    memory : bytes that they may take; by default half of what is free
    device : where batches are wanted. Photos in memory are moved there if they fit into half of what is free;
        where they do not, they stay on the CPU, and so do their batches.
    cache : where remote tars are kept

    Raises
    ------
    FileNotFoundError
        If a path does not exist, or has no photo or none in colour.
    OSError, ValueError, ImportError
        If a tar, an array or an address cannot be read.
    """
    source, device = find_all(paths, cache=cache), torch.device(device)
    if resident is None:
        budget = free_memory(torch.device("cpu")) // 2 if memory is None else memory
        resident = fits(source, budget, short_side, limit)
    if not resident:
        items = (
            source.items
            if limit is None
            else sorted(by_hash(source.items)[:limit], key=lambda item: item.key)
        )
        stream = PhotoStream(items, short_side=short_side)
        return stream if device == stream.device else stream.to(device)
    photos = PhotoDataset.load(source, limit=limit, short_side=short_side)
    return photos.to(device) if photos.nbytes <= free_memory(device) // 2 else photos


def free_memory(device: torch.device) -> int:
    """About how many bytes can still be used on `device`: of a GPU, of the container, of the machine."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    cgroup = Path("/sys/fs/cgroup")
    known = [_number(Path("/proc/meminfo"), "MemAvailable:", 1024)]
    limit, used = _number(cgroup / "memory.max"), _number(cgroup / "memory.current")
    if limit is not None and used is not None:
        # What the files of this very data set occupy in the page cache is given back on demand.
        known.append(limit - used + (_number(cgroup / "memory.stat", "inactive_file") or 0))
    amounts = [amount for amount in known if amount is not None]
    # Where the system does not say (Windows, macOS): half of the smallest machine in use.
    return max(0, min(amounts)) if amounts else 4 << 30


def _number(path: Path, name: str | None = None, unit: int = 1) -> int | None:
    """The number in a file of one, or after `name` in a file of many."""
    try:
        words = path.read_text().split()
        return int(words[0 if name is None else words.index(name) + 1]) * unit
    except (OSError, ValueError, IndexError):
        return None
