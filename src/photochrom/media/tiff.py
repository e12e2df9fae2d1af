"""TIFF in: tifffile for the structure and 16-bit pixels, Pillow (libtiff) for the rest."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from photochrom.errors import Remedy
from photochrom.media import exif
from photochrom.media.exif import Directory, Field
from photochrom.media.fault import Damaged, Unsupported
from photochrom.media.jpeg import without_stale_resources
from photochrom.media.model import Page, TiffSettings
from photochrom.media.pages import page_from_array, page_from_image

__all__ = ["read", "resolution", "xmp_of"]

MOST_PAGES = 10_000
XMP, PHOTOSHOP, ICC, ORIENTATION = 700, 34377, 34675, 274
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296
DESCRIPTIVE = {
    269,
    270,
    271,
    272,
    282,
    283,
    285,
    296,
    297,
    305,
    306,
    315,
    316,
    33432,
    33723,
    34377,
    exif.EXIF_IFD,
}
DESCRIPTIVE |= {exif.GPS_IFD, 18246, 32781, 40091, 40092, 40093, 40094, 40095}
DESCRIPTIVE |= {33550, 33922, 34264, 34735, 34736, 34737}  # GeoTIFF: old aerial photographs
MIN_IS_WHITE, GREY, RGB = 0, 1, 2
PLAIN, DEFLATE = (1,), (8, 32946)
BYTE_CODECS = {5: "LZW", 32773: "PackBits", 34925: "LZMA", 50000: "Zstandard"}


class _Unlimited(TiffImageFile):
    """A TIFF of any size: the plugin's own check uses a limit that is global to the process."""

    def load_prepare(self) -> None:
        if self._im is None:
            # Before orientation is applied a page has another size than it will have.
            self.im = Image.new(self.mode, getattr(self, "_tile_size", self.size), None).im
        ImageFile.load_prepare(self)


def read(
    file: BinaryIO, check: Callable[[int, int], None], notes: list[str]
) -> tuple[list[Page], list[TiffSettings], int, bytes | None]:
    """Every page of a TIFF, how each was stored, the bits per sample of the first, and its XMP packet.

    Reduced copies and masks of a page are left out: they show it before colorization. `check` is
    called with the width and height of each page before anything is decoded.
    """
    import tifffile  # 30 ms that the other formats need not wait for

    with tifffile.TiffFile(file) as tiff:
        frames = [(i, page) for i, page in _chain(tiff) if isinstance(page, tifffile.TiffPage)]
        whole = [(i, page) for i, page in frames if not page.subfiletype & 0b101] or frames[:1]
        if not whole:
            raise ValueError("there is no page in it")
        for _, page in whole:
            check(page.imagewidth, page.imagelength)
            _refuse(page)
        pages, settings = [], []
        for index, page in whole:
            pages.append(_page(file, tiff, index, page, notes))
            settings.append(_settings(file, tiff, page))
        first = whole[0][1]
        return pages, settings, int(first.bitspersample), _raw(file, first, XMP)


def _chain(tiff: Any) -> Iterator[tuple[int, Any]]:
    """The pages with their numbers; tifffile follows a chain that bites its own tail for ever."""
    seen = set()
    for number, page in enumerate(tiff.pages):
        if page.offset in seen:
            raise Damaged("its last page points back to an earlier one", Remedy.EXPORT_AGAIN)
        if number == MOST_PAGES:
            raise Unsupported(f"has more than {MOST_PAGES:,} pages", Remedy.SPLIT_PAGES, code="pages")
        seen.add(page.offset)
        yield number, page


def xmp_of(file: BinaryIO) -> bytes | None:
    """The XMP packet of the first page; no pixel is read."""
    import tifffile

    with tifffile.TiffFile(file) as tiff:
        page = tiff.pages[0]
        return _raw(file, page, XMP) if isinstance(page, tifffile.TiffPage) else None


def _refuse(page: Any) -> None:
    bits = page.bitspersample
    kind = {1: "unsigned", 2: "signed", 3: "floating-point", 5: "complex", 6: "complex"}.get(
        page.sampleformat
    )
    if kind in ("floating-point", "signed", "complex") or bits > 16:
        words = kind if kind and kind != "unsigned" else "integer"
        raise Unsupported(f"its pixels are {bits}-bit {words} numbers", Remedy.CONVERT_16)
    if bits not in (1, 2, 4, 8, 16):
        raise Unsupported(f"has {bits} bits a sample", Remedy.CONVERT_16)


