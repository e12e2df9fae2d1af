"""Open a photograph with all that must survive, and encode it again.

A photo opens as luma in its own bit depth, upright, with its colours (if any) kept as a thumbnail.
Whatever the input's colour profile, the output is sRGB and says so.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

from PIL.Image import DecompressionBombError

from photochrom.errors import PhotoError, TooLargeError, UnreadableError, UnsupportedError
from photochrom.media import decode
from photochrom.media.encode import encode, extension_for, output_format
from photochrom.media.model import JpegSettings, Page, Photo, TiffSettings
from photochrom.media.sniff import what

__all__ = ["MAX_PIXELS", "JpegSettings", "Page", "Photo", "TiffSettings", "encode", "extension_for", "open"]
__all__ += ["output_format"]

MAX_PIXELS = 500_000_000
READABLE = "JPEG, PNG, TIFF, WebP, AVIF, BMP, GIF, HEIC or camera RAW"


def open(
    source: str | Path | bytes | BinaryIO, *, name: str | None = None, max_pixels: int = MAX_PIXELS
) -> Photo:
    """Open a photograph from a path, from the bytes of a file, or from a file opened for reading.

    Parameters
    ----------
    source
        A file given open is read from its start, and stays open.
    name
        What messages call it; by default the file's name.
    max_pixels
        The most pixels to decode, of all pages together.

    Returns
    -------
    Photo
        Its pages hold (H, W) luma, upright, uint8 or uint16.

    Raises
    ------
    PhotoError
        In one line with the name and the remedy, whatever is wrong: missing, empty, damaged, too large,
        no picture, of a kind that is not supported.
    """
    with ExitStack() as stack:
        label, file = _file(source, name, stack)
        suffix = Path(source).suffix if isinstance(source, str | Path) else Path(name or "").suffix

        total = 0

        def check(width: int, height: int) -> None:
            nonlocal total
            if width < 1 or height < 1:
                raise UnreadableError(label, "the picture is zero pixels wide or high; export it again")
            total += width * height
            if total > max_pixels:
                size = f"{width} x {height} pixels"
                limit = f"{max_pixels / 1e6:g} megapixels"
                raise TooLargeError(label, f"{size} exceed the limit of {limit}; raise max_pixels to open it")

        try:
            head = file.read(64)
            if not head:
                raise UnreadableError(label, "the file is empty; copy it again from where it came from")
            format = what(head, label)
            if format is None:
                raise UnsupportedError(label, f"not a picture in a known format; give a {READABLE} file")
            file.seek(0)
            photo = Photo([], label, format, suffix)
            decode.READERS[format](file, photo, check)
            return photo
        except PhotoError:
            raise
        except decode.Unsupported as error:
            raise UnsupportedError(label, str(error)) from error
        except DecompressionBombError as error:
            # Pillow's WebP reader alone checks by itself, at 179 megapixels.
            raise TooLargeError(
                label, "more pixels than Pillow decodes; convert it to PNG or TIFF"
            ) from error
        except MemoryError as error:
            raise TooLargeError(label, "not enough memory to decode it; make it smaller first") from error
        except Exception as error:
            # Decoders of damaged files raise anything from KeyError to SyntaxError.
            reason = str(error).split("\n")[0] or type(error).__name__
            raise UnreadableError(
                label, f"damaged or incomplete ({reason}); copy it again or re-save it in a photo editor"
            ) from error


def read_xmp(source: str | Path | bytes | BinaryIO, *, name: str | None = None) -> bytes | None:
    """The XMP packet of a photograph's file, without decoding its pixels; None where it has none.

    Raises
    ------
    PhotoError
        Where the file cannot be read.
    """
    with ExitStack() as stack:
        label, file = _file(source, name, stack)
        format = what(file.read(64), label)
        if format is None:
            raise UnsupportedError(label, f"not a picture in a known format; give a {READABLE} file")
        file.seek(0)
        try:
            return decode.xmp_of(file, format)
        except decode.Unsupported as error:
            raise UnsupportedError(label, str(error)) from error
        except Exception as error:
            raise UnreadableError(label, f"damaged or incomplete ({error}); copy it again") from error


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
        raise UnreadableError(label, "there is no such file; check the path") from error
    except IsADirectoryError as error:
        raise UnreadableError(label, "is a folder; give a picture in it") from error
    except PermissionError as error:
        where = "is a folder; give a picture in it" if Path(source).is_dir() else None
        raise UnreadableError(label, where or "may not be read; allow reading it (chmod u+r)") from error
    except (OSError, ValueError) as error:
        raise UnreadableError(label, f"cannot be opened ({error}); check the path and the disk") from error
