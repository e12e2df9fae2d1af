"""IPTC captions and keywords in the old binary form and in XMP.

The binary blocks are those of IIM 4.2 inside Photoshop's image resources. The names in XMP are those of the IPTC Photo
Metadata Standard 2023. By this standard, the XMP text takes precedence if both forms exist.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from photochrom.media.xmp import DC, IPTC_CORE, PHOTOSHOP, Packet

__all__ = ["CAPTION", "add_to_xmp", "in_resources", "resource", "texts"]

RESOURCE = 0x0404
CAPTION = 120
UTF8 = b"\x1b%G"
# data set: (namespace, name, kind); "alt" is text by language, "seq" and "bag" are lists.
NAMES = {
    4: (IPTC_CORE, "IntellectualGenre", "text"),
    5: (DC, "title", "alt"),
    10: (PHOTOSHOP, "Urgency", "text"),
    12: (IPTC_CORE, "SubjectCode", "bag"),
    15: (PHOTOSHOP, "Category", "text"),
    20: (PHOTOSHOP, "SupplementalCategories", "bag"),
    25: (DC, "subject", "bag"),
    40: (PHOTOSHOP, "Instructions", "text"),
    80: (DC, "creator", "seq"),
    85: (PHOTOSHOP, "AuthorsPosition", "text"),
    90: (PHOTOSHOP, "City", "text"),
    92: (IPTC_CORE, "Location", "text"),
    95: (PHOTOSHOP, "State", "text"),
    100: (IPTC_CORE, "CountryCode", "text"),
    101: (PHOTOSHOP, "Country", "text"),
    103: (PHOTOSHOP, "TransmissionReference", "text"),
    105: (PHOTOSHOP, "Headline", "text"),
    110: (PHOTOSHOP, "Credit", "text"),
    115: (PHOTOSHOP, "Source", "text"),
    116: (DC, "rights", "alt"),
    120: (DC, "description", "alt"),
    122: (PHOTOSHOP, "CaptionWriter", "text"),
}
DATE, TIME = 55, 60


def resources(block: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """(number, start, end, data) of each Photoshop image resource."""
    at = 0
    while block[at : at + 4] == b"8BIM" and at + 12 <= len(block):
        (number,) = struct.unpack_from(">H", block, at + 4)
        name = 1 + block[at + 6]
        size_at = at + 6 + name + name % 2
        if size_at + 4 > len(block):
            return
        (size,) = struct.unpack_from(">I", block, size_at)
        end = size_at + 4 + size + size % 2
        yield number, at, end, block[size_at + 4 : size_at + 4 + size]
        at = end


def in_resources(block: bytes) -> bytes | None:
    """The IIM block in Photoshop's image resources."""
    return next((data for number, _, _, data in resources(block) if number == RESOURCE), None)


def resource(block: bytes) -> bytes:
    """Write an image resource that contains an IIM block."""
    return b"8BIM" + struct.pack(">HHI", RESOURCE, 0, len(block)) + block + b"\0" * (len(block) % 2)


def texts(block: bytes | None) -> dict[int, list[str]]:
    """The texts of record 2, by data set. Damaged texts are left out."""
    found: dict[int, list[str]] = {}
    at, utf8 = 0, False
    while block and at + 5 <= len(block) and block[at] == 0x1C:
        record, number, size = block[at + 1], block[at + 2], int.from_bytes(block[at + 3 : at + 5], "big")
        at += 5
        if size & 0x8000:  # an extended data set: this is the length of the size field
            count = size & 0x7FFF
            size, at = int.from_bytes(block[at : at + count], "big"), at + count
        data = block[at : at + size]
        at += size
        if (record, number) == (1, 90):
            utf8 = data == UTF8
        elif record == 2:
            found.setdefault(number, []).append(_decoded(data, utf8))
    return found


def _decoded(data: bytes, utf8: bool) -> str:
    # Many programs write UTF-8 and do not declare it. Text that is valid UTF-8 rarely has another encoding.
    try:
        return data.decode("utf-8").strip("\0")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace") if utf8 else data.decode("cp1252", "replace").strip("\0")


def add_to_xmp(block: bytes, xmp: bytes | None) -> bytes | None:
    """Add the texts of an IIM block to the XMP packet, for properties that the packet does not have."""
    packet = Packet(xmp)
    found = texts(block)
    changed = False
    for number, (space, name, kind) in NAMES.items():
        values = [value for value in found.get(number, []) if value]
        if not values or packet.get(space, name):
            continue
        changed = True
        if kind == "alt":
            packet.set_words(space, name, values[0])
        elif kind == "text":
            packet.set(space, name, values[0])
        else:
            packet.set_list(space, name, values, ordered=kind == "seq")
    date = (found.get(DATE) or [""])[0]
    if len(date) == 8 and date.isdecimal() and not packet.get(PHOTOSHOP, "DateCreated"):
        time = (found.get(TIME) or [""])[0]
        stamp = f"{date[:4]}-{date[4:6]}-{date[6:]}"
        if len(time) == 11 and time[:6].isdecimal():
            stamp += f"T{time[:2]}:{time[2:4]}:{time[4:6]}{time[6:9]}:{time[9:]}"
        packet.set(PHOTOSHOP, "DateCreated", stamp)
        changed = True
    return packet.to_bytes() if changed else xmp
