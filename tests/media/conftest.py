"""Small pictures, and an independent look at the bytes that come out."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from photochrom.media.photo import Photo


@pytest.fixture
def grey() -> NDArray[np.uint8]:
    """(30, 44) uint8: smooth, with all 256 levels, and neither symmetric nor square."""
    y, x = np.mgrid[0:30, 0:44]
    return np.asarray((x * 5 + y * 2 + 10 * np.sin(x / 3)) % 256, dtype=np.uint8)


@pytest.fixture
def colour() -> NDArray[np.uint8]:
    """(30, 44, 3) uint8 noise."""
    return np.random.default_rng(1).integers(0, 256, (30, 44, 3), dtype=np.uint8)


@pytest.fixture
def deep() -> NDArray[np.uint16]:
    """(30, 44, 3) uint16 noise."""
    return np.random.default_rng(2).integers(0, 65536, (30, 44, 3), dtype=np.uint16)


@pytest.fixture
def saved() -> Callable[..., bytes]:
    """`saved(picture, format, **options)`: a file by Pillow."""

    def save(picture: Any, format: str, **options: Any) -> bytes:
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        out = BytesIO()
        image.save(out, format, **options)
        return out.getvalue()

    return save


@pytest.fixture
def coloured() -> Callable[[Photo], Photo]:
    """The photo as after colorization: luma kept, faint chroma that stays inside the gamut."""

    def colour(photo: Photo) -> Photo:
        for page in photo.pages:
            page.pixels = np.repeat(page.pixels[..., None], 3, axis=2)
            page.space = "rgb"
        return photo

    return colour


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.fixture
def raw_png() -> Callable[..., bytes]:
    """`raw_png(samples, bits, colour_type, extra)`: a PNG from its definition, without any library."""

    def build(samples: NDArray[Any], bits: int, colour_type: int, extra: bytes = b"") -> bytes:
        height, width = samples.shape[:2]
        if bits == 16:
            rows = [samples[y].astype(">u2").tobytes() for y in range(height)]
        elif bits == 8:
            rows = [samples[y].astype(np.uint8).tobytes() for y in range(height)]
        else:
            planes = (samples[..., None] >> np.arange(bits)[::-1]) & 1
            rows = [np.packbits(planes[y].reshape(-1).astype(np.uint8)).tobytes() for y in range(height)]
        head = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
        body = zlib.compress(b"".join(b"\0" + row for row in rows))
        start = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + extra
        return start + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")

    return build


@pytest.fixture
def png_chunk() -> Callable[[bytes, bytes], bytes]:
    return _chunk


@pytest.fixture
def png_chunks() -> Callable[[bytes], list[tuple[bytes, bytes]]]:
    """The chunks of a PNG, every CRC checked."""

    def split(data: bytes) -> list[tuple[bytes, bytes]]:
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        at, found = 8, []
        while at < len(data):
            size, kind = struct.unpack_from(">I4s", data, at)
            body = data[at + 8 : at + 8 + size]
            assert struct.unpack_from(">I", data, at + 8 + size)[0] == zlib.crc32(kind + body)
            found.append((kind, body))
            at += 12 + size
        assert found[-1][0] == b"IEND"
        return found

    return split


@pytest.fixture
def orientation_exif() -> Callable[[int], bytes]:
    """An EXIF block by Pillow: orientation, an artist, an exposure time, and a position."""

    def build(orientation: int) -> bytes:
        exif = Image.Exif()
        exif[0x0112] = orientation
        exif[0x013B] = "Grandmother"
        exif.get_ifd(0x8769)[0x829A] = 0.5
        exif.get_ifd(0x8769)[0x9003] = "1938:07:01 12:00:00"
        exif.get_ifd(0x8825)[1] = "N"
        return exif.tobytes()

    return build
