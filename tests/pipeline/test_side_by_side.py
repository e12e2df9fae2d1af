"""The picture of a photo beside its result, read with Pillow."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from photochrom.media import provenance
from photochrom.media.model import Page, Photo
from photochrom.pipeline.side_by_side import side_by_side


def pair(height: int, width: int) -> tuple[Photo, Photo]:
    """A grey page of level 128, and a result of the colour (200, 60, 40)."""
    grey = Photo([Page(np.full((height, width), 128, np.uint8))], "a.png", "PNG")
    red = Photo(
        [Page(np.full((height, width, 3), (200, 60, 40), np.uint8), "rgb")],
        "a.png",
        "PNG",
    )
    return grey, red


def test_the_original_is_on_the_left_and_the_result_on_the_right() -> None:
    sheet = Image.open(io.BytesIO(side_by_side(*pair(48, 64))))
    assert (sheet.format, sheet.mode, sheet.size) == ("JPEG", "RGB", (128, 48))
    pixels = np.asarray(sheet).astype(int)
    # JPEG has chroma at half the size, so the two columns at the border mix their colours.
    assert np.abs(pixels[:, :63] - 128).max() <= 2
    assert np.abs(pixels[:, 65:] - (200, 60, 40)).max() <= 4


def test_each_half_has_at_most_1600_pixels_a_side() -> None:
    with Image.open(io.BytesIO(side_by_side(*pair(1000, 2000)))) as wide:
        assert wide.size == (3200, 800)
    with Image.open(io.BytesIO(side_by_side(*pair(2000, 500)))) as tall:
        assert tall.size == (800, 1600)


def test_the_mark_of_the_result_goes_with_it() -> None:
    grey, red = pair(48, 64)
    assert provenance.read(side_by_side(grey, red)) is None
    provenance.mark(red, "photochrom", "1.0", source_name="a.png")
    mark = provenance.read(side_by_side(grey, red))
    assert mark is not None
    assert (mark.model, mark.source_name) == ("photochrom", "a.png")
    assert grey.xmp is None
