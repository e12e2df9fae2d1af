"""Where photos come from: folders, tars and the Kaggle arrays, listed by name and read one at a time."""

import os
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

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A photo that can be read.

    `key` is its name within the source, the same on every machine; photos of one `group` show the same scene and
    must not be parted by a split; `at` is what its `source` finds it by.
    """

    key: str
    group: str
    source: "Source"
    at: Any

    def read(self, short_side: int | None = None) -> NDArray[np.uint8]:
        """The photo, as `Source.read` gives it."""
        return self.source.read(self, short_side)


class Source(ABC):
    """Photos by name. Nothing is listed before `items` is asked for, and no photo is kept.

    Raises, while listing: FileNotFoundError or PermissionError if a folder or tar cannot be read, ValueError if it
    is not what it seems.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def items(self) -> list[Item]:
        """All photos, sorted or in the order of the tar."""
        return list(self._list())

    def __len__(self) -> int:
        return len(self.items)

    @abstractmethod
    def read(self, item: Item, short_side: int | None = None) -> NDArray[np.uint8]:
        """Decode a photo; may be called from many threads.

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
    """A folder and all below it: photos as they are, COCO's, ImageNet's with one folder per class, Flickr1024's."""

    def _list(self) -> Iterator[Item]:
        names = sorted(_walk(self.path))
        for name, group in zip(names, groups_of(names), strict=True):
            yield Item(name, group, self, name)

    def read(self, item: Item, short_side: int | None = None) -> NDArray[np.uint8]:
        try:
            data = (self.path / item.at).read_bytes()
        except OSError as error:
            raise BrokenPhoto(item.key, error.strerror or str(error)) from error
        return decode(data, item.key, short_side)


class Tar(Source):
    """A WebDataset shard, or any tar of photos (ImageNet's own, one per class)."""

    def _list(self) -> Iterator[Item]:
        # As tar has it, a later file of the same name replaces the former.
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
    L * 255 / 100, a + 128, b + 128. They are mapped, not loaded. With only the first ab files, the photos that have
    colours are used.
    """

    @staticmethod
    def fits(folder: Path) -> bool:
        """Whether a folder is one of them."""
        return (folder / "l" / "gray_scale.npy").is_file()

    @cached_property
    def _arrays(self) -> tuple[NDArray[np.uint8], list[NDArray[np.uint8]]]:
        lightness = _mapped(self.path / "l" / "gray_scale.npy", 3)
        parts: list[NDArray[np.uint8]] = []
        while (part := self.path / "ab" / f"ab{len(parts) + 1}.npy").is_file():
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
    """Several sources after one another; keys that more than one of them has are led by its name."""

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
    """The photos at `path`, by what is there.

    A folder: with ``l/gray_scale.npy`` the Kaggle arrays; with tars in it those, and what photos lie beside them;
    else all photos in it and below. A path that ends in ``.tar``: the photos in it. Such a path may be a URL of
    fsspec's, which is downloaded into `cache` (see `shards.fetch`), and hold ``{000..012}`` or ``*``.

    Raises
    ------
    FileNotFoundError
        If there is nothing, or nothing that is a photo.
    ValueError
        If a tar is cut short, or an array is not as it should be.
    OSError, ImportError
        If a URL cannot be fetched.
    """
    names = [str(path)] if Path(path).exists() else shards.expand(str(path))
    return join([_find_one(name, cache) for name in names])


def find_all(paths: Iterable[str | Path], *, cache: Path | None = None) -> Source:
    """What `find` finds at each of `paths`, joined."""
    return join([find(path, cache=cache) for path in paths])


def join(sources: Sequence[Source]) -> Source:
    """One source of many; raises FileNotFoundError if any of them is empty, since that is a slip of its path."""
    leaves = [
        leaf for source in sources for leaf in (source.parts if isinstance(source, Joined) else [source])
    ]
    # The same folder given twice is one.
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
    if path.is_file() and path.suffix == ".tar":
        return Tar(path)
    if not path.is_dir():
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
    # Class folders are often links to another disk; a link to a folder above must not go round for ever.
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
    # macOS leaves a "._photo.jpg" of its own beside every photo.
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
