"""From the bytes of a photo to what is sent back. Runs in worker threads, and writes nothing to disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from photochrom.bot import texts
from photochrom.engine.colorizer import Colorizer
from photochrom.engine.options import Options
from photochrom.engine.toning import is_coloured
from photochrom.jobs.names import result_name
from photochrom.media import photo as media
from photochrom.media import provenance
from photochrom.media.photo import Page, Photo
from photochrom.pipeline.job import results
from photochrom.pipeline.request import ColorizeRequest

__all__ = ["Answer", "InColour", "Sent", "make_answer"]

# Telegram shows photos at 1280 pixels a side, 2560 at most, and refuses those longer than 20 times their width.
VIEW_SIDE = 1600
MOST_OBLONG = 20
VIEW_QUALITY = 90


class InColour(Exception):
    """The photo has colours already; the message is what to tell its sender."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file for the chat: its name there, and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes of one photo.

    Attributes
    ----------
    files
        The full-size files in colour, one for each candidate.
    before, after
        JPEG views for an album, at most 1600 pixels a side; of a photo that Telegram would not show, none.
    """

    files: list[Sent]
    before: Sent | None = None
    after: tuple[Sent, ...] = ()


def make_answer(
    colorizer: Colorizer,
    data: bytes,
    name: str,
    options: Options,
    *,
    max_pixels: int,
    force: bool = False,
    views: bool = True,
) -> Answer:
    """Colorize the photo in `data`.

    Parameters
    ----------
    name
        What messages call it, and what the results are named after.
    max_pixels
        Of all candidates together.
    views
        Make pictures for an album too, beside the files.

    Raises
    ------
    InColour
        Where the photo has colours, real or inferred, unless `force`.
    PhotoError
        Where the photo cannot be read, or its result not be written.
    """
    # Each candidate is a picture of its own in memory.
    photo = media.open(data, name=name, max_pixels=max(1, max_pixels // options.candidates))
    if not force:
        _refuse_colour(photo)
    versions = [result.photo for result in results(colorizer, photo, ColorizeRequest(options))]
    numbers: list[int | None] = list(range(len(versions))) if len(versions) > 1 else [None]
    suffix = media.extension_for(photo)
    files = [
        Sent(result_name(name, suffix, number), media.encode(version))
        for number, version in zip(numbers, versions, strict=True)
    ]
    height, width = photo.pages[0].pixels.shape[:2]
    if not views or max(width, height) > MOST_OBLONG * min(width, height):
        return Answer(files)
    after = tuple(
        Sent(result_name(name, ".jpg", number), _view(version.pages[0], version))
        for number, version in zip(numbers, versions, strict=True)
    )
    return Answer(files, Sent("before.jpg", _view(photo.pages[0])), after)


def _refuse_colour(photo: Photo) -> None:
    # Faint colours count as a tone, so the mark is asked first.
    if (mark := provenance.read(photo)) is not None:
        raise InColour(texts.DONE_BEFORE.format(name=photo.name, model=mark.model))
    if any(is_coloured(page) for page in photo.pages):
        raise InColour(texts.IN_COLOUR.format(name=photo.name))


def _view(page: Page, marks: Photo | None = None) -> bytes:
    """A page as a JPEG, at most `VIEW_SIDE` pixels a side, with the provenance of `marks`."""
    pixels: Any = page.pixels
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    mode = {"luma": "L", "rgb": "RGB", "ycbcr": "YCbCr"}[page.space]
    height, width = pixels.shape[:2]
    picture = Image.frombuffer(mode, (width, height), np.ascontiguousarray(pixels), "raw", mode, 0, 1)
    # reducing_gap shrinks by a whole number first: a large page takes a moment, not seconds.
    picture.thumbnail((VIEW_SIDE, VIEW_SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    view = Photo([Page(np.asarray(picture.convert("RGB")), "rgb")], "view", "JPEG", ".jpg")
    if marks is not None:
        view.exif, view.xmp = marks.exif, marks.xmp
    return media.encode(view, format="JPEG", jpeg_quality=VIEW_QUALITY)
