"""Open references: colour pictures from which photos take colours."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from photochrom.engine.reference import Reference
from photochrom.engine.toning import kind_of
from photochrom.errors import Remedy, UnsupportedError
from photochrom.media.photo import Photo
from photochrom.pipeline.arrays import from_array, from_pil
from photochrom.pipeline.job import Source, open_photo
from photochrom.pipeline.origin import Origin
from photochrom.pipeline.request import ColorizeRequest

__all__ = ["open_reference"]

LEAST_SIDE = 32
"""A smaller picture has no parts that could be told apart."""


def open_reference(source: Any, *, name: str = "", max_pixels: int | None = None) -> Reference:
    """Open a reference.

    Parameters
    ----------
    source : a path, bytes of an image file, a file opened for reading, a PIL image or an array ``(H, W, 3)``
    name : for messages; by default that of the path
    max_pixels : the most pixels to open; None is the library's limit

    Raises
    ------
    PhotoError
        If it cannot be opened; UnsupportedError with the code "grey_reference" if it has no colours, and with
        "small_reference" if it is tiny.
    """
    if isinstance(source, Reference):
        return source
    photo, digest = _opened(source, name, max_pixels)
    name = name or photo.name
    page = photo.pages[0]
    if min(page.pixels.shape[:2]) < LEAST_SIDE:
        what = f"is too small for a reference: its sides must have at least {LEAST_SIDE} pixels"
        raise UnsupportedError(name, what, Remedy.GIVE_OTHER_FILE, code="small_reference")
    if page.thumbnail is None or kind_of(page.thumbnail) != "colour":
        what = "is not in colour, and a reference must be"
        raise UnsupportedError(name, what, Remedy.GIVE_OTHER_FILE, code="grey_reference")
    return Reference(digest, name, page.thumbnail)


def _opened(source: Any, name: str, max_pixels: int | None) -> tuple[Photo, str]:
    if isinstance(source, Image.Image):
        # The digest is of the pixels, because there is no file.
        return from_pil(source), Origin.of(np.asarray(source.convert("RGB")).tobytes()).digest
    if isinstance(source, np.ndarray):
        return from_array(source), Origin.of(np.ascontiguousarray(source).tobytes()).digest
    origin = Origin.of(source, name)
    file: Source = source
    photo = open_photo(file, ColorizeRequest(max_pixels=max_pixels), name=name or None)
    return photo, origin.digest
