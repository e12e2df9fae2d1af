"""Sources of photos: folders, tars and the Kaggle arrays. Photos are listed by name and read one at a time."""

import os
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import lab_to_rgb
from photochrom.data import shards
from photochrom.data.decode import BrokenPhoto, decode, reduced
from photochrom.data.splits import groups_of
from photochrom.files import words_of

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A photo that can be read.

    `key` is its name within the source and is the same on every machine. Photos of one `group` show the same scene, so
    a split must keep them together. `at` is the place of the photo for its `source`.
    """

    key: str
    group: str
    source: "Source"
    at: Any

    def read(self, short_side: int | None = None) -> NDArray[np.uint8]:
        """Read the photo; see `Source.read`."""
        return self.source.read(self, short_side)

    @property
    def collection(self) -> str:
        """The collection of its source; see `Source.collection`."""
        return self.source.collection


class Source(ABC):
    """Photos by name. They are listed at the first use of `items`, and read photos are not kept.

    Listing raises FileNotFoundError or PermissionError if a folder or tar cannot be read, and ValueError if its content
    is wrong.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def items(self) -> list[Item]:
        """All photos, sorted or in the order of the tar."""
        return list(self._list())

    @cached_property
    def collection(self) -> str:
        """The folder or the tar. The numbered tars of one set (``name-00.tar``, ...) are one collection."""
        if self.path.suffix != ".tar":
            return str(self.path)
        return re.sub(r"-\d+$", "", str(self.path.with_suffix("")))

    def __len__(self) -> int:
        return len(self.items)

    @abstractmethod
    def read(self, item: Item, short_side: int | None = None) -> NDArray[np.uint8]:
        """Decode a photo. Many threads may call this at the same time.

        Parameters
        ----------
        short_side : pixels to which larger photos are reduced; None keeps their size

        Returns
        -------
        (H, W, 3) uint8 sRGB, upright.

        Raises
        ------
        BrokenPhoto
            If it is missing, damaged, too large or not a picture.
        """

    @abstractmethod
    def _list(self) -> Iterable[Item]: ...


class Folder(Source):
    """A folder with all photos in it and below: any photos, COCO, ImageNet (one folder per class) or Flickr1024."""

    def _list(self) -> Iterator[Item]:
        names = sorted(_walk(self.path))
        for name, group in zip(names, groups_of(names), strict=True):
            yield Item(name, group, self, name)

    def read(self, item: Item, short_side: int | None = None) -> NDArray[np.uint8]:
        try:
            data = (self.path / item.at).read_bytes()
        except OSError as error:
            raise BrokenPhoto(item.key, words_of(error)) from error
        return decode(data, item.key, short_side)


class Tar(Source):
    """A WebDataset shard, or any tar of photos (ImageNet's own, one per class)."""

    def _list(self) -> Iterator[Item]:
        # In a tar, a later file of the same name replaces the earlier one.
        members = list({m.name: m for m in shards.index(self.path) if _is_photo(m.name)}.values())
        groups = groups_of([member.name for member in members], samples=True)
        for member, group in zip(members, groups, strict=True):
            yield Item(member.name, group, self, member)

    def read(self, item: Item, short_side: int | None = None) -> NDArray[np.uint8]:
        try:
            data = shards.read_member(self.path, item.at)
        except (OSError, EOFError) as error:
            raise BrokenPhoto(item.key, str(error)) from error
        return decode(data, item.key, short_side)


class KaggleArrays(Source):
    """The "Image Colorization" arrays: ``l/gray_scale.npy`` and ``ab/ab1.npy``, ``ab2.npy``, ...

    Lightness (25,000, 224, 224) and colour (10,000 or fewer, 224, 224, 2), both uint8 in OpenCV's 8-bit Lab:
    L * 255 / 100, a + 128, b + 128. The arrays are memory-mapped. If only the first ab files exist, only the photos
    with colours are used.
    """

    @staticmethod
    def fits(folder: Path) -> bool:
        """Whether a folder is one of them."""
        return os.path.isfile(folder / "l" / "gray_scale.npy")

    @cached_property
    def _arrays(self) -> tuple[NDArray[np.uint8], list[NDArray[np.uint8]]]:
        lightness = _mapped(self.path / "l" / "gray_scale.npy", 3)
        parts: list[NDArray[np.uint8]] = []
        while os.path.isfile(part := self.path / "ab" / f"ab{len(parts) + 1}.npy"):
            parts.append(_mapped(part, 4))
        if not parts:
            raise FileNotFoundError(f"{part}: the arrays' colours are missing")
        for part_shape in (part.shape for part in parts):
            if part_shape[1:] != (*lightness.shape[1:], 2):
                raise ValueError(f"{self.path}: ab is {part_shape}, which does not fit l, {lightness.shape}")
        if sum(map(len, parts)) > len(lightness):
            raise ValueError(f"{self.path}: more photos in ab than the {len(lightness)} in l")
        return lightness, parts

    def _list(self) -> Iterator[Item]:
        number = 0
        for part, array in enumerate(self._arrays[1]):
            for row in range(len(array)):
                yield Item(f"{number:05d}", f"{number:05d}", self, (number, part, row))
                number += 1

    def read(self, item: Item, short_side: int | None = None) -> NDArray[np.uint8]:
        number, part, row = item.at
        lightness, parts = self._arrays
        grey, ab = lightness[number, ..., None], parts[part][row]
        lab = np.concatenate([grey * np.float32(100 / 255), ab - np.float32(128)], axis=-1)
        rgb = np.rint(lab_to_rgb(lab) * 255).astype(np.uint8)
        return reduced(rgb, short_side)


