"""One reader per format. Each reader fills a Photo from an open file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.WebPImagePlugin import WebPImageFile

from photochrom.errors import Remedy
from photochrom.media import exif, jpeg, jpeg_parts, jpeg_read, pillow_read, png, png_read, tiff
from photochrom.media.codecs import codecs
from photochrom.media.fault import Damaged, Unsupported
from photochrom.media.metadata import clean, merge_extended, set_upright
from photochrom.media.model import Photo
from photochrom.media.opening import Opening
from photochrom.media.pages import page_from_array, page_from_image, page_from_samples

__all__ = ["READERS", "xmp_of"]

AV1_HEAD = 8192
"""The number of bytes of an AVIF file that are searched for the box with its bit depth. It precedes the pixels."""


# The classes of Pillow's plugins are called directly. Image.open checks the size against a limit that is global to the
# process, and warns or refuses before `check` can raise its own error.
def _tiff(opening: Opening) -> None:
    photo = opening.photo
    tiff.read(opening)
    tags, order = photo.tiff[0].tags, photo.tiff[0].order
    photo.dpi = exif.resolution_of(tags, order)
    own = {code: value for code, value in tags.items() if code in tiff.DESCRIPTIVE}
    photo.exif = exif.from_directory(own, order) if own else None
    clean(photo)
    set_upright(photo, size=photo.tiff[0].size, applied=True, turn=photo.tiff[0].orientation)


def _webp(opening: Opening) -> None:
    file, photo = opening.file, opening.photo
    head = file.read(1 << 16)
    file.seek(0)
    image = WebPImageFile(file)
    opening.check(*image.size)
    photo.lossless = b"VP8L" in head[:16] or (
        b"VP8X" in head[:16] and b"VP8 " not in head and b"VP8L" in head
    )
    _simple(image, photo)


def _bmp(opening: Opening) -> None:
    image = BmpImageFile(opening.file)
    opening.check(*image.size)
    opening.photo.bits = 1 if image.mode == "1" else 8
    _simple(image, opening.photo)


def _gif(opening: Opening) -> None:
    image = GifImageFile(opening.file)
    opening.check(*image.size)
    opening.photo.xmp = _xmp_of_gif(opening.file)
    comment = image.info.get("comment")
    if isinstance(comment, bytes) and comment.strip(b"\0"):
        opening.photo.png_text.append((b"tEXt", b"Comment\0" + comment.replace(b"\0", b" ")))
    _simple(image, opening.photo)


def _avif(opening: Opening) -> None:
    file, photo = opening.file, opening.photo
    data = file.read()
    image = AvifImageFile(BytesIO(data))
    opening.check(*image.size)
    photo.bits = _depth_of_av1(data[:AV1_HEAD])
    decoder = codecs() if photo.bits > 8 else None
    if decoder is None:
        if photo.bits > 8:
            photo.notes.append(f"The picture has {photo.bits} bits a sample and was read at 8 bits.")
        _simple(image, photo)
        return
    icc, turn = _metadata(image, photo)
    array = decoder.avif_decode(data)
    alpha = array[..., -1] if array.ndim == 3 and array.shape[2] in (2, 4) else None
    colors = array if array.ndim == 2 else array[..., 0] if array.shape[2] < 3 else array[..., :3]
    photo.pages = [page_from_samples(colors, photo.bits, icc, turn, photo.notes, alpha)]


def _depth_of_av1(head: bytes) -> int:
    """Bits per sample of an AVIF, from its AV1 configuration boxes (AV1 in ISOBMFF, 2.3.3). Alpha has its own box."""
    bits, at = 8, head.find(b"av1C")
    while 0 <= at < len(head) - 7:
        flags = head[at + 6]
        bits = max(bits, 8 if not flags & 0x40 else 12 if flags & 0x20 else 10)
        at = head.find(b"av1C", at + 4)
    return bits


def _heif(opening: Opening) -> None:
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


def _left_out(count: int) -> str:
    if count == 1:
        return "A further picture in the same file was left out."
    return f"{count} further pictures in the same file were left out."


def _raw(opening: Opening) -> None:
    photo = opening.photo
    try:
        import rawpy
    except ImportError as error:
        what = "camera RAW needs a further package"
        raise Unsupported(what, Remedy.INSTALL_PHOTO, code="extra") from error
    _check_raw(opening.file)
    with rawpy.imread(opening.file) as raw:
        opening.check(raw.sizes.width, raw.sizes.height)
        array = raw.postprocess(output_bps=16, use_camera_wb=True)
    photo.bits = 16
    order, tags = exif.parse(exif.FileBytes(opening.file))
    own = {code: value for code, value in tags.items() if code in tiff.DESCRIPTIVE}
    photo.exif = exif.from_directory(own, order) if own else None
    photo.pages = [page_from_array(array, None, 1, photo.notes)]


def _check_raw(file: BinaryIO) -> None:
    """Raise Damaged if a RAW file with TIFF structure ends before its pixels. LibRaw would also print this error."""
    import tifffile

    size = file.seek(0, 2)
    file.seek(0)
    with suppress(tifffile.TiffFileError), tifffile.TiffFile(file) as tiff:
        pages = [page for first in tiff.pages for page in (first, *(first.pages or ()))]
        largest = max(pages, key=lambda page: page.imagewidth * page.imagelength, default=None)
        places = zip(largest.dataoffsets, largest.databytecounts, strict=False) if largest else ()
        if any(start + count > size for start, count in places):
            raise Damaged()
    file.seek(0)


READERS: dict[str, Callable[[Opening], None]] = {
    "JPEG": jpeg_read.read,
    "JPEG-LS": jpeg_read.read,
    "PNG": png_read.read,
    "TIFF": _tiff,
    "WEBP": _webp,
    "BMP": _bmp,
    "GIF": _gif,
    "AVIF": _avif,
    "HEIF": _heif,
    "RAW": _raw,
    "PNM": pillow_read.read_pnm,
    "JPEG 2000": pillow_read.read_jpeg2000,
    "JPEG XL": pillow_read.read_jpegxl,
    "PSD": pillow_read.read_psd,
}


def xmp_of(file: BinaryIO, format: str) -> bytes | None:
    """Read the XMP packet of a file of a known format. Its pixels are not decoded."""
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
        parts = list(jpeg_parts.segments(file))
        extended = [b for m, b in parts if m == jpeg.APP1 and b.startswith(jpeg.EXTENDED_XMP)]
        return merge_extended(jpeg_parts.payload_of(parts, jpeg.APP1, jpeg_parts.XMP), extended)
    if format == "GIF":
        return _xmp_of_gif(file)
    if format == "WEBP":
        return _xmp(WebPImageFile(file))
    return _xmp(AvifImageFile(file)) if format == "AVIF" else None


def _simple(image: ImageFile, photo: Photo) -> None:
    """Read a format for which Pillow supports everything."""
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        raise Unsupported(f"is an animation of {frames} frames", Remedy.EXPORT_FRAMES, code="animation")
    icc, turn = _metadata(image, photo)
    photo.pages = [page_from_image(image, icc, turn, photo.notes)]


def _metadata(image: ImageFile, photo: Photo) -> tuple[bytes | None, int]:
    """Copy the metadata that Pillow found. Return the ICC profile and the orientation that the pixels need."""
    photo.exif, photo.xmp, photo.dpi = image.info.get("exif"), photo.xmp or _xmp(image), _dpi(image)
    clean(photo)
    return image.info.get("icc_profile"), set_upright(photo, size=image.size)


def _xmp(image: ImageFile) -> bytes | None:
    packet: Any = image.info.get("xmp")
    return packet.encode() if isinstance(packet, str) else packet


def _xmp_of_gif(file: BinaryIO) -> bytes | None:
    """The XMP packet of a GIF's application extension (XMP part 3, 1.1.2). 257 bytes for other readers follow it."""
    file.seek(0)
    data = file.read()
    start = data.find(b"\x21\xff\x0bXMP DataXMP")
    end = data.find(b"\x01\xff\xfe\xfd", start)
    file.seek(0)
    return data[start + 14 : end] if 0 <= start < end else None


def _dpi(image: ImageFile) -> tuple[float, float] | None:
    dpi = image.info.get("dpi")
    return (float(dpi[0]), float(dpi[1])) if dpi and min(dpi) > 1 else None
