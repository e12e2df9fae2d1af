"""Read camera RAW with the package rawpy."""

from __future__ import annotations

from contextlib import suppress
from typing import BinaryIO

from photochrom.errors import Remedy
from photochrom.media import exif, tiff
from photochrom.media.fault import Damaged, Unsupported
from photochrom.media.opening import Opening
from photochrom.media.pages import page_from_array

__all__ = ["read"]


def read(opening: Opening) -> None:
    """Fill a Photo from a camera RAW: 16 bits, in the white balance of the camera."""
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