def _page(file: BinaryIO, tiff: Any, index: int, page: Any, notes: list[str]) -> Page:
    icc = _raw(file, page, ICC)
    deep = page.bitspersample == 16
    if deep and page.photometric in (MIN_IS_WHITE, GREY, RGB):
        array, alpha = _split(_deep_pixels(file, tiff, page), page, notes)
        tag = page.tags.get(ORIENTATION)
        turn = int(tag.value) if tag is not None and tag.value in range(1, 9) else 1
        return page_from_array(array, icc, turn, notes, alpha)
    if deep:
        notes.append("A 16-bit picture in neither grey nor RGB was read at 8 bits.")
    file.seek(0)
    image = _Unlimited(file)
    image.seek(index)
    image.load()  # Pillow turns a TIFF by its orientation while loading
    return page_from_image(image, icc, 1, notes)


def _deep_pixels(file: BinaryIO, tiff: Any, page: Any) -> Any:
    if page.compression in PLAIN + DEFLATE:
        # tifffile fills what is missing with zeros: half a photo, without a word.
        ends = [a + b for a, b in zip(page.dataoffsets, page.databytecounts, strict=True)]
        if not ends or max(ends) > file.seek(0, 2):
            raise ValueError("the file ends too soon")
        array = page.asarray()
    elif page.compression in BYTE_CODECS:
        array = _by_libtiff(file, tiff, page)
    else:
        raise Unsupported("its compression is not supported at 16 bits", Remedy.CONVERT_16)
    array = np.asarray(array, np.uint16)
    if page.samplesperpixel > 1 and page.planarconfig == 2:
        array = np.moveaxis(array.reshape(page.samplesperpixel, page.imagelength, page.imagewidth), 0, -1)
    return array.reshape(page.imagelength, page.imagewidth, page.samplesperpixel)


