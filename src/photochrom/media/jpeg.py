"""JPEG segments and tables. They give a re-encoded photo the quality of its original file."""

from __future__ import annotations

import hashlib
import struct
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from photochrom.media.icc import grey_srgb, srgb
from photochrom.media.iptc import resource, resources
from photochrom.media.model import JpegSettings
from photochrom.media.xmp import IPTC_EXT, NOTE, OURS, Packet

__all__ = ["chroma_table_for", "encode", "settings_of", "without_stale_resources"]

APP1, APP13, COM = 0xE1, 0xED, 0xFE
EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"
PHOTOSHOP = b"Photoshop 3.0\0"
MAX_SEGMENT = 65533
XMP_HEAD = 29
MARK = [(IPTC_EXT, "DigitalSourceType"), (OURS, "Model"), (OURS, "ModelVersion"), (OURS, "Statement")]
MARK += [(OURS, "SourceDigest"), (OURS, "SourceName"), (OURS, "Options")]
# The example tables of ISO 10918-1, Annex K. Nearly every encoder scales them.
LUMA = [16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56]
LUMA += [14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92]
LUMA += [49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99]
CHROMA = [17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99]
CHROMA += [47, 66, 99, 99, 99, 99, 99, 99] + [99] * 32


def chroma_table_for(luma_table: list[int]) -> list[int]:
    """The chroma table for the quality setting that belongs to this luma table.

    The scale is the median ratio to the standard luma table. It also suits encoders with tables of their own.
    """
    ratios = [value / standard for value, standard in zip(luma_table, LUMA, strict=True) if 1 < value < 255]
    # NumPy's median is not used: its first call imports masked arrays, which adds 20 ms to a command's start.
    scale = sorted(ratios)[len(ratios) // 2] if ratios else (0.01 if max(luma_table) <= 1 else 25.5)
    return [int(v) for v in np.clip(np.floor(np.array(CHROMA) * scale + 0.5), 1, 255)]


def settings_of(image: JpegImageFile, segments: list[tuple[int, bytes]]) -> JpegSettings:
    """The compression settings of an opened JPEG, and the segments that are copied unchanged."""
    tables = {number: [int(v) for v in table] for number, table in image.quantization.items()}
    chosen = [int(component[3]) for component in image.layer] or [0]
    luma = tables.get(chosen[0]) or next(iter(tables.values()))
    colour = len(image.layer) >= 3 and len(tables) > 1
    chroma = tables.get(chosen[1]) if colour else None
    sampling = get_sampling(image) if len(image.layer) == 3 else 2
    progressive = bool(image.info.get("progressive") or image.info.get("progression"))
    return JpegSettings(luma, chroma, sampling if sampling in (0, 1, 2) else 2, progressive, _kept(segments))


def _kept(segments: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    kept = []
    for marker, payload in segments:
        if marker == COM:
            kept.append((COM, payload))
        elif marker == APP13:
            body = payload
            if payload.startswith(PHOTOSHOP):
                body = PHOTOSHOP + without_stale_resources(payload[len(PHOTOSHOP) :])
            kept.append((APP13, body))
    return kept


def without_stale_resources(block: bytes) -> bytes:
    """Remove the thumbnails and the ICC profile from Photoshop image resources.

    The thumbnails are grey, and the profile is replaced. Everything else is copied byte for byte, in particular the
    IPTC caption and keywords.
    """
    out, at = b"", 0
    for number, start, end, _ in resources(block):
        out += b"" if number in (1033, 1036, 1039) else block[start:end]
        at = end
    return out + block[at:]


def _split_xmp(xmp: bytes) -> tuple[bytes, bytes]:
    """Split XMP into a packet that fits one segment, and extension segments (XMP part 3, 1.1.3.1).

    If the packet is too long, the first segment contains only the provenance mark.
    """
    if len(xmp) + XMP_HEAD <= MAX_SEGMENT:
        return xmp, b""
    whole, short = Packet(xmp), Packet(None)
    for space, name in MARK:
        value = whole.get(space, name)
        if value is not None:
            short.set(space, name, value)
    # The extension is the packet without its wrapper. Its MD5 digest identifies it.
    body = xmp[xmp.find(b"?>") + 2 : xmp.rfind(b"<?xpacket end")].strip()
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest().upper()
    short.set(NOTE, "HasExtendedXMP", digest)
    room = MAX_SEGMENT - len(EXTENDED_XMP) - 40
    head = EXTENDED_XMP + digest.encode()
    parts = [
        _segment(APP1, head + struct.pack(">II", len(body), at) + body[at : at + room])
        for at in range(0, len(body), room)
    ]
    return short.to_bytes(), b"".join(parts)


def _segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def encode(
    image: Image.Image,
    settings: JpegSettings | None,
    quality: int | None,
    *,
    exif: bytes | None,
    xmp: bytes | None,
    dpi: tuple[float, float] | None,
    iptc: bytes | None = None,
) -> bytes:
    """Encode a picture in Pillow mode "L", "RGB" or "YCbCr" as JPEG.

    `iptc` is an IIM block, for a picture whose `settings` do not contain it. Without `quality` the tables of `settings`
    are used. Without both, the quality is 92 and the subsampling 4:2:0.
    """
    # optimize=True would save 5 % of the size, but take twice the time and 3 bytes of memory per pixel.
    options: dict[str, Any] = {"icc_profile": grey_srgb() if image.mode == "L" else srgb()}
    extra = b"".join(_segment(marker, body) for marker, body in (settings.segments if settings else []))
    if iptc and len(iptc) < MAX_SEGMENT - 64:
        extra += _segment(APP13, PHOTOSHOP + resource(iptc))
    if settings is not None:
        # libjpeg prints a warning to standard error when it writes 16-bit tables into a sequential JPEG.
        deep_tables = quality is None and max(settings.luma_table + (settings.chroma_table or [])) > 255
        options |= {"progressive": settings.progressive or deep_tables, "subsampling": settings.subsampling}
    if quality is not None or settings is None:
        options["quality"] = 92 if quality is None else quality
    else:
        chroma = settings.chroma_table or chroma_table_for(settings.luma_table)
        options["qtables"] = [settings.luma_table] if image.mode == "L" else [settings.luma_table, chroma]
    if image.mode == "L":
        options.pop("subsampling", None)
    if exif:
        options["exif"] = b"Exif\0\0" + exif
    if xmp:
        options["xmp"], extension = _split_xmp(xmp)
        extra += extension
    if dpi is not None:
        options["dpi"] = dpi
    out = _JpegFile()
    image.save(out, extra=extra, comment=b"", **options)
    return out.getvalue()


class _JpegFile(BytesIO):
    """A JPEG in memory. By its name Pillow imports one writer; by the format's name it would import five."""

    name = "photo.jpg"
