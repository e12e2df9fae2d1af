"""`Colorizer`: the promises about luma, alpha and depth, for opened photos."""

from __future__ import annotations

import numpy as np
import pytest

from photochrom.engine.colorizer import Colorizer
from photochrom.engine.options import Options
from photochrom.engine.session import Session
from photochrom.errors import ModelError
from photochrom.media.photo import Page, Photo


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(threads=1)


@pytest.fixture
def luma(astronaut: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(astronaut[20:180, 100:301, 1])


@pytest.mark.parametrize(("dtype", "scale", "apart"), [(np.uint8, 1, 1), (np.uint16, 257, 2)])
def test_luma_depth_and_alpha_stay(
    colorizer: Colorizer, luma: np.ndarray, dtype: type, scale: int, apart: int
) -> None:
    pixels = luma.astype(dtype) * dtype(scale)
    photo = Photo([Page(pixels, alpha=pixels // 2)], "a.png", "PNG")
    (result,) = colorizer.colorize_photo(photo)
    (page,) = result.pages
    assert (page.space, page.pixels.shape, page.pixels.dtype) == ("rgb", (*luma.shape, 3), dtype)
    # Rec. 601, in double precision.
    assert np.abs(page.pixels @ np.array([0.299, 0.587, 0.114]) - pixels).max() <= apart
    assert np.ptp(page.pixels.astype(int), axis=-1).mean() > 5 * scale
    np.testing.assert_array_equal(page.alpha, pixels // 2)
    assert photo.pages[0].pixels is pixels
    assert photo.pages[0].space == "luma"


def test_a_jpeg_stays_in_ycbcr_unless_it_becomes_lossless(colorizer: Colorizer, luma: np.ndarray) -> None:
    photo = Photo([Page(luma)], "a.jpg", "JPEG")
    (page,) = colorizer.colorize_photo(photo)[0].pages
    assert page.space == "ycbcr"
    np.testing.assert_array_equal(page.pixels[..., 0], luma)
    assert colorizer.colorize_photo(photo, format="PNG")[0].pages[0].space == "rgb"


def test_without_strength_all_channels_are_the_luma(colorizer: Colorizer, luma: np.ndarray) -> None:
    photo = Photo([Page(luma), Page(luma[:50])], "a.tif", "TIFF")
    (result,) = colorizer.colorize_photo(photo, Options(strength=0, size=64))
    for page, before in zip(result.pages, (luma, luma[:50]), strict=True):
        np.testing.assert_array_equal(page.pixels, np.dstack([before] * 3))


def test_one_candidate_of_several_is_the_same_alone(colorizer: Colorizer, luma: np.ndarray) -> None:
    photo = Photo([Page(luma)], "a.png", "PNG")
    options = Options(candidates=3, size=64)
    every = [version.pages[0].pixels for version in colorizer.colorize_photo(photo, options)]
    assert len(every) == 3
    third, first = (
        colorizer.colorize_photo(photo, options, only=[number])[0].pages[0].pixels for number in (3, 1)
    )
    np.testing.assert_array_equal(third, every[2])
    np.testing.assert_array_equal(first, every[0])
    assert np.abs(every[2].astype(int) - every[0]).max() > 10


def test_confidence_has_the_photos_size(colorizer: Colorizer, luma: np.ndarray) -> None:
    sure = colorizer.confidence(Photo([Page(luma)], "a.png", "PNG"), Options(size=64))
    assert sure.shape == luma.shape
    assert 0 <= sure.min() < sure.max() <= 1


def test_a_session_is_shared_and_a_wrong_name_is_an_error(colorizer: Colorizer) -> None:
    assert isinstance(colorizer.session, Session)
    other = Colorizer(colorizer.session, threads=1)
    assert other.session is colorizer.session
    assert (other.name, other.info, other.metadata["name"]) == ("photochrom", colorizer.info, "photochrom")
    with pytest.raises(ModelError, match="no model of that name"):
        Colorizer("no-such-model")
