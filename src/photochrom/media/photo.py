"""Open a photo with everything that the output must keep, and encode it again.

An opened photo is upright luma in the bit depth of the file. A thumbnail keeps its colours, if it has any. The output
is always sRGB with an sRGB profile, for every colour profile of the input.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from PIL.Image import DecompressionBombError

from photochrom.errors import PhotoError, Remedy, TooLargeError, UnreadableError, UnsupportedError
from photochrom.media import decode, formats
from photochrom.media.encode import encode, extension_for, output_format
from photochrom.media.fault import Damaged, Fault
from photochrom.media.model import JpegSettings, Page, Photo, TiffSettings
from photochrom.media.opening import Opening
from photochrom.media.quiet import quiet

__all__ = ["MAX_PIXELS", "JpegSettings", "Page", "Photo", "TiffSettings", "encode", "extension_for", "open"]
__all__ += ["output_format"]

MAX_PIXELS = 500_000_000

T = TypeVar("T")


def open(
    source: str | Path | bytes | BinaryIO,
    *,
    name: str | None = None,
    max_pixels: int = MAX_PIXELS,
    salvage: bool = False,
) -> Photo:
    """Open a photograph from a path, from the bytes of a file, or from a file opened for reading.

    Parameters
    ----------
    source
        A file given open is read from its start, and stays open.
    name
        The name of the photo in messages; by default the file's name.
    max_pixels
        The largest number of pixels to decode, for all pages together.
    salvage
        Whether to open a JPEG that misses a part of the picture. The missing part becomes grey, and a note gives its
        size.

    Returns
    -------
    Photo
        Its pages hold (H, W) luma, upright, uint8 or uint16. Its notes say what was changed or left out.

    Raises
    ------
    PhotoError
        If the file is missing, empty, damaged, too large, not a picture, or of an unsupported kind. The message is one
        line with the name and the remedy.
    """
    with ExitStack() as stack:
        label, file = _file(source, name, stack)
        suffix = Path(source).suffix if isinstance(source, str | Path) else Path(name or "").suffix
        total = 0

        def check(width: int, height: int) -> None:
            nonlocal total
            if width < 1 or height < 1:
                raise Damaged("the picture is zero pixels wide or high", Remedy.EXPORT_AGAIN, code="empty")
            total += width * height
            if total > max_pixels:
                size = f"{width} x {height} pixels"
                what = f"{size} exceed the limit of {max_pixels / 1e6:g} megapixels"
                raise TooLargeError(label, what, Remedy.RAISE_MAX_PIXELS)

        def read() -> Photo:
            format = _format_of(file, label)
            photo = Photo([], label, format.name, suffix)
            decode.read(Opening(file, photo, check, salvage), format.name)
            return photo

        return _in_words(label, read)


def read_xmp(source: str | Path | bytes | BinaryIO, *, name: str | None = None) -> bytes | None:
    """Read the XMP packet of a photo's file without decoding its pixels; None if the file has no packet.

    Raises
    ------
    PhotoError
        If the file cannot be read.
    """
    with ExitStack() as stack:
        label, file = _file(source, name, stack)
        return _in_words(label, lambda: decode.xmp_of(file, _format_of(file, label).name))


def _format_of(file: BinaryIO, label: str) -> formats.Format:
    """Recognise the format of an open file, and set its position to the start."""
    head = file.read(formats.HEAD)
    file.seek(0)
    if not head:
        raise UnreadableError(label, "the file is empty", Remedy.COPY_AGAIN, code="empty")
    format = formats.sniff(head, label)
    if format is None:
        what = "is not a picture of a known format"
        raise UnsupportedError(label, what, Remedy.GIVE_PICTURE, code="not_a_picture")
    if not format.reads:
        remedy = Remedy.USE_FILM if format.video else Remedy.CONVERT
        raise UnsupportedError(label, formats.refusal(format), remedy, code="format")
    return format


def _in_words(label: str, read: Callable[[], T]) -> T:
    """Return the result of `read`. Every exception of a decoder becomes a `PhotoError` about `label`."""
    try:
        with quiet():
            return read()
    except PhotoError:
        raise
    except Fault as fault:
        raise fault.of(label) from fault
    except DecompressionBombError as error:
        # Only Pillow's WebP reader has its own limit, at 179 megapixels.
        what = "has more pixels than the decoder of this format takes"
        raise TooLargeError(label, what, Remedy.CONVERT) from error
    except MemoryError as error:
        what = "there is not enough memory to decode it"
        raise TooLargeError(label, what, Remedy.MAKE_SMALLER, code="memory") from error
    except Exception as error:
        # For damaged files, decoders raise many types of error, such as KeyError. Their messages are for programmers.
        raise Damaged().of(label) from error


def _file(source: str | Path | bytes | BinaryIO, name: str | None, stack: ExitStack) -> tuple[str, BinaryIO]:
    if isinstance(source, bytes | bytearray | memoryview):
        return name or "picture", BytesIO(source)
    if not isinstance(source, str | os.PathLike):
        label = name or Path(str(getattr(source, "name", "picture"))).name
        if not source.seekable():
            return label, BytesIO(source.read())
        source.seek(0)
        return label, source
    label = name or Path(source).name or str(source)
    try:
        return label, cast(BinaryIO, stack.enter_context(Path(source).open("rb")))
    except FileNotFoundError as error:
        raise UnreadableError(label, "there is no such file", Remedy.CHECK_PATH, code="missing") from error
    except (OSError, ValueError) as error:
        if os.path.isdir(source):
            what = "is a folder"
            raise UnreadableError(label, what, Remedy.GIVE_FILE_IN_FOLDER, code="folder") from error
        if isinstance(error, PermissionError):
            what = "may not be read"
            raise UnreadableError(label, what, Remedy.READ_PERMISSION, code="permission") from error
        raise UnreadableError(label, "cannot be opened", Remedy.CHECK_PATH) from error
