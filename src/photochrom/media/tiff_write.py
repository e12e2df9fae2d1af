"""Write TIFF files with Exif and LZW. tifffile cannot write an Exif directory, and needs another package for LZW."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from photochrom.media import exif
from photochrom.media.exif import RESOLUTION_UNIT, X_RESOLUTION, Y_RESOLUTION, Directory, Field
from photochrom.media.icc import grey_srgb, srgb
from photochrom.media.model import Page, TiffSettings
from photochrom.media.strips import strips
from photochrom.media.tiff import ICC, XMP

__all__ = ["write"]

NONE, LZW, DEFLATE, PACKBITS = 1, 5, 8, 32773
CLASSIC_LIMIT = 0xF000_0000
STRIP_PIXELS = 1 << 18


def write(
    pages: Sequence[Page],
    settings: Sequence[TiffSettings],
    *,
    tags: Directory,
    order: str,
    xmp: bytes | None,
    dpi: tuple[float, float] | None,
) -> bytes:
    """Write pages in "luma" or "rgb" as a TIFF.

    `tags` and `xmp` describe the first page (values in byte order `order`). `settings` contains the compression and
    the tags of further pages. Fax compression cannot hold the result, and JPEG compression is lossy, so both become
    Deflate. More than 3.9 GB of pixels are written as BigTIFF.
    """
    raw = sum(page.pixels.nbytes + (0 if page.alpha is None else page.alpha.nbytes) for page in pages)
    big = raw > CLASSIC_LIMIT
    out = BytesIO()
    head = struct.pack(order + "HHHQ", 43, 8, 0, 0) if big else struct.pack(order + "HI", 42, 0)
    out.write((b"II" if order == "<" else b"MM") + head)
    link = 8 if big else 4
    for number, page in enumerate(pages):
        # A caller may have replaced the pages of the photo.
        how = settings[number] if number < len(settings) else TiffSettings(DEFLATE, True, order, {})
        directory = dict(tags if number == 0 else how.tags)
        directory |= _pixels(out, page, how, order, big)
        directory[ICC] = _bytes(7, grey_srgb() if page.pixels.ndim == 2 else srgb())
        packet = xmp if number == 0 else how.xmp
        if packet:
            directory[XMP] = _bytes(1, packet)
        if dpi is not None and X_RESOLUTION not in directory:
            directory |= _resolution(dpi, order)
        at = out.seek(0, 2)
        at += out.write(b"\0" * (at % 2))
        body = exif.pack(directory, order, at, big=big)
        out.write(body)
        out.seek(link)
        out.write(struct.pack(order + ("Q" if big else "I"), at))
        out.seek(0, 2)
        link = at + (8 + 20 * len(directory) if big else 2 + 12 * len(directory))
    return out.getvalue()


def _pixels(out: BytesIO, page: Page, how: TiffSettings, order: str, big: bool) -> Directory:
    """Write the strips of a page, and return the tags that describe them."""
    height, width = page.pixels.shape[:2]
    colours = 1 if page.pixels.ndim == 2 else 3
    samples = colours + (page.alpha is not None)
    bits = page.pixels.dtype.itemsize * 8
    compression = how.compression if how.compression in (NONE, LZW, PACKBITS) else DEFLATE
    predictor = compression in (LZW, DEFLATE)
    offsets, sizes = [], []
    rows_per_strip = height
    for rows in strips(height, width, STRIP_PIXELS):
        rows_per_strip = rows.stop if rows.start == 0 else rows_per_strip
        strip: Any = page.pixels[rows]
        if page.alpha is not None:
            strip = np.dstack([strip, page.alpha[rows]])
        data = _compressed(strip.reshape(-1, width, samples), compression, predictor, order)
        offsets.append(out.tell())
        sizes.append(len(data))
        out.write(data)
    offset = (16, "Q") if big else (4, "I")

    def numbers(kind: int, letter: str, *values: int) -> Field:
        return Field(kind, len(values), struct.pack(f"{order}{len(values)}{letter}", *values))

    directory: Directory = {
        256: numbers(4, "I", width),
        257: numbers(4, "I", height),
        258: numbers(3, "H", *[bits] * samples),
        259: numbers(3, "H", compression),
        262: numbers(3, "H", 1 if colours == 1 else 2),
        273: numbers(*offset, *offsets),
        274: numbers(3, "H", 1),
        277: numbers(3, "H", samples),
        278: numbers(4, "I", rows_per_strip),
        279: numbers(*offset, *sizes),
        284: numbers(3, "H", 1),
        339: numbers(3, "H", *[1] * samples),
    }
    if predictor:
        directory[317] = numbers(3, "H", 2)
    if page.alpha is not None:
        directory[338] = numbers(3, "H", 2)
    return directory


def _compressed(strip: Any, compression: int, predictor: bool, order: str) -> bytes:
    if predictor:
        strip = np.concatenate([strip[:, :1], np.diff(strip, axis=1)], axis=1)  # modulo 2**bits
    ordered = np.ascontiguousarray(strip, dtype=strip.dtype.newbyteorder(order))
    if compression == NONE:
        return ordered.tobytes()
    if compression == DEFLATE:
        return zlib.compress(ordered.data, 6)
    rows = ordered.view(np.uint8).reshape(len(ordered), -1)
    return _by_libtiff(rows, "tiff_lzw" if compression == LZW else "packbits")


def _by_libtiff(rows: Any, codec: str) -> bytes:
    """Compress bytes with Pillow's libtiff. The result is the strip of the TIFF that it writes."""
    out = BytesIO()
    Image.fromarray(rows).save(out, "TIFF", compression=codec, strip_size=rows.size)
    data = out.getvalue()
    order, directory = exif.parse(data)
    found = []
    for code in (273, 279):
        field = directory[code]
        if not isinstance(field, Field) or field.count != 1:
            raise ValueError("libtiff divided a strip")
        found.append(struct.unpack(order + ("H" if field.kind == 3 else "I"), field.data)[0])
    return data[found[0] : found[0] + found[1]]


def _bytes(kind: int, data: bytes) -> Field:
    return Field(kind, len(data), data)


def _resolution(dpi: tuple[float, float], order: str) -> Directory:
    values = [Field(5, 1, struct.pack(order + "II", round(d * 10000), 10000)) for d in dpi]
    unit = Field(3, 1, struct.pack(order + "H", 2))
    return {X_RESOLUTION: values[0], Y_RESOLUTION: values[1], RESOLUTION_UNIT: unit}