class Joined(Source):
    """Several sources in sequence. If several have the same key, the key begins with the source's name."""

    def __init__(self, parts: Sequence[Source]) -> None:
        super().__init__(Path(os.path.commonpath([part.path.absolute() for part in parts])))
        self.parts = parts

    def _list(self) -> Iterator[Item]:
        counts = Counter(key for part in self.parts for key in {item.key for item in part.items})
        for part in self.parts:
            name = part.path.absolute().relative_to(self.path).as_posix()
            for item in part.items:
                if counts[item.key] == 1:
                    yield item
                else:
                    yield replace(item, key=f"{name}/{item.key}", group=f"{name}/{item.group}")

    def read(self, item: Item, short_side: int | None = None) -> NDArray[np.uint8]:
        return item.source.read(item, short_side)


def find(path: str | Path, *, cache: Path | None = None) -> Source:
    """Return the photos at `path`.

    A folder with ``l/gray_scale.npy`` holds the Kaggle arrays. A folder with tars gives the photos in the tars and
    beside them. Any other folder gives all photos in it and below. A path that ends in ``.tar`` gives the photos in the
    tar. It may be a URL of fsspec, which is downloaded into `cache` (see `shards.fetch`), and contain ``{000..012}`` or
    ``*``.

    Raises
    ------
    FileNotFoundError
        If there is nothing, or nothing that is a photo.
    ValueError
        If a tar is cut short, or an array is not as it should be.
    OSError, ImportError
        If a URL cannot be fetched.
    """
    names = [str(path)] if os.path.exists(path) else shards.expand(str(path))
    return join([_find_one(name, cache) for name in names])


def find_all(paths: Iterable[str | Path], *, cache: Path | None = None) -> Source:
    """Return the photos at all `paths` as one source; see `find`."""
    return join([find(path, cache=cache) for path in paths])


def join(sources: Sequence[Source]) -> Source:
    """Join sources to one. An empty source raises FileNotFoundError, because its path is probably wrong."""
    leaves = [
        leaf for source in sources for leaf in (source.parts if isinstance(source, Joined) else [source])
    ]
    # A folder that is given twice counts once.
    parts = list({leaf.path.resolve(): leaf for leaf in leaves}.values())
    for part in parts:
        if not part.items:
            raise FileNotFoundError(
                f"{part.path}: no photos in it (looked for {', '.join(sorted(SUFFIXES))})"
            )
    return parts[0] if len(parts) == 1 else Joined(parts)


def _find_one(name: str, cache: Path | None) -> Source:
    if shards.is_url(name):
        if not name.split("?", maxsplit=1)[0].endswith(".tar"):
            raise ValueError(f"{name}: only tars can be read from an address; download the photos first")
        return Tar(shards.fetch(name, cache))
    path = Path(name)
    if os.path.isfile(path) and path.suffix == ".tar":
        return Tar(path)
    if not os.path.isdir(path):
        raise FileNotFoundError(f"{path}: neither a folder of photos nor a .tar of them")
    if KaggleArrays.fits(path):
        return KaggleArrays(path)
    tars = sorted(file for file in path.iterdir() if file.suffix == ".tar" and not file.name.startswith("."))
    if not tars:
        return Folder(path)
    beside = Folder(path)
    return join([*map(Tar, tars), *([beside] if beside.items else [])])


def _walk(folder: Path) -> Iterator[str]:
    def fail(error: OSError) -> None:
        raise error

    seen = set()
    # Class folders are often links to another disk. A link to a folder above must not cause an endless loop.
    for root, folders, files in os.walk(folder, onerror=fail, followlinks=True):
        status = os.stat(root)
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        inside = Path(root).relative_to(folder).as_posix()
        yield from (file if inside == "." else f"{inside}/{file}" for file in files if _is_photo(file))


def _is_photo(name: str) -> bool:
    path = PurePosixPath(name)
    # macOS writes its own "._photo.jpg" beside every photo.
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def _mapped(path: Path, dimensions: int) -> NDArray[np.uint8]:
    try:
        array = np.load(path, mmap_mode="r")
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path}: not a whole array ({error}); download it again") from error
    if array.dtype != np.uint8 or array.ndim != dimensions:
        raise ValueError(f"{path}: {array.dtype} of {array.ndim} dimensions, not uint8 of {dimensions}")
    mapped: NDArray[np.uint8] = array
    return mapped
