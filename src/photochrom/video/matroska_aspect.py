"""The sample aspect ratio of a Matroska file, written after FFmpeg has written the file.

FFmpeg's muxer takes the ratio from a field of the stream that PyAV 18 cannot set. H.264 and H.265 have it in their own
headers; FFV1, ProRes and AV1 in Matroska have it only in the track's DisplayWidth and DisplayHeight (RFC 9559, section
5.1.4.1.28). These need some bytes more. So the track gets a long name first, and its bytes become the two elements and
a Void element. All else stays where it is.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from photochrom.errors import WriteError

__all__ = ["ROOM", "write_aspect"]

ROOM = "room for the display size".ljust(40, ".")
"""What is added to the name (the tag "title") of the stream before the file is written."""

SEGMENT, TRACKS, TRACK, NAME, VIDEO = 0x18538067, 0x1654AE6B, 0xAE, 0x536E, 0xE0
DISPLAY_UNIT, DISPLAY_WIDTH, DISPLAY_HEIGHT = 0x54B2, 0x54B0, 0x54BA
RATIO = 3
VOID, CRC = 0xEC, 0xBF
MOST_HEAD = 1 << 20
"""Tracks lie at the beginning of the file."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element of EBML (RFC 8794): its number, the bytes of number and size, and its content."""

    id: int
    head: bytes
    content: bytes


def write_aspect(path: Path, aspect: Fraction, width: int, height: int) -> None:
    """Write the sample aspect ratio of the track whose name ends with `ROOM`, and take `ROOM` off the name.

    Parameters
    ----------
    width, height : of the stored frames

    Raises
    ------
    WriteError
        If there is no such track.
    """
    with path.open("r+b") as file:
        for start, size in _tracks(file):
            file.seek(start)
            old = file.read(size)
            new = _rewritten(old, _display_size(aspect, width, height))
            if new is not None:
                file.seek(start)
                file.write(new)
                return
    raise WriteError(str(path), "the sample aspect ratio could not be written", code="aspect")


def _display_size(aspect: Fraction, width: int, height: int) -> list[tuple[int, int]]:
    """The elements of the shown size: in pixels if these are whole numbers, else the ratio of width to height."""
    across, down = width * aspect, height / aspect
    if across.denominator == 1:
        return [(DISPLAY_WIDTH, int(across)), (DISPLAY_HEIGHT, height)]
    if down.denominator == 1:
        return [(DISPLAY_WIDTH, width), (DISPLAY_HEIGHT, int(down))]
    ratio = across / height
    return [(DISPLAY_WIDTH, ratio.numerator), (DISPLAY_HEIGHT, ratio.denominator), (DISPLAY_UNIT, RATIO)]


def _rewritten(tracks: bytes, display: list[tuple[int, int]]) -> bytes | None:
    """The content of Tracks with the display size, of the same length; None if no track has room."""
    parts, found = [], False
    for element in _elements(tracks):
        changed = _track(element.content, display) if element.id == TRACK else None
        found = found or changed is not None
        parts.append(element.head + (element.content if changed is None else changed))
    if not found:
        return None
    if next(_elements(tracks)).id == CRC:
        parts[0] = _element(CRC, zlib.crc32(b"".join(parts[1:])).to_bytes(4, "little"))
    return b"".join(parts)


def _track(content: bytes, display: list[tuple[int, int]]) -> bytes | None:
    """The content of a track with the display size, of the same length; None if its name has no room."""
    parts, found = [], False
    for element in _elements(content):
        if element.id == NAME and element.content.endswith(ROOM.encode()):
            found = True
            if name := element.content.removesuffix(ROOM.encode()):
                parts.append(_element(NAME, name))
        elif element.id == VIDEO:
            parts.append(_element(VIDEO, _video(element.content, display)))
        else:
            parts.append(element.head + element.content)
    made = b"".join(parts)
    return made + _element(VOID, bytes(len(content) - len(made) - 2)) if found else None


def _video(content: bytes, display: list[tuple[int, int]]) -> bytes:
    kept = [
        element.head + element.content
        for element in _elements(content)
        if element.id not in (DISPLAY_UNIT, DISPLAY_WIDTH, DISPLAY_HEIGHT)
    ]
    return b"".join(kept + [_element(id, value.to_bytes(4)) for id, value in display])


def _tracks(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Start and size of the content of each Tracks element at the beginning of the file."""
    at = 0
    while at < MOST_HEAD:
        file.seek(at)
        head = file.read(12)
        if len(head) < 12:
            return
        id, id_length = _id(head, 0)
        size, size_length = _size(head, id_length)
        at += id_length + size_length
        if id == TRACKS:
            yield at, size
        if id != SEGMENT:  # the elements inside the segment come next
            at += size


def _elements(data: bytes) -> Iterator[Element]:
    at = 0
    while at < len(data):
        id, id_length = _id(data, at)
        size, size_length = _size(data, at + id_length)
        start = at + id_length + size_length
        yield Element(id, data[at:start], data[start : start + size])
        at = start + size


def _element(id: int, content: bytes) -> bytes:
    """An element whose size is written in as few bytes as possible."""
    length = next(n for n in range(1, 9) if len(content) < (1 << 7 * n) - 1)
    size = (len(content) | 1 << 7 * length).to_bytes(length)
    return id.to_bytes((id.bit_length() + 7) // 8) + size + content


def _id(data: bytes, at: int) -> tuple[int, int]:
    length = 9 - data[at].bit_length()
    return int.from_bytes(data[at : at + length]), length


def _size(data: bytes, at: int) -> tuple[int, int]:
    length = 9 - data[at].bit_length()
    return int.from_bytes(data[at : at + length]) & ((1 << 7 * length) - 1), length
