"""Read and edit EXIF blocks. They consist of directories like those of a TIFF file (TIFF 6.0, Exif 2.32).

A block is edited in place where possible. A camera's MakerNote contains offsets into the block, and a library that
rewrites the block breaks them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO, Protocol, TypeAlias, Union

from photochrom.media.regions import turn_area

__all__ = [
    "Directory",
    "Field",
    "add_text",
    "count_of_pictures",
    "directory_at",
    "from_directory",
    "orientation",
    "pack",
    "parse",
    "parse_big",
    "resolution",
    "text",
    "turn_subject",
    "upright",
    "without_damage",
]

SIZES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
ORIENTATION, DESCRIPTION, COLOR_SPACE = 0x0112, 0x010E, 0xA001
SUBJECT_AREA, SUBJECT_LOCATION, PICTURES = 0x9214, 0xA214, 0xB001
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296
EXIF_IFD, GPS_IFD, INTEROP_IFD = 0x8769, 0x8825, 0xA005
LONG_KINDS = {16: (4, "I", 1 << 32), 17: (9, "i", 1 << 31), 18: (13, "I", 1 << 32)}
POINTERS = (EXIF_IFD, GPS_IFD, INTEROP_IFD)


@dataclass(frozen=True, slots=True)
class Field:
    """One value: its TIFF type, its count, and its bytes in the block's byte order."""

    kind: int
    count: int
    data: bytes


Directory: TypeAlias = dict[int, Union[Field, "Directory"]]


def byte_order(block: Bytes) -> str | None:
    """The byte order '<' or '>', or None if `block` is not an EXIF block."""
    return {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(block[:4])) if len(block) >= 14 else None


class Bytes(Protocol):
    """Data with a length and slices like bytes: a block in memory, or a file through `FileBytes`."""

    def __len__(self) -> int: ...
    def __getitem__(self, where: slice, /) -> bytes | bytearray: ...


