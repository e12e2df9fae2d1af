"""Adapt a photo's metadata to the pixels that are written."""

from __future__ import annotations

import struct

from photochrom.media import exif
from photochrom.media.model import Photo
from photochrom.media.regions import turn_regions
from photochrom.media.xmp import EXIF, NOTE, TIFF, XMP, Packet

__all__ = ["bare_exif", "clean", "merge_extended", "set_upright"]

CAMERA = "http://ns.google.com/photos/1.0/camera/"
CONTAINER = "http://ns.google.com/photos/1.0/container/"
GAIN_MAPS = ("http://ns.adobe.com/hdr-gain-map/1.0/", "http://ns.apple.com/HDRGainMap/1.0/")
MOTION = ("MotionPhoto", "MicroVideo")
DIGEST = 32
EXTENSION_HEAD = 40  # the digest, the total length, and the offset of this part


def bare_exif(block: bytes) -> bytes:
    """Remove the prefix that some files put before an Exif block.

    HEIF has a 4-byte offset there, and JPEG has "Exif\\0\\0". Some writers of PNG and WebP copy the block of a JPEG.
    """
    at = block[:16].find(b"Exif\0\0")
    return block[at + 6 :] if at >= 0 else block


def merge_extended(xmp: bytes | None, segments: list[bytes]) -> bytes | None:
    """Join a JPEG's main XMP packet and its extension into one packet (XMP part 3, 1.1.3.1).

    Parameters
    ----------
    segments : the segments of the extension, each with its identifier; parts of another extension are ignored
    """
    packet = Packet(xmp)
    digest = packet.get(NOTE, "HasExtendedXMP")
    if xmp is None or not segments or not digest or packet.broken:
        return xmp
    parts: dict[int, bytes] = {}
    for segment in segments:
        body = segment[segment.index(b"\0") + 1 :]
        if body[:DIGEST] == digest.encode() and len(body) > EXTENSION_HEAD:
            parts[struct.unpack_from(">I", body, DIGEST + 4)[0]] = body[EXTENSION_HEAD:]
    extension = Packet(b"".join(part for _, part in sorted(parts.items())))
    if extension.broken or not parts:
        return xmp
    extension.merge(packet)
    extension.remove(NOTE, "HasExtendedXMP")
    return extension.to_bytes()


def clean(photo: Photo) -> set[str]:
    """Repair the metadata, and remove from the XMP the properties of file parts that are not kept.

    Returns
    -------
    set of str
        The parts that the XMP named: "video", "gain map".
    """
    if photo.exif:
        photo.exif, damaged = exif.without_damage(bare_exif(photo.exif))
        if exif.byte_order(photo.exif) is None:
            photo.exif = None
            photo.notes.append("The EXIF metadata is too damaged to be read and was left out.")
        elif damaged:
            photo.notes.append("Damaged entries of the EXIF metadata were left out.")
    if not photo.xmp:
        photo.xmp = None
        return set()
    packet = Packet(photo.xmp)
    if packet.broken:
        photo.notes.append("The XMP metadata is too damaged to be read and was left out.")
        photo.xmp = None
        return set()
    if packet.cut:
        photo.notes.append("A part of the XMP metadata is too damaged to be read and was left out.")
    elif packet.mended:
        photo.notes.append("The XMP metadata was damaged in places and was mended.")
    gone: set[str] = set()
    changed = packet.mended
    has_gain_map = b"GainMap" in photo.xmp
    for space, name in packet.names():
        if space == CAMERA and name.startswith(MOTION):
            gone.add("video")
        elif space in GAIN_MAPS or (space == CONTAINER and has_gain_map):
            gone.add("gain map")
        elif space != CONTAINER and (space, name) != (XMP, "Thumbnails"):
            continue
        packet.remove(space, name)
        changed = True
    if changed:
        photo.xmp = packet.to_bytes()
    return gone


def set_upright(
    photo: Photo, *, size: tuple[int, int], applied: bool = False, turn: int | None = None
) -> int:
    """Adapt the metadata to the upright pixels, and return the orientation that the pixels need.

    Only the orientation in Exif is used. An orientation in XMP is ignored, as viewers do.

    Parameters
    ----------
    size : the width and height of the picture as stored
    applied : whether the decoder has already applied the orientation
    turn : the orientation, if it is stored outside `photo.exif`

    Returns
    -------
    int
        The Exif orientation that must still be applied, 1 to 8.
    """
    found = turn or (exif.orientation(photo.exif) if photo.exif else None) or 1
    swapped = found >= 5 and not (applied and turn is None)
    if photo.exif:
        photo.exif = exif.upright(photo.exif, swapped=swapped)
        if found != 1:
            photo.exif = exif.turn_subject(photo.exif, found, *size)
    if swapped and photo.dpi and turn is None:
        photo.dpi = (photo.dpi[1], photo.dpi[0])
    if photo.xmp and found != 1:
        packet = Packet(photo.xmp)
        if packet.get(TIFF, "Orientation"):
            packet.set(TIFF, "Orientation", "1")
        if swapped:
            _swap(packet, TIFF, "ImageWidth", "ImageLength")
            _swap(packet, EXIF, "PixelXDimension", "PixelYDimension")
        turn_regions(packet, found, *size)
        photo.xmp = packet.to_bytes()
    return 1 if applied else found


def _swap(packet: Packet, space: str, wide: str, high: str) -> None:
    width, height = packet.get(space, wide), packet.get(space, high)
    if width is not None and height is not None:
        packet.set(space, wide, height)
        packet.set(space, high, width)
