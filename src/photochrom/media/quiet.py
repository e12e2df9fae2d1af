"""Suppress the messages of decoding libraries on standard error and in a server's log.

This module does not redirect a file descriptor or change a logger's level, because both would affect other threads.
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
    """Drop the log messages of the decoding libraries in this thread. Their errors still come as exceptions."""
    token = _decoding.set(True)
    try:
        yield
    finally:
        _decoding.reset(token)


def silence_libtiff() -> None:
    """Stop the libtiff in Pillow from printing. Its errors still come as exceptions.

    The functions are looked up in Pillow's own module. Each call is one assignment in libtiff, so other threads may
    decode at the same time. If Pillow is linked statically (Windows), the functions cannot be found.
    """
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(import_module("PIL._imaging").__file__)
        for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
            function = getattr(library, name)
            function.argtypes, function.restype = [ctypes.c_void_p], ctypes.c_void_p
            function(None)
