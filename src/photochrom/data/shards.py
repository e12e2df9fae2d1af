"""Photos from folders and WebDataset tars, decoded once and held as uint8 in memory."""

import io
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
GREY_BELOW = 15.0
"""Photos less colourful than this (Hasler and Suesstrunk 2003) teach a colorizer to leave things grey."""


@dataclass
class PhotoSet:
    """Colour photos in memory, and the count of what was left out and why."""

    photos: list[NDArray[np.uint8]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    grey: int = 0
    broken: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.photos)

    def __str__(self) -> str:
        megabytes = sum(p.nbytes for p in self.photos) / 1e6
        left_out = f"{self.grey} grey, {len(self.broken)} unreadable"
        return f"{len(self)} photos in {megabytes:.0f} MB; left out: {left_out}"


def load(paths: list[Path], *, short_side: int | None = None, limit: int | None = None) -> PhotoSet:
    """Decode every photo under `paths` (tar files or folders).

    Parameters
    ----------
    short_side : pixels to which larger photos are reduced; None keeps their size
    limit : stop after this many files

    Raises
    ------
    FileNotFoundError
        If a path does not exist or nothing usable is found.
    ValueError
        If a tar file is cut short or not one.
    """
    photos = PhotoSet()
    with ThreadPoolExecutor() as pool:
        for key, picture in pool.map(partial(_decode, short_side=short_side), _files(paths, limit)):
            if picture is None:
                photos.broken.append(key)
            elif colourfulness(picture) < GREY_BELOW:
                photos.grey += 1
            else:
                photos.photos.append(picture)
                photos.keys.append(key)
    if not photos.photos:
        raise FileNotFoundError(f"no colour photos under {', '.join(map(str, paths))} ({photos})")
    return photos


def colourfulness(rgb: NDArray[np.uint8]) -> float:
    """Hasler and Suesstrunk 2003, equation 10, of an ``(H, W, 3)`` picture in 0..255."""
    red, green, blue = (rgb[..., i].astype(np.float32) for i in range(3))
    rg, yb = red - green, (red + green) / 2 - blue
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))


def _files(paths: list[Path], limit: int | None) -> Iterator[tuple[str, bytes]]:
    count = 0
    for path in paths:
        for item in _tar_files(path) if path.suffix == ".tar" else _folder_files(path):
            if limit is not None and count >= limit:
                return
            count += 1
            yield item


def _tar_files(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                if member.isfile() and Path(member.name).suffix.lower() in SUFFIXES:
                    file = tar.extractfile(member)
                    assert file is not None
                    yield member.name, file.read()
    except tarfile.TarError as error:
        raise ValueError(f"{path}: not a whole tar file ({error}); copy it again") from error


def _folder_files(path: Path) -> Iterator[tuple[str, bytes]]:
    if not path.is_dir():
        raise FileNotFoundError(f"{path}: neither a folder of photos nor a .tar of them")
    for file in sorted(path.rglob("*")):
        if file.suffix.lower() in SUFFIXES and file.is_file():
            yield str(file.relative_to(path)), file.read_bytes()


def _decode(item: tuple[str, bytes], short_side: int | None) -> tuple[str, NDArray[np.uint8] | None]:
    key, data = item
    try:
        with Image.open(io.BytesIO(data)) as image:
            picture = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return key, None
    if short_side is not None and min(picture.size) > short_side:
        scale = short_side / min(picture.size)
        picture = picture.resize(
            (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.BOX
        )
    return key, np.asarray(picture)
