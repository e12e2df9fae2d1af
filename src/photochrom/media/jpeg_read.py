"""Open JPEG files. Pillow decodes most of them; some kinds need the `codecs` extra."""

from __future__ import annotations

from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
from PIL.JpegImagePlugin import JpegImageFile

from photochrom.errors import Remedy
from photochrom.media import exif, iptc, jpeg, jpeg_parts
from photochrom.media.codecs import codecs
from photochrom.media.fault import Damaged, Unsupported
from photochrom.media.jpeg_parts import APP0, APP1, APP2, JPEG_LS, PROGRESSIVE, Parts
from photochrom.media.metadata import clean, merge_extended, set_upright
from photochrom.media.model import Page, Photo
from photochrom.media.opening import Opening
from photochrom.media.pages import page_from_image, page_from_samples

__all__ = ["read", "xmp_of"]

MAX_LOST = 0.02
"""The largest share of a picture that may be missing without `salvage`. It is the last few blocks of a file."""
BY_PILLOW = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
LOSSLESS = 0xC3
FRAMES = {
    0xC9: "arithmetic-coded JPEG",
    0xCA: "arithmetic-coded JPEG",
    LOSSLESS: "lossless JPEG",
    JPEG_LS: "JPEG-LS",
}


def read(opening: Opening) -> None:
    """Fill a Photo from a JPEG. If the file has several pictures, the first one is used.

    A JPEG that ends early opens with a note in three cases: it has an end marker, or at most `MAX_LOST` of the picture
    is missing, or a progressive picture misses only fine detail. Every other incomplete JPEG is refused, unless
    `opening.salvage` is set and a part of the picture exists.
    """
    photo = opening.photo
    data = opening.file.read()
    parts = jpeg_parts.split(data)
    if not parts.frame:
        raise Damaged()
    opening.check(parts.width, parts.height)
    _read_metadata(parts, photo)
    _note_what_follows(parts, photo, clean(photo))
    icc = jpeg_parts.icc_of(parts.segments)
    turn = set_upright(photo, size=(parts.width, parts.height))
    if parts.bits != 8 or parts.frame not in BY_PILLOW:
        photo.pages = [_by_codecs(data, parts, photo, icc, turn)]
        return
    image = JpegImageFile(BytesIO(parts.bare + b"\xff\xd9"))
    photo.jpeg = jpeg.settings_of(image, parts.segments)
    try:
        image.load()
    except OSError as error:
        if parts.frame in FRAMES:
            raise Unsupported(f"{FRAMES[parts.frame]} is not supported yet") from error
        raise
    _check_whole(parts, image, opening)
    photo.pages = [page_from_image(image, icc, turn, photo.notes)]


def _read_metadata(parts: Parts, photo: Photo) -> None:
    found = parts.segments
    photo.exif = jpeg_parts.payload_of(found, APP1, jpeg_parts.EXIF)
    photo.xmp = _xmp_in(found)
    resources = jpeg_parts.payload_of(found, jpeg.APP13, jpeg.PHOTOSHOP)
    photo.iptc = iptc.in_resources(resources) if resources else None
    jfif = jpeg_parts.payload_of(found, APP0, b"JFIF\0")
    unit = jfif[2] if jfif and len(jfif) >= 7 else 0
    if jfif and unit in (1, 2):
        scale = 1.0 if unit == 1 else 2.54
        across, down = int.from_bytes(jfif[3:5], "big"), int.from_bytes(jfif[5:7], "big")
        photo.dpi = (across * scale, down * scale) if min(across, down) > 1 else None
    elif photo.exif:
        photo.dpi = exif.resolution(photo.exif)


def xmp_of(file: BinaryIO) -> bytes | None:
    """The XMP packet of a JPEG. Its pixels are not decoded."""
    return _xmp_in(list(jpeg_parts.segments(file)))


def _xmp_in(found: list[tuple[int, bytes]]) -> bytes | None:
    return merge_extended(
        jpeg_parts.payload_of(found, APP1, jpeg_parts.XMP),
        [body for marker, body in found if marker == APP1 and body.startswith(jpeg.EXTENDED_XMP)],
    )


def _note_what_follows(parts: Parts, photo: Photo, gone: set[str]) -> None:
    """Add notes about other pictures and films in the file, which are not written. `gone` lists those named in XMP."""
    index = jpeg_parts.payload_of(parts.segments, APP2, b"MPF\0")
    pictures = max(
        exif.count_of_pictures(index) - 1 if index else 0, 1 if parts.rest[:3] == b"\xff\xd8\xff" else 0
    )
    if parts.rest and ("video" in gone or b"ftyp" in parts.rest):
        photo.notes.append("The video of this motion photo was left out.")
    if parts.rest and "gain map" in gone:
        photo.notes.append("The gain map for HDR displays was left out.")
        pictures -= 1
    if pictures > 0 and parts.rest:
        words = "A further picture" if pictures == 1 else f"{pictures} further pictures"
        photo.notes.append(f"{words} in the same file {'was' if pictures == 1 else 'were'} left out.")


def _check_whole(parts: Parts, image: Any, opening: Opening) -> None:
    if (
        parts.ended
        and not _ends_flat(image)
        and (parts.frame not in PROGRESSIVE or jpeg_parts.has_every_bit(parts))
    ):
        return

    def decode(data: bytes) -> Any:
        other = JpegImageFile(BytesIO(data))
        other.load()
        return np.asarray(other)

    lost = jpeg_parts.lost(parts, decode)
    notes = opening.photo.notes
    if lost == 0:
        if not parts.ended:
            notes.append("The end marker of the JPEG is missing; the picture is whole.")
        return
    percent = f"{max(1, round(lost * 100))} %"
    if parts.frame in PROGRESSIVE and jpeg_parts.has_whole_luma(parts):
        notes.append(f"The JPEG ends early: fine detail is missing from {percent} of the picture.")
        return
    if lost >= 1 or not parts.scans:
        raise Damaged()
    if not parts.ended and lost > MAX_LOST and not opening.salvage:
        what = f"the file ends early, and {percent} of the picture is missing"
        raise Damaged(what, Remedy.SALVAGE, code="incomplete")
    notes.append(f"The JPEG ends early: {percent} of the picture is missing.")


def _ends_flat(image: Any) -> bool:
    """Whether the last block is middle grey. A decoder fills missing blocks with this grey."""
    width, height = image.size
    places = [(x, y) for x in range(max(0, width - 4), width) for y in range(max(0, height - 4), height)]
    corner = np.array([image.getpixel(place) for place in places])  # crop checks a process-wide limit
    return int(corner.min()) >= 126 and int(corner.max()) <= 129


def _by_codecs(data: bytes, parts: Parts, photo: Photo, icc: bytes | None, turn: int) -> Page:
    """Decode the page of a 12-bit JPEG, of a lossless JPEG, or of JPEG-LS."""
    kind = FRAMES.get(parts.frame) or (f"{parts.bits}-bit JPEG" if parts.bits != 8 else "JPEG of this kind")
    if parts.frame not in (*BY_PILLOW, LOSSLESS, JPEG_LS):
        raise Unsupported(f"{kind} is not supported yet")
    decoders = codecs(kind)
    if parts.frame == JPEG_LS:  # its scans have other rules for markers
        photo.format, array = "JPEG-LS", decoders.jpegls_decode(data)
    elif parts.ended:
        array = decoders.jpeg_decode(parts.bare + b"\xff\xd9")
    else:
        raise Damaged()
    photo.bits = parts.bits
    return page_from_samples(array, parts.bits, icc, turn, photo.notes)
