"""The boxes of JPEG 2000 and JPEG XL files, and the metadata in them (ISO 15444-1, Annex I; ISO 18181-2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from photochrom.media.model import Photo

__all__ = ["boxes", "fill_metadata"]

XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
EXIF = b"JpgTiffExif->JP2"
IPTC = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")
"""The identifiers of "uuid" boxes (XMP part 3, 1.1.4; ExifTool's list for JPEG 2000)."""
ICC_METHODS = (2, 3)


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(type, content) of each box at the top level; nothing for a bare codestream. A damaged box ends the list."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1 and at + 16 <= len(data):
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        end = at + size if size else len(data)
        if end < at + head or end > len(data):
            return
        yield kind, data[at + head : end]
        at = end


def fill_metadata(data: bytes, photo: Photo) -> bytes | None:
    """Copy EXIF, XMP and IPTC from the boxes into `photo`. Return the ICC profile of a JPEG 2000, if there is one."""
    icc = None
    for kind, body in boxes(data):
        if kind == b"Exif" and len(body) > 4:
            photo.exif = photo.exif or body[4 + int.from_bytes(body[:4], "big") :]
        elif kind == b"xml " and b"<rdf:RDF" in body:
            photo.xmp = photo.xmp or body
        elif kind == b"uuid" and body[:16] == XMP:
            photo.xmp = body[16:]
        elif kind == b"uuid" and body[:16] == EXIF:
            photo.exif = photo.exif or body[16:]
        elif kind == b"uuid" and body[:16] == IPTC:
            photo.iptc = photo.iptc or body[16:]
        elif kind == b"jp2h":
            colors = (inner for name, inner in boxes(body) if name == b"colr")
            icc = next((inner[3:] for inner in colors if inner[:1] and inner[0] in ICC_METHODS), None)
        elif kind == b"brob" and body[:4] in (b"Exif", b"xml "):
            photo.notes.append("The compressed metadata of the JPEG XL was left out.")
    return icc
