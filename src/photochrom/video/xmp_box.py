"""XMP in MP4 and QuickTime files: a top-level ``uuid`` box (XMP specification, part 3, 2020, section 1.1.3.1)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["append_xmp", "read_xmp"]

XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
MOST_BYTES = 64 << 20
FIRST_BOXES = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid"}


def append_xmp(path: Path, packet: bytes) -> None:
    """Put an XMP packet at the end of an MP4 or QuickTime file that has none."""
    with path.open("ab") as file:
        file.write(struct.pack(">I4s", 24 + len(packet), b"uuid") + XMP_UUID + packet)


def read_xmp(path: str | Path) -> bytes | None:
    """The XMP packet of an MP4 or QuickTime file; None where there is none, or the file is of another kind."""
    with Path(path).open("rb") as file:
        for kind, start, size in _boxes(file):
            if kind != b"uuid" or not 16 < size <= MOST_BYTES:
                continue
            file.seek(start)
            if file.read(16) == XMP_UUID:
                return file.read(size - 16)
    return None


def _boxes(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start of the content and its size, of each box of the top level."""
    end = file.seek(0, 2)
    at = 0
    while at + 8 <= end:
        file.seek(at)
        size, kind = struct.unpack(">I4s", file.read(8))
        head = 8
        if at == 0 and kind not in FIRST_BOXES:
            return
        if size == 1:
            size = int.from_bytes(file.read(8), "big")
            head = 16
        if size == 0:
            size = end - at
        if size < head:
            return
        yield kind, at + head, size - head
        at += size
