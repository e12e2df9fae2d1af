"""PIL images and arrays as photos; how they come back is tested with Python's interface."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from photochrom.media.photo import Page
from photochrom.pipeline.arrays import from_array, from_pil, small_picture


@pytest.mark.parametrize("scale", [1, 257])
def test_luma_is_what_pillow_gives(astronaut: np.ndarray, scale: int) -> None:
    photo = from_array(astronaut.astype(np.uint16 if scale > 1 else np.uint8) * scale)
    expected = np.asarray(Image.fromarray(astronaut).convert("L")).astype(int)
    difference = photo.pages[0].pixels / scale - expected
    assert np.abs(difference).max() <= (0 if scale == 1 else 0.51)
    assert photo.pages[0].thumbnail is not None


def test_transparency(astronaut: np.ndarray) -> None:
    image = Image.fromarray(astronaut)
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    alpha = from_pil(image).pages[0].alpha
    np.testing.assert_array_equal(alpha, np.asarray(image)[..., 3])


@pytest.mark.parametrize("space", ["luma", "rgb", "ycbcr"])
@pytest.mark.parametrize("deep", [False, True])
def test_small_pictures(astronaut: np.ndarray, space: str, deep: bool) -> None:
    if deep and space == "ycbcr":
        return
    mode = {"luma": "L", "rgb": "RGB", "ycbcr": "YCbCr"}[space]
    image = Image.fromarray(astronaut).convert(mode)
    pixels = np.asarray(image)
    page = Page(pixels.astype(np.uint16) * 257 if deep else pixels, space)  # type: ignore[arg-type]
    small = small_picture(page, 100)
    assert (small.mode, max(small.size)) == ("RGB", 100)
    expected = np.asarray(image.convert("RGB").resize(small.size, Image.Resampling.BOX)).astype(int)
    assert np.abs(np.asarray(small) - expected).mean() < 4
    assert small_picture(page, 5000).size == image.size
