"""Photos of a set that does not fit into memory, and the function that chooses between memory and streaming."""

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
"""After so many consecutive grey or broken photos reading stops with an error."""


class PhotoStream:
    """Photos that are decoded on demand. It has the methods of a `PhotoDataset`.

    A grey or broken photo is replaced by the next usable one. Index i therefore always gives the same photo, whatever
    the number of threads and the earlier requests.

    Parameters
    ----------
    items : the items of a source
    short_side : pixels to which larger photos are reduced; None keeps their size
    ahead : the largest number of announced photos that are held until they are taken
    threads : by default one per core

    Attributes
    ----------
    keys, groups, collections : key, group and collection of each item, readable or not; the sets that `take` returns
        have their own
    left_out : the photos that were found to be grey or broken so far
    waited : seconds that `take` waited for photos
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
        """None, because a photo's size is not known before it is read."""
        return None

    def subset(self, indices: ArrayLike) -> "PhotoStream":
        """Return a stream of some of the items. It shares the threads and the list of grey and broken photos."""
        stream = object.__new__(PhotoStream)
        stream.__dict__.update(self.__dict__)
        stream._hold([self.items[i] for i in np.asarray(indices, dtype=np.intp).reshape(-1)])
        stream.waited, stream._coming = 0.0, OrderedDict()
        return stream

    def split(self, spec: str | float, seed: int = 0) -> tuple["PhotoStream", "PhotoStream"]:
        """Return training and validation items, with grey and broken ones; see `photochrom.data.splits.split`."""
        train, validation = split(self.groups, spec, seed)
        return self.subset(train), self.subset(validation)

    def to(self, device: torch.device | str) -> "PhotoStream":
        """Return the same stream with its batches on `device`."""
        stream = self.subset(np.arange(len(self)))
        stream.device = torch.device(device)
        return stream

    def prefetch(self, indices: ArrayLike) -> None:
        """Start to decode the photos that `take` will need next.

        At most `ahead` of these photos are decoded. If too many are held, the oldest that were never taken are dropped.
        """
        with self._lock:
            for i in np.asarray(indices, dtype=np.intp).reshape(-1)[: self.ahead].tolist():
                self._announce(i)
            while len(self._coming) > self.ahead:
                self._coming.popitem(last=False)[1].cancel()

    def take(self, indices: ArrayLike) -> PhotoDataset:
        """Decode a batch. If it was announced, wait until it is decoded.

        Raises
        ------
        FileNotFoundError
            If `GIVE_UP` consecutive photos, or all photos, are grey or broken.
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
            [item.collection for item, _ in read],
            self.left_out,
        )
        return photos.to(self.device)

    def close(self) -> None:
        """Stop the threads. The streams from which this one was made share them."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _hold(self, items: list[Item]) -> None:
        self.items = items
        self.keys, self.groups = [item.key for item in items], [item.group for item in items]
        self.collections = [item.collection for item in items]

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
                self.left_out.add_grey(item.key)
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
    """Return the photos at `paths` (see `photochrom.data.sources.find`), in memory if they fit, else as a stream.

    Parameters
    ----------
    limit : the largest number of photos, chosen by the hash of their keys; a stream counts grey and broken ones too
    short_side : pixels to which larger photos are reduced; None keeps their size
    resident : True for memory, False for streaming; None decides by an estimate
    memory : the largest number of bytes for the photos; by default half of the free memory
    device : the device of the batches. Photos in memory are moved there if they fit into half of its free memory.
        Otherwise they and their batches stay on the CPU.
    cache : the folder for remote tars

    Raises
    ------
    FileNotFoundError
        If a path does not exist or has no colour photo.
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
    """Estimate the free bytes of `device`: of a GPU, of the container, or of the machine."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    cgroup = Path("/sys/fs/cgroup")
    known = [_number(Path("/proc/meminfo"), "MemAvailable:", 1024)]
    limit, used = _number(cgroup / "memory.max"), _number(cgroup / "memory.current")
    if limit is not None and used is not None:
        # The page cache, which holds the files of this data set, is freed on demand.
        known.append(limit - used + (_number(cgroup / "memory.stat", "inactive_file") or 0))
    amounts = [amount for amount in known if amount is not None]
    # Windows and macOS do not say. 4 GiB is half of the smallest machine in use.
    return max(0, min(amounts)) if amounts else 4 << 30


def _number(path: Path, name: str | None = None, unit: int = 1) -> int | None:
    """Read the only number of a file, or the one after `name`. Returns None if there is none."""
    try:
        words = path.read_text().split()
        return int(words[0 if name is None else words.index(name) + 1]) * unit
    except (OSError, ValueError, IndexError):
        return None
