"""Before and after in one picture to show to others: beside each other, split by a line, or moving."""

from __future__ import annotations

from io import BytesIO
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["KINDS", "Kind", "SharedPicture", "share"]

Kind = Literal["side-by-side", "split", "webp", "gif"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SIDES = {"side-by-side": 1000, "split": 1600, "webp": 640, "gif": 480}
"""Pixels of the photo's longer side, at most. A moving picture is smaller, so that it can be sent in a message."""
LINE = 400
"""The line of a split picture is so many times thinner than the picture is wide."""
STEPS, STEP_MS, HOLD_MS = 8, 70, 1500
"""A moving picture: so many frames until the line has crossed it, and how long each state is held."""
QUALITY = {"JPEG": 90, "WEBP": 75}
SUFFIXES = {"JPEG": ".jpg", "WEBP": ".webp", "GIF": ".gif"}


class SharedPicture:
    """A picture to show to others: its bytes, its format such as "JPEG", and the suffix of its name."""

    def __init__(self, data: bytes, format: str) -> None:
        self.data, self.format = data, format
        self.type, self.suffix = f"image/{format.lower()}", SUFFIXES[format]


def share(
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    kind: Kind,
    *,
    cut: float = 0.5,
    exif: bytes = b"",
    xmp: bytes = b"",
    words: str = "",
) -> SharedPicture:
    """Draw before and after in one picture.

    Parameters
    ----------
    before, after : (h, w, 3) sRGB of the same size
    kind : "side-by-side" puts a photo that is wider than high above its result; "webp" and "gif" move
    cut : where the line of a split picture is, as a share of its width from the left
    exif, xmp : what says that the colours were inferred, for JPEG and WebP
    words : the same as a comment, for GIF, which has no place for metadata
    """
    old, new = (_reduced(picture, SIDES[kind]) for picture in (before, after))
    marks = {"exif": exif, "xmp": xmp}
    if kind == "gif":
        old, new = _with_one_palette(old, new)
        frames = _frames(old, new)
        return _moving(frames, "GIF", comment=words.encode(), optimize=False)
    if kind == "webp":
        return _moving(_frames(old, new), "WEBP", quality=QUALITY["WEBP"], method=4, **marks)
    sheet = _beside(old, new) if kind == "side-by-side" else _split(old, new, cut)
    out = BytesIO()
    sheet.save(out, "JPEG", quality=QUALITY["JPEG"], subsampling=0, **marks)
    return SharedPicture(out.getvalue(), "JPEG")


def _reduced(picture: NDArray[np.uint8], side: int) -> Image.Image:
    image = Image.fromarray(picture)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image


def _beside(old: Image.Image, new: Image.Image) -> Image.Image:
    width, height = old.size
    offset = (0, height) if width > height else (width, 0)
    sheet = Image.new("RGB", (width + offset[0], height + offset[1]))
    sheet.paste(old, (0, 0))
    sheet.paste(new, offset)
    return sheet


def _split(old: Image.Image, new: Image.Image, cut: float) -> Image.Image:
    width, height = old.size
    at = round(width * cut)
    sheet = new.copy()
    sheet.paste(old.crop((0, 0, at, height)), (0, 0))
    if 0 < at < width:
        line = max(2, round(width / LINE))
        sheet.paste((255, 255, 255), (at - line // 2, 0, at - line // 2 + line, height))
    return sheet


def _frames(old: Image.Image, new: Image.Image) -> list[tuple[Image.Image, int]]:
    """Frames and their milliseconds: the colour comes from the left, stays, and goes again."""
    width, height = old.size
    edges = [round(width * step / STEPS) for step in range(1, STEPS)]
    coming = []
    for edge in edges:
        frame = old.copy()
        frame.paste(new.crop((0, 0, edge, height)), (0, 0))
        coming.append((frame, STEP_MS))
    return [(old, HOLD_MS), *coming, (new, HOLD_MS), *reversed(coming)]


def _with_one_palette(old: Image.Image, new: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Both in the same 256 colours. So a place that does not change between two frames takes no room in the file."""
    palette = _beside(old, new).quantize(256, dither=Image.Dither.NONE)
    one, two = (picture.quantize(palette=palette) for picture in (old, new))
    return one, two


def _moving(frames: list[tuple[Image.Image, int]], format: str, **options: object) -> SharedPicture:
    out = BytesIO()
    first, *others = (frame for frame, _ in frames)
    durations = [milliseconds for _, milliseconds in frames]
    first.save(out, format, save_all=True, append_images=others, duration=durations, loop=0, **options)
    return SharedPicture(out.getvalue(), format)
