"""Encode a Photo to the bytes of a file."""

from __future__ import annotations

import struct
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, _imaging

from photochrom.errors import OptionError, PhotoError, Remedy, TooLargeError, UnsupportedError, WriteError
from photochrom.media import iptc, jpeg
from photochrom.media.formats import FORMATS, Format, by_name
from photochrom.media.icc import grey_srgb, srgb
from photochrom.media.model import Page, Photo, Pixels
from photochrom.media.strips import strips

__all__ = ["encode", "extension_for"]

LOSSY_QUALITY = 90
MAX_SEGMENT = 65_527


def output_format(photo: Photo, format: str | None = None) -> str:
    """The format that `encode` writes: the requested one, or else the input's format if it can hold the result.

    BMP and GIF become PNG, because BMP has no metadata for the provenance mark and GIF has only 256 colours. A TIFF of
    one 1-bit page also becomes PNG. Camera RAW and 12-bit JPEG become TIFF.
    """
    if format is not None:
        wanted = by_name(format)
        if wanted is None or not wanted.writes:
            what = f"cannot be written as {wanted.title if wanted else format}"
            raise UnsupportedError(photo.name, what, Remedy.CHOOSE_FORMAT, code="format")
        return wanted.name
    if photo.format == "TIFF" and photo.bits == 1 and len(photo.pages) == 1:
        return "PNG"
    if photo.format == "JPEG" and photo.bits > 8:
        return "TIFF"
    return FORMATS[photo.format].written_as or photo.format


def extension_for(photo: Photo, format: str | None = None) -> str:
    """The suffix, with its dot, for the result of `encode(photo, format=format)`.

    It is the input's suffix if that fits the format (".JPG" stays ".JPG"), else the format's usual suffix.
    """
    known = FORMATS[output_format(photo, format)].suffixes
    return photo.suffix if photo.suffix.lower() in known else known[0]


def encode(
    photo: Photo,
    *,
    format: str | None = None,
    jpeg_quality: int | None = None,
    notes: list[str] | None = None,
) -> bytes:
    """Encode a photo with its metadata, marked as sRGB.

    Parameters
    ----------
    format
        One of "JPEG", "PNG", "TIFF", "WEBP", "AVIF", "HEIF"; None means the result of `output_format`. 16-bit pages
        keep 16 bits in PNG and TIFF, and are rounded to fewer bits in other formats.
    jpeg_quality
        1 to 100. It replaces the quantization tables of the input.
    notes
        A list. A sentence is added for everything that the format cannot hold.

    Returns
    -------
    bytes
        A complete file. Lossless formats store the pages' pixels and alpha exactly.

    Raises
    ------
    PhotoError
        If the format cannot hold the photo: it is too large, transparent in JPEG, or has too many pages.
    OptionError
        If `jpeg_quality` is out of range.
    """
    target = output_format(photo, format)
    if jpeg_quality is not None and not 1 <= jpeg_quality <= 100:
        raise OptionError("jpeg_quality", f"{jpeg_quality} is not in 1 to 100")
    _check_fit(photo, FORMATS[target])
    notes = [] if notes is None else notes
    _note_losses(photo, FORMATS[target], notes)
    if photo.iptc and not FORMATS[target].iptc:
        photo = replace(photo, xmp=iptc.add_to_xmp(photo.iptc, photo.xmp))
    try:
        if target == "TIFF":
            return _tiff(photo)
        if target == "PNG":
            return _png(photo)
        return _through_pillow(photo, target, jpeg_quality)
    except PhotoError:
        raise
    except MemoryError as error:
        what = "there is not enough memory to encode it"
        raise TooLargeError(photo.name, what, Remedy.MAKE_SMALLER, code="memory") from error
    except (OSError, ValueError, RuntimeError, struct.error) as error:
        what = f"it could not be encoded as {FORMATS[target].title}"
        raise WriteError(photo.name, what, Remedy.CHOOSE_FORMAT, code="encode") from error