class FileBytes:
    """An open file that supports slices. So a TIFF's tags are read without its pixels."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, 2)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, where: slice) -> bytes:
        start, stop, _ = where.indices(self._size)
        self._file.seek(start)
        return self._file.read(max(0, stop - start))


def _unpack(block: Bytes, form: str, at: int) -> tuple[int, ...]:
    return struct.unpack(form, block[at : at + struct.calcsize(form)])


def _entries(block: Bytes, order: str, at: int) -> list[tuple[int, int]]:
    """(tag, position of its 12 bytes) of each entry of the directory at `at`; empty if it is damaged."""
    if not 8 <= at <= len(block) - 2:
        return []
    (count,) = _unpack(block, order + "H", at)
    fits = min(count, (len(block) - at - 2) // 12)
    places = [at + 2 + 12 * i for i in range(fits)]
    return [(_unpack(block, order + "H", place)[0], place) for place in places]


def _value(block: Bytes, order: str, place: int) -> Field | None:
    kind, count = _unpack(block, order + "HI", place + 2)
    size = SIZES.get(kind, 0) * count
    start = place + 8 if size <= 4 else _unpack(block, order + "I", place + 8)[0]
    if not size or start + size > len(block):
        return None
    return Field(kind, count, bytes(block[start : start + size]))


def _integer(block: Bytes, order: str, place: int) -> int:
    value = _value(block, order, place)
    if value is None or value.kind not in (3, 4, 13):
        return 0
    return int(struct.unpack_from(order + ("H" if value.kind == 3 else "I"), value.data)[0])


def _find(block: Bytes, order: str, at: int, tag: int) -> int:
    """The integer value of a tag in the directory at `at`; 0 if there is no such tag."""
    return next((_integer(block, order, p) for t, p in _entries(block, order, at) if t == tag), 0)


def _first(block: Bytes, order: str) -> int:
    return _unpack(block, order + "I", 4)[0]


def without_damage(block: bytes) -> tuple[bytes, bool]:
    """Remove the entries whose values lie outside the block. Return the block and whether there were such entries.

    Readers warn about such an entry, or stop reading there. Everything else keeps its position.
    """
    order = byte_order(block)
    if order is None:
        return block, False
    out, first = bytearray(block), _first(block, order)
    inner = _find(out, order, first, EXIF_IFD)
    damaged = False
    for at in dict.fromkeys(
        (first, inner, _find(out, order, first, GPS_IFD), _find(out, order, inner, INTEROP_IFD))
    ):
        places = [place for _, place in _entries(out, order, at)]
        if not places:
            continue
        good = [bytes(out[p : p + 12]) for p in places if _value(out, order, p) is not None]
        (count,) = _unpack(out, order + "H", at)
        if len(good) == count:
            continue
        damaged = True
        end = at + 2 + 12 * len(places)
        link = bytes(out[end : end + 4]).ljust(4, b"\0") if len(places) == count else bytes(4)
        body = struct.pack(order + "H", len(good)) + b"".join(good) + link
        out[at : end + 4] = body.ljust(end + 4 - at, b"\0")[: max(0, len(out) - at)]
    return bytes(out), damaged


def orientation(block: bytes) -> int | None:
    """The EXIF orientation, 1 to 8; None if the block has no valid orientation."""
    order = byte_order(block)
    value = _find(block, order, _first(block, order), ORIENTATION) if order else 0
    return value if 1 <= value <= 8 else None


def text(block: bytes, tag: int) -> str:
    """A text of the first directory; '' if it is missing or blank."""
    order = byte_order(block)
    for found, place in _entries(block, order, _first(block, order)) if order else []:
        if found == tag and (value := _value(block, order or "<", place)):
            return value.data.split(b"\0")[0].decode("utf-8", "replace").strip()
    return ""


def upright(block: bytes, *, swapped: bool) -> bytes:
    """Adapt the block to upright pixels: orientation 1, no thumbnail, colour space sRGB.

    The embedded thumbnail (IFD1) is unlinked and blanked, because it shows the picture before colorization.
    `swapped` is true if width and height were exchanged.
    """
    order = byte_order(block)
    if order is None:
        return block
    out = bytearray(block)
    first = _first(out, order)
    entries = _entries(out, order, first)
    places = dict(entries)
    if ORIENTATION in places:
        struct.pack_into(order + "HIHH", out, places[ORIENTATION] + 2, 3, 1, 1, 0)
    exif_places = dict(_entries(out, order, _find(out, order, first, EXIF_IFD)))
    if COLOR_SPACE in exif_places:
        struct.pack_into(order + "HIHH", out, exif_places[COLOR_SPACE] + 2, 3, 1, 1, 0)
    for group, wide, high in ((places, 0x0100, 0x0101), (exif_places, 0xA002, 0xA003)):
        if swapped and wide in group and high in group:
            a, b = group[wide] + 2, group[high] + 2
            out[a : a + 10], out[b : b + 10] = out[b : b + 10], out[a : a + 10]
    link = first + 2 + 12 * len(entries)
    if entries and link + 4 <= len(out):
        _drop_thumbnail(out, order, _unpack(out, order + "I", link)[0])
        if link + 4 <= len(out):
            struct.pack_into(order + "I", out, link, 0)
    return bytes(out)


def _drop_thumbnail(out: bytearray, order: str, second: int) -> None:
    for start_tag, size_tag in ((0x0201, 0x0202), (0x0111, 0x0117)):
        start = _find(out, order, second, start_tag)
        end = start + _find(out, order, second, size_tag)
        if not 8 <= start < end <= len(out):
            continue
        if end == len(out):
            del out[start:]  # nearly always the case; it saves room in a JPEG segment of 64 KiB
        else:
            out[start:end] = bytes(end - start)


def turn_subject(block: bytes, orientation: int, width: int, height: int) -> bytes:
    """Move SubjectArea and SubjectLocation to their place after the orientation is applied.

    Parameters
    ----------
    width, height : size of the picture before the orientation is applied
    """
    order = byte_order(block)
    if order is None:
        return block
    out = bytearray(block)
    inner = _find(out, order, _first(out, order), EXIF_IFD)
    for tag, place in _entries(out, order, inner):
        value = _value(out, order, place) if tag in (SUBJECT_AREA, SUBJECT_LOCATION) else None
        if value is None or value.kind != 3 or not 2 <= value.count <= 4:
            continue
        form = f"{order}{value.count}H"
        turned = turn_area(list(struct.unpack(form, value.data)), orientation, width, height)
        start = place + 8 if len(value.data) <= 4 else _unpack(out, order + "I", place + 8)[0]
        struct.pack_into(form, out, start, *(min(number, 65535) for number in turned))
    return bytes(out)


def resolution(block: bytes) -> tuple[float, float] | None:
    """Horizontal and vertical dots per inch; None if the block has none, or only a ratio."""
    order, tags = parse(block)
    return resolution_of(tags, order)


def resolution_of(tags: Directory, order: str) -> tuple[float, float] | None:
    """Horizontal and vertical dots per inch of a directory; None if its tags have none, or only a ratio."""
    unit = tags.get(RESOLUTION_UNIT)
    known = isinstance(unit, Field) and unit.kind == 3 and len(unit.data) >= 2
    number = struct.unpack(order + "H", unit.data[:2])[0] if known and isinstance(unit, Field) else 2
    values = []
    for code in (X_RESOLUTION, Y_RESOLUTION):
        value = tags.get(code)
        if not isinstance(value, Field) or value.kind != 5 or len(value.data) != 8:
            return None
        top, bottom = struct.unpack(order + "II", value.data)
        values.append(top / bottom if bottom else 0.0)
    scale = {2: 1.0, 3: 2.54}.get(number, 0.0)
    return (values[0] * scale, values[1] * scale) if scale and min(values) > 0 else None


def count_of_pictures(block: bytes) -> int:
    """The number of pictures in a multi-picture index (CIPA DC-007, "MPF"); 1 if the index has no number."""
    order = byte_order(block)
    return _find(block, order, _first(block, order), PICTURES) or 1 if order else 1


def add_text(block: bytes | None, tag: int, words: str) -> bytes:
    """Add a text to the first directory. The directory moves to the end of the block.

    Every other value keeps its position. If `block` is None or not an EXIF block, the result is a new block.
    """
    data = words.encode() + b"\0"
    order = byte_order(block) if block else None
    if block is None or order is None:
        return from_directory({tag: Field(2, len(data), data)}, "<")
    first = _first(block, order)
    entries = [(t, block[p : p + 12]) for t, p in _entries(block, order, first) if t != tag]
    out = bytearray(block + b"\0" * (len(block) % 2))
    at = len(out)
    link = block[first + 2 + 12 * len(_entries(block, order, first)) :][:4].ljust(4, b"\0")
    text_at = at + 2 + 12 * (len(entries) + 1) + 4
    inline = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack(order + "I", text_at)
    entries.append((tag, struct.pack(order + "HHI", tag, 2, len(data)) + inline))
    out += struct.pack(order + "H", len(entries)) + b"".join(raw for _, raw in sorted(entries)) + link
    out += data if len(data) > 4 else b""
    struct.pack_into(order + "I", out, 4, at)
    return bytes(out)


def parse(block: Bytes, at: int | None = None) -> tuple[str, Directory]:
    """Byte order and directory (the first, or the one at `at`) of a block, including nested directories.

    Damaged entries are left out. The result for data that are not an EXIF block is ('<', {}).
    """
    order = byte_order(block)
    if order is None:
        return "<", {}
    return order, _parse(block, order, _first(block, order) if at is None else at, depth=0)


def _parse(block: Bytes, order: str, at: int, depth: int) -> Directory:
    directory: Directory = {}
    for tag, place in _entries(block, order, at):
        if tag in POINTERS:
            # A damaged directory may point to itself. The deepest valid chain is IFD0, Exif, interoperability.
            if depth < 2 and (child := _parse(block, order, _integer(block, order, place), depth + 1)):
                directory[tag] = child
        elif tag not in directory and (value := _value(block, order, place)):
            # If a tag occurs twice, the first one counts, as in other readers.
            directory[tag] = value
    return directory


def directory_at(block: Bytes, order: str, at: int, *, big: bool) -> Directory:
    """The directory at `at` of a TIFF or, with `big`, of a BigTIFF."""
    return parse_big(block, order, at) if big else _parse(block, order, at, depth=0)


def parse_big(block: Bytes, order: str, at: int, depth: int = 0) -> Directory:
    """The directory at `at` of a BigTIFF, including nested directories, with values as in a classic TIFF.

    Integers of 8 bytes become integers of 4 bytes. Damaged entries are left out.
    """
    directory: Directory = {}
    if not 16 <= at <= len(block) - 8:
        return directory
    (count,) = _unpack(block, order + "Q", at)
    for number in range(min(count, (len(block) - at - 8) // 20, 65535)):
        place = at + 8 + 20 * number
        tag, kind, items = _unpack(block, order + "HHQ", place)
        size = SIZES.get(kind, 0) * items
        start = place + 12 if size <= 8 else _unpack(block, order + "Q", place + 12)[0]
        if not size or start + size > len(block):
            continue
        data = bytes(block[start : start + size])
        if kind in LONG_KINDS:
            values = struct.unpack(f"{order}{items}{'q' if kind == 17 else 'Q'}", data)
            kind, letter, limit = LONG_KINDS[kind]
            if any(not -limit // 2 <= value < limit for value in values):
                continue
            data = struct.pack(f"{order}{items}{letter}", *values)
        if tag in POINTERS:
            target = struct.unpack(order + "I", data)[0] if len(data) == 4 else 0
            if depth < 2 and (child := parse_big(block, order, target, depth + 1)):
                directory[tag] = child
        elif tag not in directory:
            directory[tag] = Field(kind, items, data)
    return directory


def pack(directory: Directory, order: str, at: int, *, following: int = 0, big: bool = False) -> bytes:
    """Write a directory, its values and nested directories for the (even) offset `at` of a file.

    `following` is the offset of the next directory. `big` selects the 8-byte offsets of BigTIFF.
    """
    room, entry, head, tail_format = (8, "HHQ", "Q", "Q") if big else (4, "HHI", "H", "I")
    size = struct.calcsize(order + head) + len(directory) * (4 + 2 * room) + room
    values = b""
    entries = [struct.pack(order + head, len(directory))]
    for tag, value in sorted(directory.items()):
        where = at + size + len(values)
        if isinstance(value, dict):
            entries.append(struct.pack(order + entry + tail_format, tag, 16 if big else 4, 1, where))
            values += pack(value, order, where, big=big)
        elif len(value.data) <= room:
            entries.append(
                struct.pack(order + entry, tag, value.kind, value.count) + value.data.ljust(room, b"\0")
            )
        else:
            entries.append(struct.pack(order + entry + tail_format, tag, value.kind, value.count, where))
            values += value.data
        values += b"\0" * (len(values) % 2)
    return b"".join(entries) + struct.pack(order + tail_format, following) + values


def from_directory(directory: Directory, order: str) -> bytes:
    """Write a new block that contains `directory`."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "I", 8) + pack(directory, order, 8)
