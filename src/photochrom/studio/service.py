"""`ColorizeService`: opens one photo, checks whether it may be colorized, colorizes it, writes it to the store."""

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
from photochrom.pipeline import job
from photochrom.pipeline import request as pipeline_request
from photochrom.studio.api_error import ApiError, photo_error
from photochrom.studio.store import Blob, Store

__all__ = ["ColorizeRequest", "ColorizeService", "ResultFile"]

LARGE = 50_000_000
"""Photos of more pixels are worked on one at a time, because several together may need too much memory."""
TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "TIFF": "image/tiff",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
    "HEIF": "image/heic",
}


@dataclass(frozen=True, slots=True)
class ColorizeRequest:
    """What a client asks for one photo: how to colorize it, and which file to write.

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
class ResultFile:
    """A finished file: where it lies, its name, its format and its media type."""

    blob: Blob
    name: str
    format: str
    type: str


class ColorizeService:
    """Opens and colorizes photos with one model; safe from several threads.

    Parameters
    ----------
    max_pixels : the limit for one photo, all its pages and candidates together
    """

    def __init__(self, colorizer: Colorizer, store: Store, max_pixels: int) -> None:
        self.colorizer, self.store, self.max_pixels = colorizer, store, max_pixels
        self._large = threading.Lock()

    def run(
        self,
        upload: Blob,
        name: str,
        request: ColorizeRequest,
        owner: str,
        *,
        candidate: int | None = None,
        step: Callable[[float], None] = lambda share: None,
        size: Callable[[int, int], None] = lambda width, height: None,
    ) -> list[ResultFile]:
        """Open, check and colorize an upload.

        Parameters
        ----------
        owner : whose room in the store the results take
        candidate : the only one to write, of `request.options.candidates`; None writes all
        step : called with the share of the work that is done, in [0, 1]; an exception of it ends the work
        size : called with width and height, once they are known

        Raises
        ------
        ApiError
            As `open`, `check` and `colorize`.
        """
        step(0.05)
        photo = self.open(upload, name)
        height, width = photo.pages[0].pixels.shape[:2]
        size(width, height)
        self.check(photo, request)
        step(0.2)
        return self.colorize(photo, request, owner, candidate=candidate, step=step)

    def open(self, blob: Blob, name: str) -> Photo:
        """Decode an upload.

        Raises
        ------
        ApiError
            Whatever is wrong with the photo, in a sentence with its name.
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

    def check(self, photo: Photo, request: ColorizeRequest) -> None:
        """See whether `photo` may be colorized as `request` says.

        Raises
        ------
        ApiError
            409 if it is in colour and `request` does not force it, 413 if the candidates have too many pixels.
        """
        pixels = sum(page.pixels.size for page in photo.pages)
        if pixels * request.options.candidates > self.max_pixels and request.options.candidates > 1:
            words = f"{photo.name}: {request.options.candidates} candidates of {pixels / 1e6:.1f} megapixels"
            limit = f"{self.max_pixels / 1e6:g} megapixels"
            raise ApiError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{words} exceed the limit of {limit}; ask for fewer"
            )
        if request.force:
            return
        # The mark comes first, as in the command: a result of faint colours looks like a toned photo.
        mark = provenance.read(photo)
        if mark is not None:
            words = (
                f"{photo.name}: was colorized before, by {mark.model}; send force=true to colorize it anew"
            )
            raise ApiError(HTTPStatus.CONFLICT, words)
        if any(is_coloured(page) for page in photo.pages):
            words = f"{photo.name}: is in colour already; send force=true to colorize it anew"
            raise ApiError(HTTPStatus.CONFLICT, words)

    def colorize(
        self,
        photo: Photo,
        request: ColorizeRequest,
        owner: str,
        *,
        candidate: int | None = None,
        step: Callable[[float], None] = lambda share: None,
    ) -> list[ResultFile]:
        """Colorize a photo and write the files that ``photochrom colorize`` would write.

        Parameters
        ----------
        candidate : the only one to write, of `request.options.candidates`; None writes all
        step : called with the share of the work that is done, in [0, 1]; an exception of it ends the work

        Raises
        ------
        ApiError
            As `open` and `check`; 429 where the store is full.
        """
        results: list[ResultFile] = []
        try:
            with self._alone(sum(page.pixels.size for page in photo.pages) * request.options.candidates):
                asked = pipeline_request.ColorizeRequest(
                    request.options, request.format, request.jpeg_quality, request.force
                )
                only = None if candidate is None else [candidate + 1]
                found = job.results(self.colorizer, photo, asked, only=only)
                for done, result in enumerate(found):
                    step(0.8 + 0.2 * done / len(found))
                    number = None if len(found) == 1 or result.number is None else result.number - 1
                    name = result_name(photo.name, result.suffix, number)
                    blob = self.store.write(result.encode(), owner)
                    results.append(ResultFile(blob, name, result.format, TYPES[result.format]))
            return results
        except BaseException as error:
            self.store.drop(*(each.blob for each in results))
            if isinstance(error, Exception) and not isinstance(error, CancelledError):
                raise photo_error(error, photo.name) from None
            raise

    def _alone(self, pixels: int) -> AbstractContextManager[object]:
        return self._large if pixels > LARGE else nullcontext()
