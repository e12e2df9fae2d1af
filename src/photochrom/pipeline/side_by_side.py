"""The picture that shows a result beside its original."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

    from photochrom.media.model import Page, Photo

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
        A JPEG, each side at most 1600 pixels wide, with the provenance and metadata of `result`.
    """
    import numpy as np
    from PIL import Image

    from photochrom.media.model import Page, Photo
    from photochrom.media.photo import encode

    left = _shrink(original.pages[0])
    right = _shrink(result.pages[0])
    sheet = Image.new("RGB", (left.width + right.width, left.height))
    sheet.paste(left, (0, 0))
    sheet.paste(right, (left.width, 0))
    # The marks travel in the metadata of the result, where the engine has put them.
    photo = Photo(
        [Page(np.asarray(sheet), "rgb")], original.name, "JPEG", ".jpg", exif=result.exif, xmp=result.xmp
    )
    return encode(photo, format="JPEG", jpeg_quality=QUALITY)


def _shrink(page: Page) -> Image.Image:
    """The page as 8-bit RGB, at most `WIDEST` pixels wide."""
    import numpy as np
    from PIL import Image

    pixels: Any = page.pixels
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    mode = {"luma": "L", "rgb": "RGB", "ycbcr": "YCbCr"}[page.space]
    height, width = pixels.shape[:2]
    picture = Image.frombuffer(mode, (width, height), np.ascontiguousarray(pixels), "raw", mode, 0, 1)
    if width > WIDEST:
        size = (WIDEST, max(1, round(height * WIDEST / width)))
        # reducing_gap shrinks by a whole number first: a 100-megapixel page takes a moment, not seconds
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return picture.convert("RGB")
