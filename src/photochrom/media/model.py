"""A photo in memory: its pages of pixels, and everything else that the output must keep."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from photochrom.media.exif import Directory

__all__ = ["JpegSettings", "Page", "Photo", "Pixels", "TiffSettings"]

Pixels: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(slots=True)
class Page:
    """One picture, upright (the EXIF orientation has been applied).

    Attributes
    ----------
    pixels
        (H, W) luma when opened; (H, W, 3) when colorized; uint8 or uint16, full range.
    space
        The color space of the pixels: "luma", "rgb" (sRGB), or "ycbcr" (full-range JFIF, uint8 only).
    alpha
        (H, W) in the dtype of `pixels`, or None for an opaque picture.
    thumbnail
        (h, w, 3) uint8 sRGB of the original, longest side <= 256; None if its channels were equal.
    """

    pixels: Pixels
    space: Literal["luma", "rgb", "ycbcr"] = "luma"
    alpha: Pixels | None = None
    thumbnail: NDArray[np.uint8] | None = None


@dataclass(slots=True)
class JpegSettings:
    """The compression settings of a JPEG. Tables are 64 numbers in row order, not in zigzag order."""

    luma_table: list[int]
    chroma_table: list[int] | None
    subsampling: int  # Pillow's numbers: 0 is 4:4:4, 1 is 4:2:2, 2 is 4:2:0
    progressive: bool
    segments: list[tuple[int, bytes]] = field(default_factory=list)  # (marker, payload): resources, comments


@dataclass(slots=True)
class TiffSettings:
    """The storage settings of one page of a TIFF, and its descriptive tags (values in the photo's byte order).

    `orientation` and `size` (width, height) belong to the stored page. `xmp` is the packet of this page.
    """

    compression: int
    predictor: bool
    order: str  # "<" or ">"
    tags: Directory
    orientation: int = 1
    size: tuple[int, int] = (0, 0)
    xmp: bytes | None = None


@dataclass(slots=True)
class Photo:
    """A photo and everything in its file that the output must keep.

    Attributes
    ----------
    pages
        At least one. Only a multi-page TIFF has more.
    name
        The file's name, for messages.
    format
        A name of `formats.FORMATS`. The content decides, not the suffix.
    suffix
        The suffix of the input with its dot and case; empty for bytes.
    bits
        Bits per sample of the input: 1 to 16.
    exif
        A TIFF-structured block, without the "Exif\\0\\0" of JPEG; orientation 1, no embedded thumbnail.
    xmp
        The XMP packet.
    iptc
        The IPTC block in its old binary form (IIM), for formats that can hold it. Other formats store its texts in XMP.
    dpi
        Horizontal and vertical dots per inch of the upright picture.
    notes
        Sentences about everything that was assumed, changed or left out during opening and encoding.
    """

    pages: list[Page]
    name: str
    format: str
    suffix: str = ""
    bits: int = 8
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    dpi: tuple[float, float] | None = None
    lossless: bool = True
    jpeg: JpegSettings | None = None
    tiff: list[TiffSettings] = field(default_factory=list)
    png_text: list[tuple[bytes, bytes]] = field(default_factory=list)  # (chunk type, data)
    notes: list[str] = field(default_factory=list)
