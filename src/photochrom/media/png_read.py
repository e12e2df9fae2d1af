"""Open PNG files. This module reads the chunks. Pillow and OpenCV decode only the pixels."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import BinaryIO

from PIL.PngImagePlugin import PngImageFile

from photochrom.errors import Remedy
from photochrom.media import iptc, png
from photochrom.media.fault import Damaged, Unsupported
from photochrom.media.icc import gamma_profile
from photochrom.media.metadata import clean, set_upright
from photochrom.media.model import Photo
from photochrom.media.opening import Opening
from photochrom.media.pages import page_from_array, page_from_image

__all__ = ["read", "xmp_of"]

SRGB_GAMMA = 45455
SRGB_PRIMARIES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
TOLERANCE = 600
"""In 100,000ths. Programs that write sRGB pixels give a gamma of 0.45 to 0.4546."""
SRGB_CODES = (b"\1\x0d\0\1", b"\1\1\0\1")


def read(opening: Opening) -> None:
    """Fill a Photo from a PNG."""
    photo, data = opening.photo, opening.file.read()
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise Damaged()
    width, height, photo.bits, kind = struct.unpack_from(">IIBB", data, 16)
    opening.check(width, height)
    found = _read_chunks(data, photo)
    clean(photo)
    frames = found.get(b"acTL", b"")
    if len(frames) >= 4 and int.from_bytes(frames[:4], "big") > 1:
        count = int.from_bytes(frames[:4], "big")
        raise Unsupported(f"is an animation of {count} frames", Remedy.EXPORT_FRAMES, code="animation")
    turn = set_upright(photo, size=(width, height))
    icc = _profile(found, photo.notes, grey=kind in (0, 4))
    bare = png.bare(data)
    if photo.bits == 16:
        array, alpha = png.read_16(bare)
        photo.pages = [page_from_array(array, icc, turn, photo.notes, alpha)]
    else:
        photo.pages = [page_from_image(PngImageFile(BytesIO(bare)), icc, turn, photo.notes)]
    if not png.has_end(data):
        # The pixels have a checksum of their own, so it is known that they are whole.
        photo.notes.append("The end marker of the PNG is missing; the picture is whole.")


def xmp_of(file: BinaryIO) -> bytes | None:
    """The XMP packet of a PNG. Its pixels are not decoded."""
    return next((found for kind, body in png.chunks(file.read()) if (found := png.xmp_of(kind, body))), None)


def _read_chunks(data: bytes, photo: Photo) -> dict[bytes, bytes]:
    """Read the metadata. Return the first chunk of each other kind."""
    found: dict[bytes, bytes] = {}
    legacy: dict[str, bytes] = {}
    for kind, body in png.chunks(data):
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            if xmp := png.xmp_of(kind, body):
                photo.xmp = xmp
            elif profile := png.raw_profile(kind, body):
                legacy.setdefault(*profile)
            elif not body.startswith(png.INTERNAL_TEXT):
                photo.png_text.append((kind, body))
        elif kind == b"tIME":
            photo.png_text.append((kind, body))
        elif kind != b"IDAT":
            found.setdefault(kind, body)
    photo.exif = found.get(b"eXIf") or legacy.get("exif") or legacy.get("APP1")
    photo.xmp = photo.xmp or legacy.get("xmp")
    block = legacy.get("iptc") or legacy.get("8bim")
    photo.iptc = (iptc.in_resources(block) or (block if block[:1] == b"\x1c" else None)) if block else None
    size = found.get(b"pHYs", b"")
    if len(size) == 9 and size[8] == 1:
        across, down = (number * 0.0254 for number in struct.unpack_from(">II", size))
        photo.dpi = (across, down) if min(across, down) > 1 else None
    return found


def _profile(found: dict[bytes, bytes], notes: list[str], *, grey: bool) -> bytes | None:
    """The ICC profile of the pixels; None for sRGB. PNG (3rd edition, 13.1) defines the precedence of the chunks."""
    codes = found.get(b"cICP")
    if codes is not None and codes not in SRGB_CODES:
        notes.append("The color space that the cICP chunk names is not supported; it was passed over.")
    elif codes is not None:
        return None
    if b"iCCP" in found:
        profile = png.icc_of(found[b"iCCP"])
        if profile is None:
            notes.append("The ICC profile is broken; sRGB was assumed.")
        return profile
    gamma = found.get(b"gAMA", b"")
    if b"sRGB" in found or (len(gamma) != 4 and b"cHRM" not in found):
        return None
    value = int.from_bytes(gamma, "big") if len(gamma) == 4 else SRGB_GAMMA
    tagged = found.get(b"cHRM", b"")
    primaries = struct.unpack(">8I", tagged) if len(tagged) == 32 and not grey else SRGB_PRIMARIES
    like_srgb = abs(value - SRGB_GAMMA) <= TOLERANCE
    if like_srgb and all(abs(a - b) <= TOLERANCE for a, b in zip(primaries, SRGB_PRIMARIES, strict=True)):
        return None
    profile = gamma_profile(
        None if like_srgb else 100_000 / value if value else 0.0,
        None if grey else tuple(number / 100_000 for number in primaries),
    )
    if profile is None:
        notes.append("The gamma or the primaries of the PNG make no sense; sRGB was assumed.")
    return profile
