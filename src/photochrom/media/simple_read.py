"""Readers of WebP, BMP and GIF. Pillow decodes them and finds their metadata."""

from __future__ import annotations

from typing import Any, BinaryIO

from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.WebPImagePlugin import WebPImageFile

from photochrom.errors import Remedy
from photochrom.media.fault import Unsupported
from photochrom.media.metadata import clean, set_upright
from photochrom.media.model import Photo
from photochrom.media.opening import Opening
from photochrom.media.pages import page_from_image

__all__ = [
    "dpi_of",
    "fill",
    "fill_metadata",
    "gif_xmp",
    "packet_of",
    "read_bmp",
    "read_gif",
    "read_webp",
    "webp_xmp",
]


# The classes of Pillow's plugins are called directly. Image.open checks the size against a limit that is global to the
# process, and warns or refuses before `check` can raise its own error.
def read_webp(opening: Opening) -> None:
    """Fill a Photo from a WebP."""
    file, photo = opening.file, opening.photo
    head = file.read(1 << 16)
    file.seek(0)
    image = WebPImageFile(file)
    opening.check(*image.size)
    photo.lossless = b"VP8L" in head[:16] or (
        b"VP8X" in head[:16] and b"VP8 " not in head and b"VP8L" in head
    )
    fill(image, photo)


def read_bmp(opening: Opening) -> None:
    """Fill a Photo from a BMP."""
    image = BmpImageFile(opening.file)
    opening.check(*image.size)
    opening.photo.bits = 1 if image.mode == "1" else 8
    fill(image, opening.photo)


def read_gif(opening: Opening) -> None:
    """Fill a Photo from a GIF."""
    image = GifImageFile(opening.file)
    opening.check(*image.size)
    opening.photo.xmp = gif_xmp(opening.file)
    comment = image.info.get("comment")
    if isinstance(comment, bytes) and comment.strip(b"\0"):
        opening.photo.png_text.append((b"tEXt", b"Comment\0" + comment.replace(b"\0", b" ")))
    fill(image, opening.photo)


def webp_xmp(file: BinaryIO) -> bytes | None:
    """The XMP packet of a WebP. Its pixels are not decoded."""
    return packet_of(WebPImageFile(file))


def gif_xmp(file: BinaryIO) -> bytes | None:
    """The XMP packet of a GIF's application extension (XMP part 3, 1.1.2). 257 bytes for other readers follow it."""
    file.seek(0)
    data = file.read()
    start = data.find(b"\x21\xff\x0bXMP DataXMP")
    end = data.find(b"\x01\xff\xfe\xfd", start)
    file.seek(0)
    return data[start + 14 : end] if 0 <= start < end else None


def fill(image: ImageFile, photo: Photo) -> None:
    """Fill a Photo from a picture for which Pillow supports everything."""
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        raise Unsupported(f"is an animation of {frames} frames", Remedy.EXPORT_FRAMES, code="animation")
    icc, turn = fill_metadata(image, photo)
    photo.pages = [page_from_image(image, icc, turn, photo.notes)]


def fill_metadata(image: ImageFile, photo: Photo) -> tuple[bytes | None, int]:
    """Copy the metadata that Pillow found. Return the ICC profile and the orientation that the pixels need."""
    photo.exif, photo.xmp, photo.dpi = image.info.get("exif"), photo.xmp or packet_of(image), dpi_of(image)
    clean(photo)
    return image.info.get("icc_profile"), set_upright(photo, size=image.size)


def packet_of(image: ImageFile) -> bytes | None:
    """The XMP packet that Pillow found."""
    packet: Any = image.info.get("xmp")
    return packet.encode() if isinstance(packet, str) else packet


def dpi_of(image: ImageFile) -> tuple[float, float] | None:
    """Dots per inch that Pillow found."""
    dpi = image.info.get("dpi")
    return (float(dpi[0]), float(dpi[1])) if dpi and min(dpi) > 1 else None
