"""The structure of TIFF files: the pages, their storage, and the tags that describe them (TIFF 6.0)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from photochrom.errors import Remedy
from photochrom.media import exif, iptc, tiff_pixels
from photochrom.media.exif import Directory, Field
from photochrom.media.fault import Damaged, Unsupported
from photochrom.media.jpeg import without_stale_resources
from photochrom.media.metadata import clean, set_upright
from photochrom.media.model import Photo, TiffSettings
from photochrom.media.opening import Opening

__all__ = ["read", "xmp_of"]

MOST_PAGES = 10_000
XMP, IPTC, PHOTOSHOP, ICC, ORIENTATION = 700, 33723, 34377, 34675, 274
X_RESOLUTION, Y_RESOLUTION = exif.X_RESOLUTION, exif.Y_RESOLUTION

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
    exif.EXIF_IFD,
    exif.GPS_IFD,
}
DESCRIPTIVE |= {18246, 32781, 40091, 40092, 40093, 40094, 40095}
"""Tags that an Exif block of another format can also contain."""

STORAGE = {*range(254, 267), *range(273, 275), *range(277, 282), 284, *range(288, 294), 301, *range(317, 338)}
STORAGE |= {*range(338, 348), 351, *range(400, 436), *range(512, 533), 559, XMP, *range(20480, 20800), 32932}
STORAGE |= {
    *range(32995, 32999),
    *range(33421, 33423),
    *range(34016, 34033),
    ICC,
    37398,
    37724,
    *range(37393, 37396),
}
STORAGE |= {
    *range(37439, 37447),
    *range(50706, 50709),
    *range(50710, 50782),
    50838,
    50839,
    *range(50829, 50835),
}
STORAGE |= {*range(50879, 50882), *range(50931, 51200)}
STORAGE -= {32932, 333, 337}
"""Tags that say how pixels are stored, or that hold another picture of them. Every other tag is kept."""


def read(opening: Opening) -> None:
    """Fill a Photo with every page of a TIFF, its metadata and its storage settings.

    Reduced copies and masks of a page are left out, because they show the page before colorization.
    """
    import tifffile  # the import takes 30 ms, which the other formats do not need

    file, photo = opening.file, opening.photo
    with tifffile.TiffFile(file) as tiff:
        frames = [page for page in _chain(tiff) if isinstance(page, tifffile.TiffPage)]
        whole = [page for page in frames if not page.subfiletype & 0b101] or frames[:1]
        if not whole:
            raise Damaged("there is no page in it")
        for page in whole:
            opening.check(page.imagewidth, page.imagelength)
            tiff_pixels.refuse(page)
        if len(frames) > len(whole):
            photo.notes.append("Reduced copies and masks in the TIFF were left out.")
        for page in whole:
            settings = _settings(file, tiff, page)
            photo.tiff.append(settings)
            photo.pages.append(tiff_pixels.read_page(file, tiff, page, settings.orientation, photo.notes))
        photo.bits = int(whole[0].bitspersample)
        photo.xmp = photo.tiff[0].xmp
        photo.iptc = _iptc(photo.tiff[0].tags)
    for settings in photo.tiff[1:]:
        page_alone = Photo([], photo.name, "TIFF", xmp=settings.xmp)
        clean(page_alone)
        set_upright(page_alone, size=settings.size, applied=True, turn=settings.orientation)
        settings.xmp = page_alone.xmp
    tags, order = photo.tiff[0].tags, photo.tiff[0].order
    photo.dpi = exif.resolution_of(tags, order)
    own = {code: value for code, value in tags.items() if code in DESCRIPTIVE}
    photo.exif = exif.from_directory(own, order) if own else None
    clean(photo)
    set_upright(photo, size=photo.tiff[0].size, applied=True, turn=photo.tiff[0].orientation)


def _chain(tiff: Any) -> Iterator[Any]:
    """List the pages. A cyclic chain of pages raises Damaged here; tifffile would follow it forever."""
    seen = set()
    for number, page in enumerate(tiff.pages):
        if page.offset in seen:
            raise Damaged("its last page points back to an earlier one", Remedy.EXPORT_AGAIN)
        if number == MOST_PAGES:
            raise Unsupported(f"has more than {MOST_PAGES:,} pages", Remedy.SPLIT_PAGES, code="pages")
        seen.add(page.offset)
        yield page


def xmp_of(file: BinaryIO) -> bytes | None:
    """The XMP packet of the first page. No pixels are read."""
    import tifffile

    with tifffile.TiffFile(file) as tiff:
        page = tiff.pages[0]
        return tiff_pixels.raw(file, page, XMP) if isinstance(page, tifffile.TiffPage) else None


def _settings(file: BinaryIO, tiff: Any, page: Any) -> TiffSettings:
    order = str(tiff.byteorder)
    block = exif.FileBytes(file)
    tags = exif.directory_at(block, order, page.offset, big=bool(tiff.is_bigtiff))
    found = page.tags.get(ORIENTATION)
    turn = int(found.value) if found is not None and found.value in range(1, 9) else 1
    if turn >= 5 and X_RESOLUTION in tags and Y_RESOLUTION in tags:
        tags[X_RESOLUTION], tags[Y_RESOLUTION] = tags[Y_RESOLUTION], tags[X_RESOLUTION]
    tags = {code: value for code, value in tags.items() if code not in STORAGE}
    description = tags.get(exif.DESCRIPTION)
    if isinstance(description, Field) and description.data.startswith(b'{"shape":'):
        # This is tifffile's record of the grey array's shape. It would be wrong for the colour array.
        del tags[exif.DESCRIPTION]
    resources = tags.get(PHOTOSHOP)
    if isinstance(resources, Field):
        data = without_stale_resources(resources.data)
        tags[PHOTOSHOP] = Field(resources.kind, len(data), data)
    size = (int(page.imagewidth), int(page.imagelength))
    xmp = tiff_pixels.raw(file, page, XMP)
    return TiffSettings(int(page.compression), page.predictor == 2, order, tags, turn, size, xmp)


def _iptc(tags: Directory) -> bytes | None:
    block, resources = tags.get(IPTC), tags.get(PHOTOSHOP)
    if isinstance(block, Field) and block.data[:1] == b"\x1c":
        return block.data.rstrip(b"\0")
    return iptc.in_resources(resources.data) if isinstance(resources, Field) else None
