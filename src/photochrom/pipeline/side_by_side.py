"""The picture that shows a result beside its original."""

from __future__ import annotations

import numpy as np
from PIL import Image

from photochrom.media.model import Page, Photo
from photochrom.media.photo import encode
from photochrom.pipeline.arrays import small_picture

__all__ = ["side_by_side"]

WIDEST = 1600
QUALITY = 90


def side_by_side(original: Photo, result: Photo) -> bytes:
    """Draw the first page of `original` in grey on the left and of `result` on the right.

    Parameters
    ----------
    original, result
        The same photograph before and after colorization; neither is changed.

    Returns
    -------
    bytes
        A JPEG, each half at most 1600 pixels a side, with the provenance and metadata of `result`.
    """
    left = small_picture(original.pages[0], WIDEST)
    right = small_picture(result.pages[0], WIDEST)
    sheet = Image.new("RGB", (left.width + right.width, left.height))
    sheet.paste(left, (0, 0))
    sheet.paste(right, (left.width, 0))
    # The marks travel in the metadata of the result, where the engine has put them.
    photo = Photo(
        [Page(np.asarray(sheet), "rgb")], original.name, "JPEG", ".jpg", exif=result.exif, xmp=result.xmp
    )
    return encode(photo, format="JPEG", jpeg_quality=QUALITY)