def _note_losses(photo: Photo, format: Format, notes: list[str]) -> None:
    """Report what the pixels lose in `format`."""
    deepest = max(page.pixels.dtype.itemsize * 8 for page in photo.pages)
    depth = photo.bits if deepest == 16 else 8
    if depth > max(format.bits):
        notes.append(
            f"{format.title} was written with {max(format.bits)} bits a sample; the photo has {depth}."
        )
    if photo.exif and format.name == "JPEG" and len(photo.exif) > MAX_SEGMENT:
        notes.append("The EXIF metadata is larger than a JPEG can hold and was left out.")


def _check_fit(photo: Photo, format: Format) -> None:
    """Raise PhotoError if `format` cannot hold the photo's pages."""
    if not photo.pages:
        raise WriteError(photo.name, "there is no page to write")
    if len(photo.pages) > 1 and not format.pages:
        what = f"{len(photo.pages)} pages do not fit into one {format.title} file"
        raise UnsupportedError(photo.name, what, Remedy.CHOOSE_TIFF, code="pages")
    for page in photo.pages:
        if format.max_side is not None and max(page.pixels.shape[:2]) > format.max_side:
            what = f"{format.title} holds at most {format.max_side} pixels on a side"
            raise TooLargeError(photo.name, what, Remedy.CHOOSE_TIFF, code="side")
        if page.alpha is not None and not format.alpha and page.alpha.min() < np.iinfo(page.alpha.dtype).max:
            what = f"{format.title} has no transparency"
            raise UnsupportedError(photo.name, what, Remedy.CHOOSE_ALPHA_FORMAT, code="alpha")


def _rgb(page: Page) -> Pixels:
    """The pixels as luma or RGB. Y'CbCr is converted to RGB."""
    if page.space != "ycbcr":
        return page.pixels
    out = np.empty(page.pixels.shape, np.uint8)
    for rows in strips(*page.pixels.shape[:2]):
        out[rows] = np.asarray(_image(np.ascontiguousarray(page.pixels[rows]), "YCbCr").convert("RGB"))
    return out


def _image(pixels: Any, mode: str) -> Image.Image:
    """The pixels (h, w) or (h, w, 3) uint8 as a Pillow picture. Where possible, it shares their memory."""
    height, width = pixels.shape[:2]
    share = getattr(_imaging, "map_buffer", None)
    if mode == "YCbCr" and share is not None and (whole := _four_bytes(pixels)) is not None:
        # Pillow's public functions share memory only in other modes. A copy takes 15 ms at 12 megapixels. This function
        # is Pillow's own and may go; then the picture is copied.
        return Image.new(mode, (0, 0))._new(share(whole, (width, height), "raw", 0, (mode, 0, 1)))
    return Image.frombuffer(mode, (width, height), np.ascontiguousarray(pixels), "raw", mode, 0, 1)


def _four_bytes(pixels: Any) -> Any:
    """The array (h, w, 4) whose first three channels are `pixels`; None if there is none."""
    whole = pixels.base
    if not isinstance(whole, np.ndarray) or whole.shape != (*pixels.shape[:2], 4):
        return None
    same = whole.flags.c_contiguous and whole.dtype == np.uint8 and whole.ctypes.data == pixels.ctypes.data
    return whole if same and pixels.strides == whole.strides else None


def _eight_bit(pixels: Pixels) -> Any:
    if pixels.dtype == np.uint8:
        return pixels
    out = np.empty(pixels.shape, np.uint8)
    for rows in strips(*pixels.shape[:2]):
        out[rows] = (pixels[rows].astype(np.uint32) + 128) // 257
    return out


# The modules that write TIFF and PNG are imported where they are used, because most photos are JPEGs.
def _tiff(photo: Photo) -> bytes:
    from photochrom.media import exif, tiff, tiff_write

    order, tags = exif.parse(photo.exif) if photo.exif else ("<", {})
    tags = {code: value for code, value in tags.items() if code not in tiff.STORAGE}
    if photo.iptc and not photo.tiff:
        tags[tiff.IPTC] = exif.Field(7, len(photo.iptc), photo.iptc)
    settings = photo.tiff
    if settings and not tags:
        order = settings[0].order
    if settings and settings[0].order == order:
        tags = settings[0].tags | tags
    elif settings:
        settings = [replace(page, order=order, tags={}) for page in settings]
    pages = [Page(_rgb(page), "rgb", page.alpha, None) for page in photo.pages]
    return tiff_write.write(pages, settings, tags=tags, order=order, xmp=photo.xmp, dpi=photo.dpi)