def _split(array: Any, page: Any, notes: list[str]) -> tuple[Any, Any]:
    """Colour and alpha of (H, W, samples)."""
    base = 3 if page.photometric == RGB else 1
    colour = array[..., :3] if base == 3 else array[..., 0]
    if page.photometric == MIN_IS_WHITE:
        colour = 65535 - colour
    kinds = [int(k) for k in page.extrasamples]
    if array.shape[2] <= base or not kinds or kinds[0] not in (1, 2):
        if array.shape[2] > base:
            notes.append("A channel that is neither colour nor alpha was left out.")
        return colour, None
    alpha = array[..., base]
    if kinds[0] == 1:  # colours multiplied by alpha
        divisor = np.maximum(alpha, 1).astype(np.uint32)
        divisor = divisor[..., None] if base == 3 else divisor
        scaled = (colour.astype(np.uint32) * 65535 + divisor // 2) // divisor
        colour = np.minimum(scaled, 65535).astype(np.uint16)
    return np.ascontiguousarray(colour), alpha


def _by_libtiff(file: BinaryIO, tiff: Any, page: Any) -> Any:
    """Decode 16-bit samples through Pillow, which reads 16-bit RGB as 8 bit, by calling them bytes.

    The codecs of `BYTE_CODECS` know nothing of samples. So the page goes to libtiff as an 8-bit grey
    picture of samples x 2 times the width, and the prediction is undone here.
    """
    planes = page.samplesperpixel if page.planarconfig == 2 else 1
    samples = page.samplesperpixel // planes
    wide = samples * 2
    per_plane = len(page.dataoffsets) // planes
    out = np.empty((planes, page.imagelength, page.imagewidth * samples), np.uint16)
    for plane in range(planes):
        parts = slice(plane * per_plane, (plane + 1) * per_plane)
        data = [
            _at(file, o, n) for o, n in zip(page.dataoffsets[parts], page.databytecounts[parts], strict=True)
        ]
        recast = _recast(data, page, wide)
        values = np.asarray(recast).view(tiff.byteorder + "u2").astype(np.uint16)
        if page.predictor == 2:
            step = page.tilewidth if page.is_tiled else page.imagewidth
            for left in range(0, page.imagewidth, step):
                part = values[:, left * samples : (left + step) * samples].reshape(
                    page.imagelength, -1, samples
                )
                np.cumsum(part, axis=1, dtype=np.uint16, out=part)
                values[:, left * samples : (left + step) * samples] = part.reshape(page.imagelength, -1)
        elif page.predictor not in (1, None):
            raise Unsupported("its prediction is not supported", Remedy.CONVERT_16)
        out[plane] = values
    return out


def _recast(data: list[bytes], page: Any, wide: int) -> Image.Image:
    def number(*values: int) -> Field:
        return Field(4, len(values), struct.pack(f"<{len(values)}I", *values))

    at, offsets = 8, []
    for part in data:
        offsets.append(at)
        at += len(part)
    at += at % 2
    directory: Directory = {
        256: number(page.imagewidth * wide),
        257: number(page.imagelength),
        258: number(8),
        259: number(int(page.compression)),
        262: number(1),
        277: number(1),
    }
    sizes = number(*(len(part) for part in data))
    if page.is_tiled:
        directory |= {322: number(page.tilewidth * wide), 323: number(page.tilelength)}
        directory |= {324: number(*offsets), 325: sizes}
    else:
        directory |= {273: number(*offsets), 278: number(page.rowsperstrip or page.imagelength), 279: sizes}
    body = b"II*\0" + struct.pack("<I", at) + b"".join(data)
    image = _Unlimited(BytesIO(body.ljust(at, b"\0") + exif.pack(directory, "<", at)))
    image.load()
    return image


def _at(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    data = file.read(size)
    if len(data) < size:
        raise ValueError("the file ends too soon")
    return data


def _raw(file: BinaryIO, page: Any, code: int) -> bytes | None:
    tag = page.tags.get(code)
    return None if tag is None else _at(file, tag.valueoffset, tag.valuebytecount)


def _settings(file: BinaryIO, tiff: Any, page: Any) -> TiffSettings:
    order = str(tiff.byteorder)
    if tiff.is_bigtiff:
        # Nested directories of a BigTIFF have 8-byte offsets and are not carried over.
        tags: Directory = {
            t.code: Field(int(t.dtype), t.count, _at(file, t.valueoffset, t.valuebytecount))
            for t in page.tags
            if t.code not in exif.POINTERS
        }
    else:
        tags = exif.parse(exif.FileBytes(file), page.offset)[1]
    turned = page.tags.get(ORIENTATION)
    if turned is not None and turned.value in (5, 6, 7, 8) and X_RESOLUTION in tags and Y_RESOLUTION in tags:
        tags[X_RESOLUTION], tags[Y_RESOLUTION] = tags[Y_RESOLUTION], tags[X_RESOLUTION]
    tags = {code: value for code, value in tags.items() if code in DESCRIPTIVE}
    description = tags.get(exif.DESCRIPTION)
    if isinstance(description, Field) and description.data.startswith(b'{"shape":'):
        # tifffile's own note of the grey array's shape: of a colour one it would be wrong.
        del tags[exif.DESCRIPTION]
    resources = tags.get(PHOTOSHOP)
    if isinstance(resources, Field):
        data = without_stale_resources(resources.data)
        tags[PHOTOSHOP] = Field(resources.kind, len(data), data)
    return TiffSettings(int(page.compression), page.predictor == 2, order, tags)


def resolution(tags: Directory, order: str) -> tuple[float, float] | None:
    """Dots per inch of a page; None where its tags do not say, or give only a ratio."""
    unit = tags.get(RESOLUTION_UNIT)
    number = (
        struct.unpack(order + "H", unit.data[:2])[0] if isinstance(unit, Field) and len(unit.data) >= 2 else 2
    )
    values = []
    for code in (X_RESOLUTION, Y_RESOLUTION):
        value = tags.get(code)
        if not isinstance(value, Field) or len(value.data) != 8:
            return None
        top, bottom = struct.unpack(order + "II", value.data)
        values.append(top / bottom if bottom else 0.0)
    scale = {2: 1.0, 3: 2.54}.get(number, 0.0)
    return (values[0] * scale, values[1] * scale) if scale and min(values) > 0 else None
