"""What is done to one photo: opened, looked at, coloured, and written to the store."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from http import HTTPStatus

from photochrom.engine.colorizer import Colorizer
from photochrom.engine.options import Options
from photochrom.engine.toning import is_coloured
from photochrom.errors import TooLargeError
from photochrom.jobs.names import result_name
from photochrom.media import photo as media
from photochrom.media import provenance
from photochrom.media.photo import Photo
from photochrom.pipeline.job import results
from photochrom.pipeline.request import ColorizeRequest
from photochrom.studio.api_error import ApiError, photo_error
from photochrom.studio.store import Blob, Store

__all__ = ["Darkroom", "Print", "Wish"]

LARGE = 50_000_000
"""Photos of more pixels are worked on one at a time: several together may be more than the memory."""
TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "TIFF": "image/tiff",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
    "HEIF": "image/heic",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks for one photo: how it looks, and the file it becomes.

    Attributes
    ----------
    format
        One of the keys of `TYPES`; None keeps the photo's own.
    jpeg_quality
        1 to 100; None keeps the photo's own.
    force
        Colorize also what is in colour, or was colorized before.
    """

    options: Options = field(default_factory=Options)
    format: str | None = None
    jpeg_quality: int | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Print:
    """A finished file: where it lies, what it is called, and what it is."""

    blob: Blob
    name: str
    format: str
    type: str


class Darkroom:
    """Opens and colours photos with one model; safe from several threads.

    Parameters
    ----------
    max_pixels : of a photo, its pages and candidates together
    """

    def __init__(self, colorizer: Colorizer, store: Store, max_pixels: int) -> None:
        self.colorizer, self.store, self.max_pixels = colorizer, store, max_pixels
        self._large = threading.Lock()

    def open(self, blob: Blob, name: str) -> Photo:
        """Decode an upload.

        Raises
        ------
        ApiError
            In a sentence with the photo's name, whatever is wrong with it.
        """
        try:
            with self.store.open(blob) as file:
                try:
                    return media.open(file, name=name, max_pixels=min(LARGE, self.max_pixels))
                except TooLargeError:
                    if self.max_pixels <= LARGE:
                        raise
                with self._large:
                    return media.open(file, name=name, max_pixels=self.max_pixels)
        except Exception as error:
            raise photo_error(error, name) from None

    def check(self, photo: Photo, wish: Wish) -> None:
        """See whether `photo` may be coloured as wished.

        Raises
        ------
        ApiError
            409 if it is in colour and the wish does not force it, 413 if so many candidates would be too large.
        """
        pixels = sum(page.pixels.size for page in photo.pages)
        if pixels * wish.options.candidates > self.max_pixels and wish.options.candidates > 1:
            words = f"{photo.name}: {wish.options.candidates} candidates of {pixels / 1e6:.1f} megapixels"
            limit = f"{self.max_pixels / 1e6:g} megapixels"
            raise ApiError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{words} exceed the limit of {limit}; ask for fewer"
            )
        if wish.force:
            return
        # As the command does: faint colours count as a tone, so the mark is asked first.
        mark = provenance.read(photo)
        if mark is not None:
            words = (
                f"{photo.name}: was colorized before, by {mark.model}; send force=true to colorize it anew"
            )
            raise ApiError(HTTPStatus.CONFLICT, words)
        if any(is_coloured(page) for page in photo.pages):
            words = f"{photo.name}: is in colour already; send force=true to colorize it anew"
            raise ApiError(HTTPStatus.CONFLICT, words)

    def develop(
        self,
        photo: Photo,
        wish: Wish,
        owner: str,
        *,
        candidate: int | None = None,
        step: Callable[[float], None] = lambda share: None,
    ) -> list[Print]:
        """Colour a photo and write the files that ``photochrom colorize`` would write.

        Parameters
        ----------
        candidate : the only one to write, of `wish.options.candidates`; None writes all
        step : told how much is done, in [0, 1]; what it raises ends the work

        Raises
        ------
        ApiError
            As `open` and `check`; 429 where the store is full.
        """
        prints: list[Print] = []
        try:
            with self._alone(sum(page.pixels.size for page in photo.pages) * wish.options.candidates):
                request = ColorizeRequest(wish.options, wish.format, wish.jpeg_quality, wish.force)
                only = None if candidate is None else [candidate + 1]
                found = results(self.colorizer, photo, request, only=only)
                for done, result in enumerate(found):
                    step(0.8 + 0.2 * done / len(found))
                    number = None if len(found) == 1 or result.number is None else result.number - 1
                    name = result_name(photo.name, result.suffix, number)
                    blob = self.store.write(result.encode(), owner)
                    prints.append(Print(blob, name, result.format, TYPES[result.format]))
            return prints
        except BaseException as error:
            self.store.drop(*(each.blob for each in prints))
            if isinstance(error, Exception) and not isinstance(error, CancelledError):
                raise photo_error(error, photo.name) from None
            raise

    def _alone(self, pixels: int) -> AbstractContextManager[object]:
        return self._large if pixels > LARGE else nullcontext()
