"""`make_answer`: colorize the bytes of a photo for a chat. It runs on threads and writes nothing to disk."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from photochrom.engine.colorizer import Colorizer
from photochrom.jobs.names import portable_name
from photochrom.media import photo as media
from photochrom.media.photo import Page, Photo
from photochrom.pipeline.arrays import small_picture
from photochrom.pipeline.job import colorize
from photochrom.pipeline.naming import result_name
from photochrom.pipeline.request import ColorizeRequest

__all__ = ["Answer", "Sent", "make_answer"]

# Telegram shows photos at 1280 pixels a side, 2560 at most, and refuses those longer than 20 times their width.
VIEW_SIDE = 1600
MOST_OBLONG = 20
VIEW_QUALITY = 90


@dataclass(frozen=True, slots=True)
class Sent:
    """A file for the chat: its name there, and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """The results of one photo.

    Attributes
    ----------
    files
        The full-size files in colour, one for each candidate.
    notes
        What was changed or left out, in words.
    before, after
        JPEG views for an album, at most 1600 pixels a side; none if Telegram would not show them.
    """

    files: list[Sent]
    notes: tuple[str, ...] = ()
    before: Sent | None = None
    after: tuple[Sent, ...] = ()


def make_answer(
    colorizer: Colorizer, data: bytes, name: str, request: ColorizeRequest, *, views: bool = True
) -> Answer:
    """Colorize the photo in `data`.

    Parameters
    ----------
    name
        What messages call it, and what the results are named after.
    request
        Its `max_pixels` are those of all candidates together.
    views
        Whether to make pictures for an album too, beside the files.

    Raises
    ------
    AlreadyColorError
        If the photo is in colour, unless `request` forces it.
    PhotoError
        If the photo cannot be read, or its result cannot be written.
    """
    # Each candidate is a picture of its own in memory.
    limit = (request.max_pixels or media.MAX_PIXELS) // request.options.candidates
    photo, results = colorize(colorizer, data, replace(request, max_pixels=max(1, limit)), name=name)
    plain = portable_name(name)
    files = [
        Sent(result_name(plain, result.suffix, number=result.number), result.encode()) for result in results
    ]
    # The notes are read last, because encoding may add notes.
    notes = tuple(dict.fromkeys([*photo.notes, *(note for result in results for note in result.photo.notes)]))
    height, width = photo.pages[0].pixels.shape[:2]
    if not views or max(width, height) > MOST_OBLONG * min(width, height):
        return Answer(files, notes)
    after = tuple(
        Sent(
            result_name(plain, ".jpg", number=result.number),
            _view(result.photo.pages[0], result.photo),
        )
        for result in results
    )
    return Answer(files, notes, Sent("before.jpg", _view(photo.pages[0])), after)


def _view(page: Page, marks: Photo | None = None) -> bytes:
    """A page as a JPEG, at most `VIEW_SIDE` pixels a side, with the provenance of `marks`."""
    picture = small_picture(page, VIEW_SIDE)
    view = Photo([Page(np.asarray(picture), "rgb")], "view", "JPEG", ".jpg")
    if marks is not None:
        view.exif, view.xmp = marks.exif, marks.xmp
    return media.encode(view, format="JPEG", jpeg_quality=VIEW_QUALITY)
