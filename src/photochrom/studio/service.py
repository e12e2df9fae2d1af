"""`ColorizeService`: colorize an upload in the store, and write the result files to the store."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import BinaryIO

from photochrom.engine.colorizer import Colorizer
from photochrom.engine.reference import Reference
from photochrom.errors import TooLargeError
from photochrom.jobs.names import portable_name
from photochrom.media import formats
from photochrom.media.photo import Photo
from photochrom.pipeline.job import Result, open_photo, results
from photochrom.pipeline.naming import result_name
from photochrom.pipeline.origin import Origin
from photochrom.pipeline.policy import check_color
from photochrom.pipeline.references import open_reference
from photochrom.pipeline.request import ColorizeRequest
from photochrom.studio.api_error import ApiError, photo_error
from photochrom.studio.store import Blob, Store

__all__ = ["ColorizeService", "ResultFile"]

LARGE = 50_000_000
"""Larger photos are colorized one at a time, because several together may need too much memory."""


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A finished file in the store.

    Attributes
    ----------
    original
        The name of the photo that it was made from.
    suffix
        Of the file, with its dot.
    number
        Which of several candidates it is, from 1; None where there is one.
    format
        Such as "JPEG".
    notes
        What was changed or left out in the file, in words.
    """

    blob: Blob
    original: str
    suffix: str
    number: int | None
    format: str
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name, as ``photochrom colorize`` would name it."""
        return self.copy_name(1)

    @property
    def type(self) -> str:
        """Its media type."""
        return formats.FORMATS[self.format].mime

    def copy_name(self, copy: int) -> str:
        """Its name if `copy` - 1 other files have the preceding names."""
        return result_name(portable_name(self.original), self.suffix, number=self.number, copy=copy)


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
        """Open, check and colorize an upload, and write the results to the store.

        Parameters
        ----------
        owner : whose room in the store the results take
        candidate : the only one to write, from 1; None writes all
        step : called with the share of the work that is done, in [0, 1]; an exception of it ends the work
        size : called with width and height, once they are known

        Raises
        ------
        ApiError
            If the photo cannot be colorized, with a sentence that contains its name; 429 if the store is full.
        """
        files: list[ResultFile] = []
        try:
            step(0.05)
            with self.store.open(upload) as file:
                photo = self._decode(file, name, request)
                height, width = photo.pages[0].pixels.shape[:2]
                size(width, height)
                pixels = self._check_room(photo, request)
                if not request.force:
                    check_color(photo)
                step(0.2)
                with self._alone(pixels):
                    only = None if candidate is None else [candidate]
                    origin = Origin.of(file, name)
                    found = results(self.colorizer, photo, request, origin=origin, only=only)
                    for done, result in enumerate(found):
                        step(0.8 + 0.2 * done / len(found))
                        files.append(self._keep(photo, result, owner))
            return files
        except BaseException as error:
            self.store.drop(*(made.blob for made in files))
            if isinstance(error, Exception) and not isinstance(error, CancelledError):
                raise photo_error(error, name) from None
            raise

    def open(self, upload: Blob, name: str, request: ColorizeRequest) -> Photo:
        """Open an upload to look at it.

        Raises
        ------
        ApiError
            If the photo cannot be opened, with a sentence that contains its name.
        """
        try:
            with self.store.open(upload) as file:
                return self._decode(file, name, request)
        except Exception as error:
            raise photo_error(error, name) from None

    def open_reference(self, upload: Blob, name: str) -> Reference:
        """Open a reference. It stays in memory, as a small picture.

        Raises
        ------
        ApiError
            If it cannot be one, with a sentence that contains its name.
        """
        try:
            with self.store.open(upload) as file:
                return open_reference(file, name=name, max_pixels=min(LARGE, self.max_pixels))
        except Exception as error:
            raise photo_error(error, name) from None

    def _decode(self, file: BinaryIO, name: str, request: ColorizeRequest) -> Photo:
        try:
            small = replace(request, max_pixels=min(LARGE, self.max_pixels))
            return open_photo(file, small, name=name)
        except TooLargeError:
            if self.max_pixels <= LARGE:
                raise
        with self._large:
            return open_photo(file, replace(request, max_pixels=self.max_pixels), name=name)

    def _keep(self, photo: Photo, result: Result, owner: str) -> ResultFile:
        blob = self.store.write(result.encode(), owner)
        notes = tuple(dict.fromkeys([*photo.notes, *result.photo.notes]))
        return ResultFile(blob, photo.name, result.suffix, result.number, result.format, notes)

    def _check_room(self, photo: Photo, request: ColorizeRequest) -> int:
        """The pixels of all pages and candidates. Raises ApiError, 413, if so many candidates have too many."""
        pages, candidates = sum(page.pixels.size for page in photo.pages), request.options.candidates
        if candidates > 1 and pages * candidates > self.max_pixels:
            words = f"{photo.name}: {candidates} candidates of {pages / 1e6:.1f} megapixels"
            limit = f"{self.max_pixels / 1e6:g} megapixels"
            raise ApiError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{words} exceed the limit of {limit}; ask for fewer"
            )
        return pages * candidates

    def _alone(self, pixels: int) -> AbstractContextManager[object]:
        return self._large if pixels > LARGE else nullcontext()
