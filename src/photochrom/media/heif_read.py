"""Readers of AVIF and HEIC, the pictures in ISO media files. Depths above 8 bits need another decoder than Pillow."""

from __future__ import annotations

from io import BytesIO
from typing import BinaryIO

import numpy as np
from PIL.AvifImagePlugin import AvifImageFile

from photochrom.errors import Remedy
from photochrom.media.codecs import codecs
from photochrom.media.fault import Unsupported
from photochrom.media.metadata import clean, set_upright
from photochrom.media.model import Photo
from photochrom.media.opening import Opening
from photochrom.media.pages import page_from_image, page_from_samples
from photochrom.media.simple_read import fill, fill_metadata, packet_of

__all__ = ["avif_xmp", "heif_xmp", "read_avif", "read_heif"]

AV1_HEAD = 8192
"""The number of bytes of an AVIF file that are searched for the box with its bit depth. It precedes the pixels."""


def read_avif(opening: Opening) -> None:
    """Fill a Photo from an AVIF. The package imagecodecs keeps more than 8 bits; Pillow does not."""
    file, photo = opening.file, opening.photo
    data = file.read()
    image = AvifImageFile(BytesIO(data))
    opening.check(*image.size)
    photo.bits = _depth_of_av1(data[:AV1_HEAD])
    decoder = codecs() if photo.bits > 8 else None
    if decoder is None:
        if photo.bits > 8:
            photo.notes.append(f"The picture has {photo.bits} bits a sample and was read at 8 bits.")
        fill(image, photo)
        return
    icc, turn = fill_metadata(image, photo)
    array = decoder.avif_decode(data)
    alpha = array[..., -1] if array.ndim == 3 and array.shape[2] in (2, 4) else None
    colors = array if array.ndim == 2 else array[..., 0] if array.shape[2] < 3 else array[..., :3]
    photo.pages = [page_from_samples(colors, photo.bits, icc, turn, photo.notes, alpha)]


def avif_xmp(file: BinaryIO) -> bytes | None:
    """The XMP packet of an AVIF. Its pixels are not decoded."""
    return packet_of(AvifImageFile(file))


def read_heif(opening: Opening) -> None:
    """Fill a Photo from a HEIC with the package pillow-heif."""
    photo = opening.photo
    try:
        import pillow_heif
    except ImportError as error:
        raise Unsupported("HEIC needs a further package", Remedy.INSTALL_PHOTO, code="extra") from error
    heif = pillow_heif.open_heif(opening.file, convert_hdr_to_8bit=False, hdr_to_16bit=False)
    opening.check(*heif.size)
    photo.bits = int(heif.info.get("bit_depth", 8))
    photo.exif, photo.xmp = heif.info.get("exif") or None, heif.info.get("xmp") or None
    gone = clean(photo)
    if len(heif) > 1:
        photo.notes.append(_left_out(len(heif) - 1))
    if "gain map" in gone or any("gainmap" in kind.lower() for kind in heif.info.get("aux", {})):
        photo.notes.append("The gain map for HDR displays was left out.")
    # libheif applies the orientation itself, and gives the size of the upright picture.
    set_upright(photo, size=heif.size, applied=True)
    icc = heif.info.get("icc_profile")
    if photo.bits <= 8:
        photo.pages = [page_from_image(heif.to_pillow(), icc, 1, photo.notes)]
        return
    array = np.asarray(heif)
    alpha = array[..., 3] if array.ndim == 3 and array.shape[2] == 4 else None
    colors = array[..., :3] if array.ndim == 3 and array.shape[2] >= 3 else array.reshape(array.shape[:2])
    photo.pages = [page_from_samples(colors, photo.bits, icc, 1, photo.notes, alpha)]


def heif_xmp(file: BinaryIO) -> bytes | None:
    """The XMP packet of a HEIC."""
    photo = Photo([], "", "HEIF")
    read_heif(Opening(file, photo, lambda width, height: None))
    return photo.xmp


def _depth_of_av1(head: bytes) -> int:
    """Bits per sample of an AVIF, from its AV1 configuration boxes (AV1 in ISOBMFF, 2.3.3). Alpha has its own box."""
    bits, at = 8, head.find(b"av1C")
    while 0 <= at < len(head) - 7:
        flags = head[at + 6]
        bits = max(bits, 8 if not flags & 0x40 else 12 if flags & 0x20 else 10)
        at = head.find(b"av1C", at + 4)
    return bits


def _left_out(count: int) -> str:
    if count == 1:
        return "A further picture in the same file was left out."
    return f"{count} further pictures in the same file were left out."
