"""Decode the pixels of one page of a TIFF with Pillow, tifffile or the `codecs` extra."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from photochrom.errors import Remedy
from photochrom.media.codecs import codecs
from photochrom.media.fault import Damaged, Unsupported
from photochrom.media.icc import cmyk_to_rgb_16, lab_to_rgb_16
from photochrom.media.model import Page
from photochrom.media.pages import page_from_image, page_from_samples
from photochrom.media.tiff_libtiff import BYTE_CODECS, by_libtiff, open_page

__all__ = ["raw", "read_page", "refuse"]

ICC, PHOTOMETRIC = 34675, 262
MIN_IS_WHITE, GREY, RGB, PALETTE, CMYK, YCBCR, CIELAB, ICCLAB = 0, 1, 2, 3, 5, 6, 8, 9
BASES = {MIN_IS_WHITE: 1, GREY: 1, RGB: 3, CMYK: 4, YCBCR: 3, CIELAB: 3, ICCLAB: 3}
PLAIN, DEFLATE, FAX, JPEG = (1,), (8, 32946), (2, 3, 4), 7
BY_TIFFFILE = (*PLAIN, *DEFLATE)
BY_PILLOW = {*BY_TIFFFILE, *FAX, JPEG, *BYTE_CODECS}
NAMES = {
    6: "old-style JPEG",
    7: "JPEG",
    22610: "JPEG XR",
    33003: "JPEG 2000",
    33004: "JPEG 2000",
    33005: "JPEG 2000",
}
NAMES |= {
    34712: "JPEG 2000",
    34887: "LERC",
    34892: "lossy JPEG",
    34933: "PNG",
    34934: "JPEG XR",
    50001: "WebP",
}
NAMES |= {50002: "JPEG XL", 52546: "JPEG XL"}
NUMBERS = {1: "unsigned", 2: "signed", 3: "floating-point", 5: "complex", 6: "complex"}


def refuse(page: Any) -> None:
    """Raise Unsupported if the samples of a page are not those of a photo."""
    bits = page.bitspersample
    kind = NUMBERS.get(page.sampleformat)
    if kind in ("floating-point", "signed", "complex") or bits > 16:
        words = kind if kind and kind != "unsigned" else "integer"
        raise Unsupported(f"its pixels are {bits}-bit {words} numbers", Remedy.CONVERT_16)
    if int(page.photometric) not in (*BASES, PALETTE):
        raise Unsupported("its pixels are neither grey nor in a color space of pictures", Remedy.CONVERT_16)


def read_page(file: BinaryIO, tiff: Any, page: Any, turn: int, notes: list[str]) -> Page:
    """One page, upright.

    Raises
    ------
    Damaged, Unsupported
    """
    icc = raw(file, page, ICC)
    photometric = _photometric(page, notes)
    by_pillow = page.bitspersample <= 8 and page.compression in BY_PILLOW and photometric != ICCLAB
    if by_pillow and not _has_many_samples(page, photometric):
        if page.samplesperpixel > BASES.get(photometric, 1) and not _alpha_kind(page):
            notes.append("A channel that is neither colour nor alpha was left out.")
        return page_from_image(open_page(file, tiff, page, photometric), icc, turn, notes)
    array = _samples(file, tiff, page)
    bits = page.bitspersample
    if page.compression not in BY_PILLOW:
        photometric = {1: GREY, 2: GREY}.get(array.shape[2], RGB) if photometric == YCBCR else photometric
        bits = max(bits, array.dtype.itemsize * 8 if bits <= 8 else bits)
    colour, alpha = _split(array, page, photometric, notes)
    return _page(colour, alpha, photometric, bits, icc, turn, notes)


def _page(
    colour: Any, alpha: Any, photometric: int, bits: int, icc: bytes | None, turn: int, notes: list[str]
) -> Page:
    if photometric == CMYK and bits == 16:
        deep = cmyk_to_rgb_16(colour, icc)
        if deep is not None:
            return page_from_samples(deep, 16, None, turn, notes, alpha)
        notes.append("The CMYK picture has 16 bits a sample and was read at 8 bits.")
        colour, alpha = (colour.astype(np.uint32) + 128) // 257, None
    if photometric == CMYK:
        height, width = colour.shape[:2]
        data = np.ascontiguousarray(colour, dtype=np.uint8)
        return page_from_image(Image.frombytes("CMYK", (width, height), data), icc, turn, notes)
    if photometric == ICCLAB and bits == 8:
        colour, bits = (
            colour.astype(np.uint16) * 256,
            16,
        )  # ICC.1:2022, 6.3.4.2: 255 is L* 100, and so is 65280
    if photometric in (CIELAB, ICCLAB):
        if bits != 16:
            raise Unsupported(
                f"CIELAB of {bits} bits with this storage is not supported yet", Remedy.CONVERT_16
            )
        return page_from_samples(lab_to_rgb_16(colour, photometric == ICCLAB), 16, None, turn, notes, alpha)
    return page_from_samples(colour, bits, icc, turn, notes, alpha)


def _photometric(page: Any, notes: list[str]) -> int:
    """The photometric interpretation. If the file does not state it, 0 is white for fax pages and black for others."""
    if PHOTOMETRIC in page.tags:
        return int(page.photometric)
    if page.compression in FAX:
        return MIN_IS_WHITE  # TIFF 6.0, sections 10 and 11: ink on paper
    notes.append("The TIFF does not say whether 0 is black or white; black was assumed.")
    return RGB if page.samplesperpixel >= 3 else GREY


def _alpha_kind(page: Any) -> int:
    """1 if the colours are multiplied by alpha, 2 if not, 0 if the first extra sample is not alpha."""
    kinds = [int(kind) for kind in page.extrasamples]
    return kinds[0] if kinds and kinds[0] in (1, 2) else 0


def _has_many_samples(page: Any, photometric: int) -> bool:
    """Whether Pillow cannot read the page because of its extra samples."""
    extra = page.samplesperpixel - BASES.get(photometric, 1)
    plain = photometric in (MIN_IS_WHITE, GREY, RGB, CMYK) and page.bitspersample == 8
    readable = page.compression in BY_TIFFFILE or page.compression in BYTE_CODECS
    separate = page.planarconfig == 2 and page.samplesperpixel > 1
    return bool(plain and readable and (extra > 1 or (extra == 1 and (separate or photometric == CMYK))))


def _samples(file: BinaryIO, tiff: Any, page: Any) -> Any:
    """Decode the samples (H, W, samples) of the file, uint8 or uint16."""
    bits = page.bitspersample
    kind = np.uint8 if bits <= 8 else np.uint16
    if page.compression in BY_TIFFFILE and bits in (8, 16):
        array = _by_tifffile(file, page)
    elif page.compression in BYTE_CODECS and bits in (8, 16):
        array = by_libtiff(file, tiff, page)
    else:
        name = NAMES.get(int(page.compression), "this compression")
        codecs(f"a TIFF of {bits} bits a sample with {name}" if bits > 8 else f"a TIFF with {name}")
        array = _by_tifffile(file, page)
    array = np.asarray(array)
    if array.dtype.itemsize * 8 > 8 and bits <= 8:
        raise Damaged()
    array = np.asarray(array, kind)
    if array.size % (page.imagelength * page.imagewidth):
        raise Damaged()
    samples = array.size // (page.imagelength * page.imagewidth)
    if samples > 1 and page.planarconfig == 2:
        array = np.moveaxis(array.reshape(samples, page.imagelength, page.imagewidth), 0, -1)
    return array.reshape(page.imagelength, page.imagewidth, samples)


def _by_tifffile(file: BinaryIO, page: Any) -> Any:
    # tifffile would fill missing data with zeros and report no error.
    ends = [a + b for a, b in zip(page.dataoffsets, page.databytecounts, strict=True)]
    if not ends or max(ends) > file.seek(0, 2) or min(page.databytecounts) == 0:
        raise Damaged()
    try:
        return page.asarray()
    except ValueError as error:
        if "requires the 'imagecodecs' package" in str(error):
            raise Unsupported(
                "this TIFF needs a further package", Remedy.INSTALL_CODECS, code="extra"
            ) from error
        raise


def _split(array: Any, page: Any, photometric: int, notes: list[str]) -> tuple[Any, Any]:
    """Split (H, W, samples) into colour and alpha."""
    base = min(BASES[photometric], array.shape[2])
    colour = array[..., :base] if base > 1 else array[..., 0]
    full = np.iinfo(array.dtype).max if page.bitspersample in (8, 16) else (1 << page.bitspersample) - 1
    if photometric == MIN_IS_WHITE:
        colour = full - colour
    kind = _alpha_kind(page)
    if array.shape[2] <= base:
        return colour, None
    if array.shape[2] > base + bool(kind):
        notes.append("A channel that is neither colour nor alpha was left out.")
    if not kind:
        return np.ascontiguousarray(colour), None
    alpha = array[..., base]
    if kind == 1:  # colours multiplied by alpha
        divisor = np.maximum(alpha, 1).astype(np.uint32)
        divisor = divisor[..., None] if base > 1 else divisor
        scaled = (colour.astype(np.uint32) * full + divisor // 2) // divisor
        colour = np.minimum(scaled, full).astype(array.dtype)
    return np.ascontiguousarray(colour), alpha


def raw(file: BinaryIO, page: Any, code: int) -> bytes | None:
    """The bytes of a tag's value; None if there is no such tag."""
    tag = page.tags.get(code)
    if tag is None:
        return None
    file.seek(tag.valueoffset)
    data = file.read(tag.valuebytecount)
    return data if len(data) == tag.valuebytecount else None
