"""Decode pages of TIFF files with Pillow's libtiff.

libtiff does not read the directory of the file. It gets a new directory with only the tags that it needs to decode the
pixels, because Pillow warns about other tags that are damaged, and recognises some layouts only by their tags.
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any, BinaryIO, cast

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from photochrom.errors import Remedy
from photochrom.media import exif
from photochrom.media.exif import Directory, Field
from photochrom.media.fault import Damaged, Unsupported
from photochrom.media.quiet import silence_libtiff

__all__ = ["BYTE_CODECS", "by_libtiff", "open_page"]

BYTE_CODECS = {5: "LZW", 32773: "PackBits", 34925: "LZMA", 50000: "Zstandard"}
LAYOUT = {256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 293, 317, 320, 322, 323, 324, 325}
LAYOUT |= {332, 334, 338, 339, 347, 529, 530, 531, 532}
SINGLE = {256, 257, 259, 262, 266, 277, 278, 284, 292, 293, 317, 322, 323, 332, 334, 531}
PHOTOMETRIC = 262
CLASSIC_LIMIT = 0xFF00_0000
"""Pillow does not read big-endian BigTIFF, so every directory is written as a classic one."""


silence_libtiff()


class Unlimited(TiffImageFile):
    """A TIFF of any size. The plugin's own check uses a limit that is global to the process."""

    def load_prepare(self) -> None:
        if self._im is None:
            # `_tile_size` is the size before the orientation is applied, and `size` the size after it.
            self.im = Image.new(self.mode, getattr(self, "_tile_size", self.size), None).im
        ImageFile.load_prepare(self)


class _Overlay:
    """A file with a replaced beginning and with bytes added after its end. The file is not copied."""

    def __init__(self, file: BinaryIO, head: bytes, tail: bytes) -> None:
        self._file, self._head, self._tail = file, head, tail
        self._size = file.seek(0, 2)
        self._at = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        end = self._size + len(self._tail)
        self._at = offset + {0: 0, 1: self._at, 2: end}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._size + len(self._tail)
        stop = end if size is None or size < 0 else min(end, self._at + size)
        start = self._at
        parts = [self._head[start:stop]]
        inside = max(start, len(self._head))
        if inside < min(stop, self._size):
            self._file.seek(inside)
            parts.append(self._file.read(min(stop, self._size) - inside))
        if stop > self._size:
            parts.append(self._tail[max(0, start - self._size) : stop - self._size])
        self._at = max(start, stop)
        return b"".join(parts)


def _first_of(value: Field | Directory) -> Field | Directory:
    if isinstance(value, Field) and value.count > 1:
        return Field(value.kind, 1, value.data[: len(value.data) // value.count])
    return value


def open_page(file: BinaryIO, tiff: Any, page: Any, photometric: int) -> Image.Image:
    """Open a page as a Pillow picture in the orientation of the file.

    Parameters
    ----------
    photometric : the photometric interpretation of the samples; the file may not state it
    """
    order, size = str(tiff.byteorder), file.seek(0, 2)
    block = exif.FileBytes(file)
    found = exif.directory_at(block, order, page.offset, big=bool(tiff.is_bigtiff))
    if size >= CLASSIC_LIMIT:
        raise Unsupported("is a BigTIFF of more than 4 GB", Remedy.CONVERT)
    directory = {
        code: _first_of(value) if code in SINGLE else value for code, value in found.items() if code in LAYOUT
    }
    directory[PHOTOMETRIC] = Field(3, 1, struct.pack(order + "H", photometric))
    at = size + size % 2
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, at)
    tail = b"\0" * (at - size) + exif.pack(directory, order, at)
    image = Unlimited(cast(BinaryIO, _Overlay(file, head, tail)))
    image.load()
    return image


def by_libtiff(file: BinaryIO, tiff: Any, page: Any) -> Any:
    """Decode samples of 8 or 16 bits with Pillow, as bytes. Pillow would read 16-bit RGB as 8 bit.

    Returns (planes, H, W * samples).

    The codecs of `BYTE_CODECS` do not depend on the size of samples. So libtiff gets the page as an 8-bit grey picture
    of samples x 2 times the width, and the prediction is reversed here.
    """
    planes = page.samplesperpixel if page.planarconfig == 2 else 1
    samples = page.samplesperpixel // planes
    kind = np.dtype(f"{tiff.byteorder}u{page.bitspersample // 8}")
    wide = samples * kind.itemsize
    per_plane = len(page.dataoffsets) // planes
    out = np.empty((planes, page.imagelength, page.imagewidth * samples), kind.newbyteorder("="))
    for plane in range(planes):
        parts = slice(plane * per_plane, (plane + 1) * per_plane)
        data = [
            _at(file, o, n) for o, n in zip(page.dataoffsets[parts], page.databytecounts[parts], strict=True)
        ]
        recast = _recast(data, page, wide)
        values = np.asarray(recast).view(kind).astype(out.dtype)
        if page.predictor == 2:
            step = page.tilewidth if page.is_tiled else page.imagewidth
            for left in range(0, page.imagewidth, step):
                part = values[:, left * samples : (left + step) * samples].reshape(
                    page.imagelength, -1, samples
                )
                np.cumsum(part, axis=1, dtype=part.dtype, out=part)
                values[:, left * samples : (left + step) * samples] = part.reshape(page.imagelength, -1)
        elif page.predictor not in (1, None):
            raise Unsupported("its prediction is not supported", Remedy.CONVERT_16)
        out[plane] = values
    return out


def _recast(data: list[bytes], page: Any, wide: int) -> Image.Image:
    def number(*values: int) -> Field:
        return Field(4, len(values), struct.pack(f"<{len(values)}I", *values))

    at, offsets = 8, []
    for part in data:
        offsets.append(at)
        at += len(part)
    at += at % 2
    directory: Directory = {
        256: number(page.imagewidth * wide),
        257: number(page.imagelength),
        258: number(8),
        259: number(int(page.compression)),
        262: number(1),
        266: number(int(page.fillorder)),
        277: number(1),
    }
    sizes = number(*(len(part) for part in data))
    if page.is_tiled:
        directory |= {322: number(page.tilewidth * wide), 323: number(page.tilelength)}
        directory |= {324: number(*offsets), 325: sizes}
    else:
        directory |= {273: number(*offsets), 278: number(page.rowsperstrip or page.imagelength), 279: sizes}
    body = b"II*\0" + struct.pack("<I", at) + b"".join(data)
    image = Unlimited(BytesIO(body.ljust(at, b"\0") + exif.pack(directory, "<", at)))
    image.load()
    return image


def _at(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    data = file.read(size)
    if len(data) < size:
        raise Damaged()
    return data
