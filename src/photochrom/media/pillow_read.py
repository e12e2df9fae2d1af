"""Readers of formats that Photochrom does not write: PNM, JPEG 2000 and JPEG XL.

Pillow decodes pictures of 8 bits, OpenCV decodes deeper JPEG 2000, imagecodecs decodes JPEG XL, and this module decodes
PAM and deeper PPM.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

import cv2
import numpy as np
from PIL.ImageFile import ImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.PpmImagePlugin import PpmImageFile

from photochrom.errors import Remedy
from photochrom.media import boxes
from photochrom.media.codecs import codecs
from photochrom.media.fault import Damaged, Unsupported
from photochrom.media.metadata import clean, set_upright
from photochrom.media.opening import Opening
from photochrom.media.pages import page_from_array, page_from_image, page_from_samples
from photochrom.media.simple_read import dpi_of

__all__ = ["read_jpeg2000", "read_jpegxl", "read_pnm"]

DEEP = ("I", "I;16", "I;16B")
"""Pillow's modes of grey pictures with more than 8 bits; their values fill 16 bits."""


def read_pnm(opening: Opening) -> None:
    """Read a PBM, PGM, PPM or PAM (Netpbm). Pillow would lower 16-bit colours of a PPM to 8 bits."""
    if _head(opening, 2) == b"P7":
        _read_pam(opening)
        return
    opening.file.seek(0)
    image = PpmImageFile(opening.file)
    opening.check(*image.size)
    head = _head(opening, 64)
    top = _largest_value(head)
    if image.mode == "RGB" and top > 255 and head[:2] == b"P6":
        opening.file.seek(image.tile[0].offset)
        _fill(opening, opening.file.read(), *image.size, 3, top)
        return
    if image.mode == "RGB" and top > 255:
        opening.photo.notes.append("The picture has 16 bits a sample and was read at 8 bits.")
    _page(image, opening)


def _read_pam(opening: Opening) -> None:
    """Read a PAM (netpbm.sourceforge.net/doc/pam.html) in its own depth, with alpha if it has 2 or 4 channels.

    Pillow does not read it. OpenCV orders its channels differently in different versions, and prints errors.
    """
    opening.file.seek(0)
    head, _, body = opening.file.read().partition(b"\nENDHDR\n")
    lines = [line.split(None, 1) for line in head.split(b"\n")[1:] if not line.startswith(b"#")]
    fields = {line[0]: line[1] for line in lines if len(line) == 2}
    try:
        width, height, depth, top = (int(fields[key]) for key in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
    except (KeyError, ValueError) as error:
        raise Damaged() from error
    opening.check(width, height)
    if not (1 <= depth <= 4 and 1 <= top <= 65_535):
        raise Unsupported(f"PAM with {depth} channels and a maximum of {top} is not supported yet")
    _fill(opening, body, width, height, depth, top)


def _fill(opening: Opening, body: bytes, width: int, height: int, depth: int, top: int) -> None:
    """Fill a Photo from the samples of a binary PPM or PAM with the maximum `top`."""
    samples = np.frombuffer(body, ">u2" if top > 255 else np.uint8, len(body) // (2 if top > 255 else 1))
    if samples.size < width * height * depth:
        raise Damaged()
    array = samples[: width * height * depth].reshape(height, width, depth).astype(np.uint32)
    photo = opening.photo
    photo.bits, full = top.bit_length(), 65_535 if top > 255 else 255
    array = (np.minimum(array, top) * full + top // 2) // top
    colors = array[..., 0] if depth < 3 else array[..., :3]
    alpha = array[..., -1] if depth in (2, 4) else None
    photo.pages = [page_from_samples(colors, 16 if top > 255 else 8, None, 1, photo.notes, alpha)]


def read_jpeg2000(opening: Opening) -> None:
    """Read a JPEG 2000 file or codestream in its own depth.

    Pillow lowers colours of more than 8 bits to 8 bits, and its white may become black (its rounding overflows).

    Raises
    ------
    Unsupported
        If it has more than 8 bits a sample, and colours that OpenCV does not read.
    """
    photo = opening.photo
    data = opening.file.read()
    image = Jpeg2KImageFile(BytesIO(data))
    opening.check(*image.size)
    icc = boxes.fill_metadata(data, photo)
    photo.dpi = dpi_of(image)
    clean(photo)
    turn = set_upright(photo, size=image.size)
    bits = _bits_of_codestream(data[: 1 << 16])
    image.load()
    if bits <= 8:
        photo.pages = [page_from_image(image, icc, turn, photo.notes)]
        return
    if image.mode not in (*DEEP, "RGB", "RGBA"):
        raise Unsupported(f"JPEG 2000 with {bits} bits a sample in these colors is not supported yet")
    array: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if array is None or array.dtype != np.uint16:
        raise Damaged()
    photo.bits = bits
    colors = array if array.ndim == 2 else array[..., 2::-1]
    alpha = array[..., 3] if array.ndim == 3 and array.shape[2] == 4 else None
    photo.pages = [page_from_samples(colors, bits, icc, turn, photo.notes, alpha)]


def read_jpegxl(opening: Opening) -> None:
    """Read a JPEG XL with the package imagecodecs, which applies the orientation.

    Raises
    ------
    Unsupported
        If the package is not installed.
    """
    decoder = codecs("JPEG XL")
    data = opening.file.read()
    array = np.squeeze(decoder.jpegxl_decode(data))
    opening.check(array.shape[1], array.shape[0])
    photo = opening.photo
    if array.dtype not in (np.uint8, np.uint16) or array.ndim not in (2, 3):
        raise Unsupported("JPEG XL of this kind is not supported yet", Remedy.CONVERT)
    boxes.fill_metadata(data, photo)
    clean(photo)
    set_upright(photo, size=(array.shape[1], array.shape[0]), applied=True)
    photo.bits = 8 * array.dtype.itemsize
    alpha = array[..., -1] if array.ndim == 3 and array.shape[2] in (2, 4) else None
    colors = array if array.ndim == 2 else array[..., 0] if array.shape[2] < 3 else array[..., :3]
    photo.pages = [page_from_samples(colors, photo.bits, None, 1, photo.notes, alpha)]


def _page(image: ImageFile, opening: Opening) -> None:
    photo = opening.photo
    icc = image.info.get("icc_profile")
    image.load()
    if image.mode in DEEP:
        photo.bits = 16
        array = np.clip(np.asarray(image), 0, 65_535).astype(np.uint16)
        photo.pages = [page_from_array(array, icc, 1, photo.notes)]
        return
    photo.bits = 1 if image.mode == "1" else 8
    photo.pages = [page_from_image(image, icc, 1, photo.notes)]


def _head(opening: Opening, count: int) -> bytes:
    opening.file.seek(0)
    return opening.file.read(count)


def _largest_value(head: bytes) -> int:
    """The largest sample value that the header of a PPM states; 255 if it states none."""
    words = [word for line in head.split(b"\n") for word in line.partition(b"#")[0].split()]
    return int(words[3]) if len(words) > 3 and words[3].isdigit() else 255


def _bits_of_codestream(head: bytes) -> int:
    """Bits per sample of a JPEG 2000, from the SIZ marker (ITU-T T.800, A.5.1)."""
    at = head.find(b"\xff\x4f\xff\x51")
    return (head[at + 42] & 0x7F) + 1 if 0 <= at < len(head) - 42 else 8
