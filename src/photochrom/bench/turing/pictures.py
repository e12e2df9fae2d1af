"""Makes pictures from folders or models that differ only in their colours."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.color.luma import rgb_to_luma
from photochrom.data.decode import BrokenPhoto, decode
from photochrom.engine.toning import kind_of
from photochrom.files import words_of

if TYPE_CHECKING:
    from photochrom.pipeline.python import Colorizer

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff"})
LONGEST = 768
"""Pixels of the longer side as shown. A picture gets half of the screen, which is less even at 1.5 pixels each."""
QUALITY = 95

Rgb = NDArray[np.uint8]
Maker = Callable[[str, Rgb], Rgb]
"""Gives a model's picture of a photo, by the photo's stem and its true colours (H, W, 3)."""


@dataclass(frozen=True, slots=True)
class Views:
    """One photo as JPEG files of one size: its true colours, each model's, and a plainly wrong version."""

    stem: str
    truth: bytes
    wrong: bytes
    models: dict[str, bytes]


class Unfit(ValueError):
    """A photo that cannot be used; the message is one line with its name and the reason."""


def listed(folder: Path) -> dict[str, Path]:
    """The pictures in `folder` by stem, without the ".color" that `photochrom colorize` appends.

    Raises
    ------
    ValueError
        If there is no such folder, no picture in it, or two pictures of one stem.
    """
    if not os.path.isdir(folder):
        raise ValueError(f"{folder}: no such folder")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
            continue
        first = found.setdefault(path.stem.removesuffix(".color"), path)
        if first != path:
            raise ValueError(f"{folder}: {first.name} and {path.name} are the same photo's; remove one")
    if not found:
        raise ValueError(f"{folder}: no pictures in it (looked for {', '.join(sorted(SUFFIXES))})")
    return found


def missing(truth: Mapping[str, Path], pictures: Mapping[str, Path], name: str) -> list[str]:
    """One line for each photo that only one of the two listings has."""
    lines = [
        f"{path}: {name} has no picture of it; left out" for s, path in truth.items() if s not in pictures
    ]
    return lines + [
        f"{path}: there is no true photo of that name; left out"
        for s, path in pictures.items()
        if s not in truth
    ]


def from_folder(pictures: Mapping[str, Path]) -> Maker:
    """A maker that reads pictures from files."""
    return lambda stem, truth: read(pictures[stem])


def from_colorizer(colorizer: Colorizer) -> Maker:
    """A maker that colorizes the luma of the true photo as if it were a black-and-white scan."""

    def make(stem: str, truth: Rgb) -> Rgb:
        luma = np.asarray(Image.fromarray(truth).convert("L"))
        return np.asarray(colorizer.colorize(luma), np.uint8)

    return make


def read(path: Path) -> Rgb:
    """A picture as (H, W, 3) sRGB, upright. Raises Unfit."""
    try:
        return decode(path.read_bytes(), str(path))
    except BrokenPhoto as error:
        raise Unfit(f"{error}; left out") from error
    except OSError as error:
        raise Unfit(f"{path}: cannot be read ({words_of(error)}); left out") from error


def prepare(
    truth: Mapping[str, Path], makers: Mapping[str, Maker], complain: Callable[[str], None]
) -> Iterator[Views]:
    """Make the views of each photo in `truth`. A photo that cannot be used is left out, and `complain` gets a line."""
    for stem, path in truth.items():
        try:
            yield _views(stem, path, makers)
        except Unfit as error:
            complain(str(error))


def _views(stem: str, path: Path, makers: Mapping[str, Maker]) -> Views:
    true = _within(read(path), LONGEST)
    if kind_of(_within(true, 256)) == "grey":
        raise Unfit(f"{path}: the true photo has no colours; left out")
    pictures = {name: make(stem, true) for name, make in makers.items()}
    for name, picture in pictures.items():
        if not _same_proportions(true, picture):
            sizes = [f"{rgb.shape[1]} x {rgb.shape[0]}" for rgb in (picture, true)]
            raise Unfit(f"{path}: {name}'s picture is {sizes[0]} pixels, the photo {sizes[1]}; left out")
    # A participant would recognise the sharper picture, so all are reduced to the smallest size.
    height, width = min((rgb.shape[:2] for rgb in (true, *pictures.values())), key=lambda s: s[0] * s[1])
    size = (width, height)
    return Views(
        stem,
        _jpeg(_resized(true, size)),
        _jpeg(rainbow(_resized(true, size))),
        {name: _jpeg(_resized(picture, size)) for name, picture in pictures.items()},
    )


def rainbow(rgb: Rgb) -> Rgb:
    """The photo painted in stripes of every hue, for an attention check: anybody sees that it is wrong.

    Inverted or stronger colours would not change a snow scene or a foggy day. White and black are made grey first, so
    that they can take colour too.
    """
    height, width, _ = rgb.shape
    luma = 0.25 + 0.5 * rgb_to_luma(rgb.astype(np.float32) / 255)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle = 2 * np.pi * (1.5 * x / width + y / height)
    thirds = np.array([0, 2, 4], np.float32) * (np.pi / 3)
    painted = luma[..., None] + 0.35 * np.cos(angle[..., None] + thirds)
    return np.asarray(np.rint(255 * np.clip(painted, 0, 1)), np.uint8)


def _same_proportions(first: Rgb, second: Rgb) -> bool:
    """Whether both have the same proportions, except for rounding to whole pixels."""
    (h1, w1), (h2, w2) = first.shape[:2], second.shape[:2]
    return bool(abs(w1 * h2 - w2 * h1) <= max(h1, w1, h2, w2))


def _within(rgb: Rgb, longest: int) -> Rgb:
    height, width, _ = rgb.shape
    scale = longest / max(height, width)
    return rgb if scale >= 1 else _resized(rgb, (max(1, round(width * scale)), max(1, round(height * scale))))


def _resized(rgb: Rgb, size: tuple[int, int]) -> Rgb:
    if rgb.shape[1::-1] == size:
        return rgb
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _jpeg(rgb: Rgb) -> bytes:
    """A JPEG without metadata. The metadata of our own outputs would say that their colours were inferred."""
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=QUALITY, subsampling=0)
    return out.getvalue()
