"""Keep the libraries that decode files from talking: nothing of theirs reaches standard error or a server's log.

Nothing here redirects a file descriptor or changes a logger's level, which would take in other threads.
"""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from importlib import import_module

__all__ = ["quiet", "silence_libtiff"]

LOGGERS = (
    "tifffile",
    "imagecodecs",
    "PIL.Image",
    "PIL.ImageFile",
    "PIL.PngImagePlugin",
    "PIL.TiffImagePlugin",
)
_decoding = ContextVar("_decoding", default=False)


def _passes(record: logging.LogRecord) -> bool:
    return not _decoding.get()


for _name in LOGGERS:
    logging.getLogger(_name).addFilter(_passes)


@contextmanager
def quiet() -> Iterator[None]:
    """Drop what the decoding libraries log in this thread; what they find wrong comes as exceptions."""
    token = _decoding.set(True)
    try:
        yield
    finally:
        _decoding.reset(token)


def silence_libtiff() -> None:
    """Stop the libtiff inside Pillow from printing; its errors come as exceptions all the same.

    The functions are looked up where Pillow's own module finds them. Each is one assignment in libtiff, so other
    threads may be decoding meanwhile. Where Pillow was linked statically (Windows) they cannot be found.
    """
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(import_module("PIL._imaging").__file__)
        for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
            function = getattr(library, name)
            function.argtypes, function.restype = [ctypes.c_void_p], ctypes.c_void_p
            function(None)
