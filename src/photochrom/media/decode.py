"""One reader per format: each fills a Photo from an open file."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from photochrom.errors import Remedy
from photochrom.media import exif, jpeg, png, tiff
from photochrom.media.fault import Damaged, Unsupported
from photochrom.media.model import Photo
from photochrom.media.pages import page_from_array, page_from_image
from photochrom.media.xmp import EXIF, TIFF, XMP, Packet

__all__ = ["READERS", "Opening", "xmp_of"]

INTERNAL_TEXT = (b"Raw profile type exif", b"Raw profile type APP1", b"Raw profile type xmp", b"Thumb::")


@dataclass(frozen=True, slots=True)
class Opening:
    """One file that is being opened.

    Attributes
    ----------
    photo
        What a reader fills.
    check
        To be called with the width and height of each page before anything is decoded.
    salvage
        Whether a picture of which a part is missing may be opened.
    """

    file: BinaryIO
    photo: Photo
    check: Callable[[int, int], None]
    salvage: bool = False


# The classes of Pillow's plugins are called directly: Image.open checks the size against a limit that
# is global to the process, and warns or refuses before `check` can say its own.
def _jpeg(opening: Opening) -> None:
    file, photo, check = opening.file, opening.photo, opening.check
    image = JpegImageFile(file)
    check(*image.size)
    photo.jpeg = jpeg.settings_of(image)
    _simple(image, photo)


def _png(opening: Opening) -> None:
    file, photo, check = opening.file, opening.photo, opening.check
    data = file.read()
    if len(data) < 33:
        raise Damaged()
    width, height, bits = struct.unpack_from(">IIB", data, 16)
    check(width, height)
    photo.bits = bits
    image = PngImageFile(BytesIO(data))
    _no_animation(image)
    photo.exif, photo.xmp = _exif(image), _xmp(image)
    for kind, body in png.chunks(data):
        if kind in (b"tEXt", b"zTXt", b"iTXt") and png.xmp_of(kind, body) is None:
            if not body.startswith(INTERNAL_TEXT):
                photo.png_text.append((kind, body))
        elif kind == b"tIME":
            photo.png_text.append((kind, body))
        elif kind == b"eXIf":
            photo.exif = body
        photo.xmp = png.xmp_of(kind, body) or photo.xmp
    photo.dpi = _dpi(image)
    turn = _set_upright(photo)
    icc = image.info.get("icc_profile")
    if bits == 16:
        array, alpha = png.read_16(data)
        photo.pages = [page_from_array(array, icc, turn, photo.notes, alpha)]
    else:
        photo.pages = [page_from_image(image, icc, turn, photo.notes)]


def _tiff(opening: Opening) -> None:
    file, photo, check = opening.file, opening.photo, opening.check
    photo.pages, photo.tiff, photo.bits, photo.xmp = tiff.read(file, check, photo.notes)
    tags, order = photo.tiff[0].tags, photo.tiff[0].order
    photo.dpi = tiff.resolution(tags, order)
    own = {code: value for code, value in tags.items() if code not in (tiff.PHOTOSHOP, 33723)}
    photo.exif = exif.from_directory(own, order) if own else None
    _set_upright(photo, applied=True)


def _webp(opening: Opening) -> None:
    file, photo, check = opening.file, opening.photo, opening.check
    head = file.read(1 << 16)
    file.seek(0)
    image = WebPImageFile(file)
    check(*image.size)
    photo.lossless = b"VP8L" in head[:16] or (
        b"VP8X" in head[:16] and b"VP8 " not in head and b"VP8L" in head
    )
    _simple(image, photo)


def _bmp(opening: Opening) -> None:
    file, photo, check = opening.file, opening.photo, opening.check
    image = BmpImageFile(file)
    check(*image.size)
    photo.bits = 1 if image.mode == "1" else 8
    _simple(image, photo)


def _gif(opening: Opening) -> None:
    file, photo, check = opening.file, opening.photo, opening.check
    image = GifImageFile(file)
    check(*image.size)
    _simple(image, photo)


def _avif(opening: Opening) -> None:
    file, photo, check = opening.file, opening.photo, opening.check
    image = AvifImageFile(file)
    check(*image.size)
    _simple(image, photo)


def _heif(opening: Opening) -> None:
    file, photo, check = opening.file, opening.photo, opening.check
    try:
        import pillow_heif
    except ImportError as error:
        raise Unsupported("HEIC needs a further package", Remedy.INSTALL_PHOTO, code="extra") from error
    picture = pillow_heif.open_heif(file, convert_hdr_to_8bit=True)
    check(*picture.size)
    image = picture.to_pillow()
    block = picture.info.get("exif")
    photo.exif = _bare(block) if block else None
    photo.xmp = picture.info.get("xmp") or None
    _set_upright(photo, applied=True)  # libheif turns the pixels itself
    photo.pages = [page_from_image(image, picture.info.get("icc_profile"), 1, photo.notes)]


def _raw(opening: Opening) -> None:
    file, photo, check = opening.file, opening.photo, opening.check
    try:
        import rawpy
    except ImportError as error:
        what = "camera RAW needs a further package"
        raise Unsupported(what, Remedy.INSTALL_PHOTO, code="extra") from error
    with rawpy.imread(file) as raw:
        check(raw.sizes.width, raw.sizes.height)
        array = raw.postprocess(output_bps=16, use_camera_wb=True)
    photo.bits = 16
    order, tags = exif.parse(exif.FileBytes(file))
    own = {code: value for code, value in tags.items() if code in tiff.DESCRIPTIVE}
    photo.exif = exif.from_directory(own, order) if own else None
    photo.pages = [page_from_array(array, None, 1, photo.notes)]


READERS: dict[str, Callable[[Opening], None]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "TIFF": _tiff,
    "WEBP": _webp,
    "BMP": _bmp,
    "GIF": _gif,
    "AVIF": _avif,
    "HEIF": _heif,
    "RAW": _raw,
}


def xmp_of(file: BinaryIO, format: str) -> bytes | None:
    """The XMP packet of a file of a known format; its pixels are not decoded."""
    if format == "TIFF":
        return tiff.xmp_of(file)
    if format == "PNG":
        return next(
            (found for kind, body in png.chunks(file.read()) if (found := png.xmp_of(kind, body))), None
        )
    if format == "HEIF":
        photo = Photo([], "", format)
        _heif(Opening(file, photo, lambda width, height: None))
        return photo.xmp
    if format == "JPEG":
        return _xmp(JpegImageFile(file))
    if format == "WEBP":
        return _xmp(WebPImageFile(file))
    return _xmp(AvifImageFile(file)) if format == "AVIF" else None


def _simple(image: ImageFile, photo: Photo) -> None:
    """A format of which Pillow gives everything."""
    _no_animation(image)
    photo.exif, photo.xmp, photo.dpi = _exif(image), _xmp(image), _dpi(image)
    turn = _set_upright(photo)
    icc = image.info.get("icc_profile")
    photo.pages = [page_from_image(image, icc, turn, photo.notes)]


def _no_animation(image: Any) -> None:
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        raise Unsupported(f"is an animation of {frames} frames", Remedy.EXPORT_FRAMES, code="animation")


def _bare(block: bytes) -> bytes:
    # HEIF puts a 4-byte offset before it, JPEG (and some WebP writers) "Exif\0\0".
    at = block[:16].find(b"Exif\0\0")
    return block[at + 6 :] if at >= 0 else block


def _exif(image: ImageFile) -> bytes | None:
    block = image.info.get("exif")
    return _bare(block) if block else None


def _xmp(image: ImageFile) -> bytes | None:
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    return packet.encode() if isinstance(packet, str) else packet


def _dpi(image: ImageFile) -> tuple[float, float] | None:
    dpi = image.info.get("dpi")
    return (float(dpi[0]), float(dpi[1])) if dpi and min(dpi) > 1 else None


def _set_upright(photo: Photo, *, applied: bool = False) -> int:
    """Make the metadata say what it will be true of the pixels, and give the turn that they need.

    `applied` says that the decoder has turned the pixels already.
    """
    turn = exif.orientation(photo.exif) if photo.exif else None
    noted = re.search(rb"tiff:Orientation[^0-9<>]{0,3}[>=]\s*[\"']?([1-8])", photo.xmp or b"")
    if turn is None and noted and not applied:
        turn = int(noted.group(1))
    turn = 1 if turn is None or applied else turn
    swapped = turn >= 5
    if photo.exif:
        photo.exif = exif.upright(photo.exif, swapped=swapped)
    if swapped and photo.dpi:
        photo.dpi = (photo.dpi[1], photo.dpi[0])
    if photo.xmp and (noted or b":Thumbnails" in photo.xmp or swapped):
        packet = Packet(photo.xmp)
        if not packet.broken:
            if noted:
                packet.set(TIFF, "Orientation", "1")
            packet.remove(XMP, "Thumbnails")
            if swapped:
                _swap(packet, TIFF, "ImageWidth", "ImageLength")
                _swap(packet, EXIF, "PixelXDimension", "PixelYDimension")
            photo.xmp = packet.to_bytes()
    return turn


def _swap(packet: Packet, space: str, wide: str, high: str) -> None:
    width, height = packet.get(space, wide), packet.get(space, high)
    if width is not None and height is not None:
        packet.set(space, wide, height)
        packet.set(space, high, width)
