"""Before and after in one picture, read with Pillow."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageSequence

from photochrom.pipeline.sharing import HOLD_MS, KINDS, SIDES, share

RED = (200, 60, 40)


def pair(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """A grey picture of level 128, and a picture of the colour (200, 60, 40)."""
    return np.full((height, width, 3), 128, np.uint8), np.full((height, width, 3), RED, np.uint8)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_a_high_photo_is_beside_its_result_and_a_wide_one_above() -> None:
    high, wide = (opened(share(*pair(*size), "side-by-side").data) for size in ((64, 48), (48, 64)))
    assert (high.format, high.size, wide.size) == ("JPEG", (96, 64), (64, 96))
    pixels = np.asarray(high).astype(int)
    assert np.abs(pixels[:, :46] - 128).max() <= 3
    assert np.abs(pixels[:, 50:] - RED).max() <= 4
    pixels = np.asarray(wide).astype(int)
    assert np.abs(pixels[:46] - 128).max() <= 3
    assert np.abs(pixels[50:] - RED).max() <= 4


@pytest.mark.parametrize(("cut", "at"), [(0.25, 50), (0.5, 100), (0.75, 150)])
def test_a_split_picture_has_a_white_line_at_the_cut(cut: float, at: int) -> None:
    pixels = np.asarray(opened(share(*pair(60, 200), "split", cut=cut).data)).astype(int)
    assert pixels.shape == (60, 200, 3)
    assert np.abs(pixels[:, : at - 8] - 128).max() <= 3
    assert np.abs(pixels[:, at + 8 :] - RED).max() <= 4
    assert pixels[:, at - 1 : at + 1].min() > 180


@pytest.mark.parametrize(("cut", "color"), [(0, RED), (1, (128, 128, 128))])
def test_a_cut_at_an_edge_leaves_one_of_the_two(cut: float, color: tuple[int, int, int]) -> None:
    pixels = np.asarray(opened(share(*pair(60, 80), "split", cut=cut).data)).astype(int)
    assert np.abs(pixels - color).max() <= 4


@pytest.mark.parametrize("kind", ["webp", "gif"])
def test_a_moving_picture_goes_from_grey_to_colour_and_back(kind: str) -> None:
    picture = opened(share(*pair(48, 64), kind).data)  # type: ignore[arg-type]
    assert picture.format == kind.upper()
    assert picture.info["loop"] == 0
    colored, held = [], []
    for frame in ImageSequence.Iterator(picture):
        rgb = np.asarray(frame.convert("RGB")).astype(int)
        colored.append(float((np.abs(rgb - RED).max(axis=2) < 12).mean()))
        held.append(frame.info["duration"])
    top = colored.index(max(colored))
    # Lossy WebP leaves some pixels of the last step as they were.
    assert colored[0] == 0
    assert colored[top] > 0.95
    assert colored[: top + 1] == sorted(colored[: top + 1])
    assert colored[top:] == sorted(colored[top:], reverse=True)
    assert (held[0], held[top]) == (HOLD_MS, HOLD_MS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_photo_becomes_small_and_says_what_its_colours_are(kind: str) -> None:
    words = "Colours were inferred."
    made = share(*pair(1200, 1800), kind, exif=b"Exif\0\0", xmp=words.encode(), words=words)  # type: ignore[arg-type]
    picture = opened(made.data)
    assert max(picture.size) <= 2 * SIDES[kind]
    assert min(picture.size) >= SIDES[kind] * 2 // 3
    assert words.encode() in made.data
    assert made.type == f"image/{str(picture.format).lower()}"


def test_a_panorama_keeps_at_least_a_pixel() -> None:
    for kind in KINDS:
        assert min(opened(share(*pair(2, 3000), kind).data).size) >= 1
