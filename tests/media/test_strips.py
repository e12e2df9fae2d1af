"""Strips of a picture: luma of 16 bits, and rows and turns."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps

from photochrom.media.strips import luma_16, strips, unturned


def test_luma_16_does_not_overflow():
    white = np.full((1, 1, 3), 65535, np.uint16)
    assert luma_16(white)[0, 0] == 65535


@pytest.mark.parametrize(
    ("height", "width", "pixels"), [(10, 7, 20), (1, 5, 3), (9, 3, 9), (5, 100, 1), (4, 0, 8)]
)
def test_all_rows_are_covered_once_and_in_order(height: int, width: int, pixels: int) -> None:
    found = list(strips(height, width, pixels))
    assert [row for rows in found for row in range(height)[rows]] == list(range(height))
    assert all(rows.stop - rows.start == 1 or (rows.stop - rows.start) * width <= pixels for rows in found)


def test_no_row_has_no_strip() -> None:
    assert list(strips(0, 5)) == []


def test_luma_16_is_rec_601() -> None:
    rgb = np.random.default_rng(0).integers(0, 65536, (40, 30, 3), np.uint16)
    assert np.abs(luma_16(rgb) - rgb @ np.array([0.299, 0.587, 0.114])).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_is_written_as_stored_lands_as_pillow_turns_it(orientation: int) -> None:
    stored = np.arange(12, dtype=np.uint8).reshape(3, 4)
    image = Image.fromarray(stored)
    image.getexif()[0x0112] = orientation
    want = np.asarray(ImageOps.exif_transpose(image))
    upright = np.zeros_like(want)
    unturned(upright, orientation)[...] = stored
    np.testing.assert_array_equal(upright, want)