def _png(photo: Photo) -> bytes:
    import zlib

    from photochrom.media import png

    page = photo.pages[0]
    pixels = _rgb(page)
    # 16-bit grey with alpha is written as RGB with alpha, so it needs the RGB profile.
    grey = pixels.ndim == 2 and not (pixels.dtype == np.uint16 and page.alpha is not None)
    name = b"sRGB grey\0\0" if grey else b"sRGB\0\0"
    metadata = [png.chunk(b"iCCP", name + zlib.compress(grey_srgb() if grey else srgb(), 9))]
    if photo.dpi is not None:
        metadata.append(png.chunk(b"pHYs", struct.pack(">IIB", *(round(d / 0.0254) for d in photo.dpi), 1)))
    if photo.exif:
        metadata.append(png.chunk(b"eXIf", photo.exif))
    if photo.xmp:
        metadata.append(png.text_chunk(png.XMP_KEY, photo.xmp))
    metadata += [png.chunk(kind, body) for kind, body in photo.png_text]
    return png.encode(pixels, page.alpha, metadata)


def _through_pillow(photo: Photo, target: str, jpeg_quality: int | None) -> bytes:
    page = photo.pages[0]
    alpha = None if page.alpha is None else _eight_bit(page.alpha)
    if target == "JPEG":
        mode = {"luma": "L", "rgb": "RGB", "ycbcr": "YCbCr"}[page.space]
        image = _image(_eight_bit(page.pixels), mode)
        block = photo.exif if photo.exif and len(photo.exif) <= MAX_SEGMENT else None
        resources = photo.iptc if photo.jpeg is None else None
        return jpeg.encode(
            image, photo.jpeg, jpeg_quality, exif=block, xmp=photo.xmp, dpi=photo.dpi, iptc=resources
        )
    if target == "HEIF":
        return _heif(photo)
    pixels = _eight_bit(_rgb(page))
    image = _image(pixels, "L" if pixels.ndim == 2 else "RGB")
    if target != "AVIF" and image.mode == "L":
        image = image.convert("RGB")  # an sRGB profile does not fit a grey picture, and WebP has none
    if alpha is not None:
        image.putalpha(Image.fromarray(alpha))
    options: dict[str, Any] = {"icc_profile": grey_srgb() if image.mode in ("L", "LA") else srgb()}
    if photo.exif:
        options["exif"] = b"Exif\0\0" + photo.exif
    if photo.xmp:
        options["xmp"] = photo.xmp
    out = BytesIO()
    if target == "WEBP":
        lossless = photo.lossless or photo.format != "WEBP"
        image.save(
            out, "WEBP", lossless=lossless, exact=True, quality=80 if lossless else LOSSY_QUALITY, **options
        )
    else:
        image.save(out, "AVIF", quality=LOSSY_QUALITY, **options)
    return out.getvalue()


def _heif(photo: Photo) -> bytes:
    """Encode a HEIC with 8 bits per sample, or with 10 bits for 16-bit pages."""
    try:
        import pillow_heif
    except ImportError as error:
        what = "writing HEIC needs a further package"
        raise UnsupportedError(photo.name, what, Remedy.INSTALL_PHOTO, code="extra") from error
    page = photo.pages[0]
    pixels = _rgb(page)
    planes = [pixels] * 3 if pixels.ndim == 2 else [pixels]
    array = np.ascontiguousarray(np.dstack([*planes, *([] if page.alpha is None else [page.alpha])]))
    mode = "RGB" if page.alpha is None else "RGBA"
    mode += ";16" if array.dtype == np.uint16 else ""
    picture = pillow_heif.from_bytes(mode=mode, size=(array.shape[1], array.shape[0]), data=array.tobytes())
    picture.info["icc_profile"], picture.info["icc_profile_type"] = srgb(), "prof"
    extra = {"exif": photo.exif and b"Exif\0\0" + photo.exif, "xmp": photo.xmp}
    out = BytesIO()
    picture.save(out, quality=LOSSY_QUALITY, **{key: data for key, data in extra.items() if data})
    return out.getvalue()
