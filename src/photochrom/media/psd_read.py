"""Open Photoshop files: the flattened picture and its metadata (Adobe Photoshop File Formats Specification, 2019)."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from PIL import Image
from PIL.PsdImagePlugin import MODES, PsdImageFile

from photochrom.media import iptc
from photochrom.media.fault import Damaged, Unsupported
from photochrom.media.metadata import clean, set_upright
from photochrom.media.model import Photo
from photochrom.media.opening import Opening
from photochrom.media.pages import page_from_image, page_from_samples

__all__ = ["read"]

HEADER = 26
GREY, RGB, DUOTONE = 1, 3, 8
COLORS = {GREY: 1, RGB: 3, DUOTONE: 1}
RESOLUTION, ICC, EXIF, XMP = 1005, 1039, 1058, 1060
RAW, PACKBITS = 0, 1


def read(opening: Opening) -> None:
    """Fill a Photo from the flattened picture of a PSD of 8 or 16 bits a sample.

    Raises
    ------
    Damaged, Unsupported
    """
    data = opening.file.read()
    if len(data) < HEADER:
        raise Damaged()
    channels, height, width, bits, mode = struct.unpack_from(">HIIHH", data, 12)
    opening.check(width, height)
    if not (MODES.get((mode, bits)) or (bits == 16 and mode in COLORS)):
        raise Unsupported(f"PSD with {bits} bits a sample in this color mode is not supported yet")
    resources, layers, pixels = _sections(data)
    photo = opening.photo
    icc = _read_metadata(resources, photo)
    # Photoshop shows the pixels as they are stored, whatever the EXIF orientation says.
    turn = set_upright(photo, size=(width, height), applied=True)
    if len(layers) > 4:
        photo.notes.append("The layers were left out; the flattened picture was read.")
    photo.bits = bits
    if bits != 16:
        opening.file.seek(0)
        image = PsdImageFile(opening.file)
        image.load()
        photo.pages = [page_from_image(image, icc, turn, photo.notes)]
        return
    planes = _planes(pixels, channels, height, width)
    base = COLORS[mode]
    if len(planes) < base:
        raise Damaged()
    colors = planes[0] if base == 1 else np.dstack(planes[:base])
    if len(planes) > base:
        # A further channel is the transparency of the flattened picture or a saved selection. The file does not say.
        photo.notes.append("A channel that is neither colour nor alpha was left out.")
    photo.pages = [page_from_samples(colors, bits, icc, turn, photo.notes, None)]


def _sections(data: bytes) -> tuple[bytes, bytes, bytes]:
    """The image resources, the layers, and the flattened picture."""
    found, at = [], HEADER
    for _ in range(3):
        (size,) = struct.unpack_from(">I", data, at)
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found[1], found[2], data[at:]


def _read_metadata(resources: bytes, photo: Photo) -> bytes | None:
    """Copy the metadata of the image resources into `photo`. Return the ICC profile."""
    blocks = {number: body for number, _, _, body in iptc.resources(resources)}
    photo.exif, photo.xmp, photo.iptc = blocks.get(EXIF), blocks.get(XMP), blocks.get(iptc.RESOURCE)
    size = blocks.get(RESOLUTION, b"")
    if len(size) >= 16:
        # Both are pixels per inch, in 16.16 fixed point, whatever unit the dialog shows.
        across, down = struct.unpack_from(">I4xI", size)
        photo.dpi = (across / 65_536, down / 65_536) if min(across, down) > 65_536 else None
    clean(photo)
    return blocks.get(ICC)


def _planes(section: bytes, channels: int, height: int, width: int) -> list[Any]:
    """The channels (H, W) of a flattened picture of 16 bits, uint16."""
    method, body, size = int.from_bytes(section[:2], "big"), section[2:], 2 * width * height
    if method == RAW:
        if len(body) < channels * size:
            raise Damaged()
        whole = np.frombuffer(body, ">u2", channels * width * height)
        return list(whole.reshape(channels, height, width).astype(np.uint16))
    if method != PACKBITS:
        raise Unsupported("PSD with this compression is not supported yet")
    counts = np.frombuffer(body, ">u2", channels * height).reshape(channels, height).sum(axis=1, dtype=int)
    planes, at = [], 2 * channels * height
    for count in counts:
        # Pillow decodes bytes. Two of them are one sample.
        plane = Image.frombytes("L", (2 * width, height), body[at : at + count], "packbits", "L")
        planes.append(np.asarray(plane).view(">u2").astype(np.uint16))
        at += count
    return planes
