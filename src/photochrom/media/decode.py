"""The reader of each format. A reader fills a Photo from an open file."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, BinaryIO

from photochrom.media.opening import Opening

__all__ = ["READERS", "XMP_READERS", "read", "xmp_of"]

READERS = {
    "JPEG": "jpeg_read.read",
    "JPEG-LS": "jpeg_read.read",
    "PNG": "png_read.read",
    "TIFF": "tiff.read",
    "WEBP": "simple_read.read_webp",
    "BMP": "simple_read.read_bmp",
    "GIF": "simple_read.read_gif",
    "AVIF": "heif_read.read_avif",
    "HEIF": "heif_read.read_heif",
    "RAW": "raw_read.read",
    "PNM": "pillow_read.read_pnm",
    "JPEG 2000": "pillow_read.read_jpeg2000",
    "JPEG XL": "pillow_read.read_jpegxl",
    "PSD": "psd_read.read",
}
"""Module and function by format. A module is imported when a file needs it: all of them take 25 ms."""

XMP_READERS = {
    "JPEG": "jpeg_read.xmp_of",
    "PNG": "png_read.xmp_of",
    "TIFF": "tiff.xmp_of",
    "WEBP": "simple_read.webp_xmp",
    "GIF": "simple_read.gif_xmp",
    "AVIF": "heif_read.avif_xmp",
    "HEIF": "heif_read.heif_xmp",
}
"""The function that finds the XMP packet of a file, by format. The other formats have none."""


def read(opening: Opening, format: str) -> None:
    """Fill `opening.photo` from a file of a known format."""
    _function(READERS[format])(opening)


def xmp_of(file: BinaryIO, format: str) -> bytes | None:
    """Read the XMP packet of a file of a known format. Its pixels are not decoded."""
    if format not in XMP_READERS:
        return None
    packet: bytes | None = _function(XMP_READERS[format])(file)
    return packet


def _function(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(".")
    found: Callable[..., Any] = getattr(import_module(f"photochrom.media.{module}"), function)
    return found
