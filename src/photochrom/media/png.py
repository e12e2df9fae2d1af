"""PNG chunks (PNG 3rd edition) that Pillow and OpenCV do not read or write."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import cv2
import numpy as np
from PIL import Image

from photochrom.media.strips import strips

__all__ = [
    "bare",
    "chunk",
    "chunks",
    "encode",
    "has_end",
    "icc_of",
    "raw_profile",
    "read_16",
    "text_chunk",
    "xmp_of",
]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP_KEY = b"XML:com.adobe.xmp"
MAX_TEXT = 64 << 20
STREAM_PART = 1 << 18
INTERNAL_TEXT = (b"Raw profile type ", b"Thumb::")
CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"tRNS")


def chunks(data: bytes | memoryview, *, check: bool = False) -> Iterator[tuple[bytes, bytes]]:
    """(type, data) of each chunk up to IEND, which may be missing after the pixels.

    Raises
    ------
    ValueError
        If the file ends too soon, or with `check`, if a chunk's CRC is wrong.
    """
    for at, end, kind in _places(data, check=check):
        yield kind, bytes(data[at + 8 : end - 4])


def _places(data: bytes | memoryview, *, check: bool = False) -> Iterator[tuple[int, int, bytes]]:
    """Start, end and type of each of the `chunks`. No bytes are copied, unless to `check` them."""
    at, pixels = len(SIGNATURE), False
    while True:
        if at + 12 > len(data):
            if pixels:
                return
            raise ValueError("the file ends too soon")
        size, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + size
        if end > len(data):
            raise ValueError("the file ends too soon")
        if check and zlib.crc32(data[at + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
            raise ValueError("a checksum is wrong")
        if kind == b"IEND":
            return
        pixels = pixels or kind == b"IDAT"
        yield at, end, kind
        at = end


def has_end(data: bytes) -> bool:
    """Whether there is an IEND chunk where the last chunk ends."""
    at = max((end for _, end, _ in _places(data)), default=len(SIGNATURE))
    return data[at + 4 : at + 8] == b"IEND"


def bare(data: bytes) -> bytes:
    """Remove metadata, colour space and unknown chunks from a PNG. The other chunks are copied byte for byte."""
    out = [data[: len(SIGNATURE)]]
    out += [data[at:end] for at, end, kind in _places(data) if kind in CRITICAL]
    return b"".join(out) + chunk(b"IEND", b"")


def icc_of(body: bytes) -> bytes | None:
    """The profile in an iCCP chunk; None if it is damaged."""
    _, _, packed = body.partition(b"\0")
    return _inflated(packed[1:])


def raw_profile(kind: bytes, body: bytes) -> tuple[str, bytes] | None:
    """(name, data) of metadata that ImageMagick and ExifTool write as hexadecimal text: EXIF, IPTC, XMP."""
    key, _, rest = body.partition(b"\0")
    if not key.startswith(b"Raw profile type "):
        return None
    text = rest if kind == b"tEXt" else _inflated(rest[1:]) if kind == b"zTXt" else None
    parts = (text or b"").split(None, 2)  # the name, the size, the digits
    try:
        return key[17:].decode("latin-1"), bytes.fromhex(parts[2].decode("ascii"))
    except (ValueError, IndexError):
        return None


def _inflated(packed: bytes) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(packed, MAX_TEXT)
    except zlib.error:
        return None


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk with its length and CRC."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def text_chunk(key: bytes, text: bytes) -> bytes:
    """Write an uncompressed iTXt chunk. XMP must be uncompressed, so that packet scanners find it."""
    return chunk(b"iTXt", key + b"\0\0\0\0\0" + text)


def xmp_of(kind: bytes, body: bytes) -> bytes | None:
    """The XMP packet of an iTXt chunk, if it contains one."""
    if kind != b"iTXt" or not body.startswith(XMP_KEY + b"\0"):
        return None
    compressed = body[len(XMP_KEY) + 1 : len(XMP_KEY) + 2] == b"\1"
    parts = body[len(XMP_KEY) + 3 :].split(b"\0", 2)
    text = parts[2] if len(parts) == 3 else b""
    return _inflated(text) if compressed else text


def read_16(data: bytes) -> tuple[Any, Any]:
    """Pixels (H, W) or (H, W, 3) RGB and alpha (H, W) or None of a 16-bit PNG, all uint16.

    Raises
    ------
    ValueError
        If the file is damaged. OpenCV would return the readable part without an error.
    """
    kinds: dict[bytes, bytes] = {}
    for kind, body in chunks(data, check=True):
        kinds.setdefault(kind, body if kind in (b"IHDR", b"tRNS") else b"")
    if b"IDAT" not in kinds:
        raise ValueError("there are no pixels in it")
    _check_stream(data, kinds[b"IHDR"])
    array: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if array is None or array.dtype != np.uint16:
        raise ValueError("the pixels cannot be decoded")
    grey = kinds[b"IHDR"][9] in (0, 4)
    if array.ndim == 2:
        key = kinds.get(b"tRNS", b"")
        if len(key) != 2:
            return array, None
        return array, np.where(array == struct.unpack(">H", key)[0], 0, 65535).astype(np.uint16)
    alpha = array[..., 3] if array.shape[2] == 4 else None
    if grey:
        return array[..., 0], alpha
    for rows in strips(*array.shape[:2]):  # in place, because another full-size copy takes 6 bytes per pixel
        array[rows, :, :3] = array[rows, :, 2::-1]
    return array[..., :3], alpha


def _check_stream(data: bytes, header: bytes) -> None:
    """Raise ValueError if the compressed pixels are damaged. The libpng in OpenCV would also print the error."""
    width, height, bits, kind = struct.unpack_from(">IIBB", header)
    stride = 1 + (width * {0: 1, 2: 3, 4: 2, 6: 4}[kind] * bits + 7) // 8
    interlaced = header[12] != 0
    stream, total = zlib.decompressobj(), 0
    for name, body in chunks(data):
        for at in range(0, len(body) if name == b"IDAT" else 0, STREAM_PART):
            rest = body[at : at + STREAM_PART]
            while rest and not stream.eof:
                part = stream.decompress(rest, STREAM_PART)
                rest = stream.unconsumed_tail
                if not interlaced and max(part[-total % stride :: stride], default=0) > 4:
                    raise ValueError("there is no such filter")
                total += len(part)
    if not stream.eof or (total < height * stride if interlaced else total != height * stride):
        raise ValueError("the pixels are damaged")


def encode(pixels: Any, alpha: Any, metadata: list[bytes]) -> bytes:
    """Encode (H, W) or (H, W, 3) RGB pixels, uint8 or uint16, as PNG. The given chunks precede the pixels."""
    data = _encode_16(pixels, alpha) if pixels.dtype == np.uint16 else _encode_8(pixels, alpha)
    head = len(SIGNATURE) + 25
    out = [data[:head], *metadata]
    out += [chunk(kind, body) for kind, body in chunks(memoryview(data)) if kind in (b"IDAT", b"PLTE")]
    return b"".join(out) + chunk(b"IEND", b"")


def _encode_8(pixels: Any, alpha: Any) -> bytes:
    image = Image.fromarray(pixels)
    if alpha is not None:
        image.putalpha(Image.fromarray(alpha))
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _encode_16(pixels: Any, alpha: Any) -> bytes:
    """Encode 16 bits with OpenCV. It cannot write grey with alpha, so this is written as RGB with alpha."""
    if pixels.ndim == 3:
        planes = pixels[..., ::-1] if alpha is None else np.dstack([pixels[..., ::-1], alpha])
    else:
        planes = pixels if alpha is None else np.dstack([pixels, pixels, pixels, alpha])
    done, data = cv2.imencode(".png", np.ascontiguousarray(planes))
    if not done:
        raise ValueError("OpenCV could not encode it as PNG")
    return bytes(data.data)
