"""The job of one photo in memory: open it, see whether it may be colorized, colorize it, encode the results."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from photochrom._version import __version__
from photochrom.engine.colorizer import Colorizer
from photochrom.errors import (
    PhotochromError,
    PhotoError,
    Remedy,
    TooLargeError,
)
from photochrom.files import require_file
from photochrom.media import photo as media
from photochrom.media import provenance
from photochrom.media.photo import Photo
from photochrom.pipeline.origin import Origin
from photochrom.pipeline.policy import check_color
from photochrom.pipeline.request import ColorizeRequest

__all__ = ["Result", "as_error", "colorize", "open_photo", "recorded", "results"]

Source = str | Path | bytes | BinaryIO
OUT_OF_MEMORY = ("nsufficient memory", "bad_alloc", "bad allocation", "Failed to allocate")
"""How OpenCV and ONNX Runtime say that there is no memory."""


@dataclass(slots=True)
class Result:
    """One colorized version of a photo, ready to be encoded.

    Attributes
    ----------
    photo
        The version, marked with its provenance.
    format
        What it is encoded as, such as "JPEG".
    suffix
        Of its file, with the dot.
    number
        Which of several candidates it is, from 1; None where there is one.
    """

    photo: Photo
    format: str
    suffix: str
    number: int | None
    jpeg_quality: int | None = None

    def encode(self) -> bytes:
        """The bytes of its file. What the format cannot hold is added to the notes of `photo`.

        Raises
        ------
        PhotoError
            As `photochrom.media.photo.encode`.
        """
        return media.encode(
            self.photo, format=self.format, jpeg_quality=self.jpeg_quality, notes=self.photo.notes
        )


def open_photo(source: Source, request: ColorizeRequest, *, name: str | None = None) -> Photo:
    """Open a photo as the request allows.

    Raises
    ------
    PhotoError
        As `photochrom.media.photo.open`; and for a path that is no file: a pipe, a socket or a device would block.
    """
    if isinstance(source, (str, Path)):
        require_file(Path(source), name)
    return media.open(
        source, name=name, max_pixels=request.max_pixels or media.MAX_PIXELS, salvage=request.salvage
    )


def results(
    colorizer: Colorizer,
    photo: Photo,
    request: ColorizeRequest,
    *,
    origin: Origin | None = None,
    place: str = "",
    only: Iterable[int] | None = None,
) -> list[Result]:
    """Colorize an opened photo.

    Parameters
    ----------
    origin : the photo's file; written into the results
    place : `Origin.place` where the results must carry it; see `photochrom.pipeline.targets`
    only : numbers of the candidates that are wanted, from 1; None for all

    Raises
    ------
    PhotoError, ModelError
    """
    several = request.options.candidates > 1
    numbers = range(1, request.options.candidates + 1) if only is None else sorted(set(only))
    versions = colorizer.colorize_photo(photo, request.options, format=request.format, only=numbers)
    format = media.output_format(photo, request.format)
    suffix = media.extension_for(photo, request.format)
    found = []
    for number, version in zip(numbers, versions, strict=True):
        mark(version, colorizer, request, number, origin=origin, place=place)
        found.append(Result(version, format, suffix, number if several else None, request.jpeg_quality))
    return found


def mark(
    version: Photo,
    colorizer: Colorizer,
    request: ColorizeRequest,
    number: int,
    *,
    origin: Origin | None = None,
    place: str = "",
) -> None:
    """Write into a version that its colours were inferred, from which file, how and by which model."""
    provenance.mark(
        version,
        colorizer.name,
        __version__,
        source_digest=origin.digest if origin else "",
        source_name=origin.name if origin else "",
        source_place=place,
        options=request.recorded(number, colorizer.info.fingerprint),
    )


def recorded(colorizer: Colorizer, request: ColorizeRequest) -> list[str]:
    """What the provenance of each candidate will say of its options."""
    numbers = range(1, request.options.candidates + 1)
    return [request.recorded(number, colorizer.info.fingerprint) for number in numbers]


def colorize(
    colorizer: Colorizer, source: Source, request: ColorizeRequest, *, name: str = ""
) -> tuple[Photo, list[Result]]:
    """The whole job in memory: open, check, colorize. The photo comes back with its results.

    Raises
    ------
    AlreadyColorError, PhotoError, ModelError
    """
    photo = open_photo(source, request, name=name or None)
    if not request.force:
        check_color(photo)
    return photo, results(colorizer, photo, request, origin=Origin.of(source, name))


def as_error(error: BaseException, path: str) -> PhotochromError:
    """The error of the tree that an exception stands for. A photo can make a decoder raise anything.

    A model's error names the model; of a photo it must name the photo too.
    """
    if isinstance(error, PhotoError):
        return error
    if isinstance(error, MemoryError) or any(words in str(error) for words in OUT_OF_MEMORY):
        return TooLargeError(path, "there is not enough memory for it", Remedy.FEWER_AT_ONCE, code="memory")
    if isinstance(error, PhotochromError):
        return PhotoError(path, error.sentence(), code=error.code)
    # The type tells a bug report what a sentence would hide.
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return PhotoError(path, f"could not be colorized ({words})", code="unexpected")
