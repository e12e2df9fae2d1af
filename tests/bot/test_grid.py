"""Squares on a picture, and the places that they stand for."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom.bot.grid import EXAMPLE, SMALLEST, WHOLE, Grid, Window, draw_grid

LANDSCAPE, PORTRAIT = Grid.over(WHOLE, (90, 60)), Grid.over(WHOLE, (60, 90))


def test_there_are_more_squares_along_the_longer_side() -> None:
    assert (LANDSCAPE.cells()[0][0], LANDSCAPE.cells()[-1][-1]) == ("A1", "H6")
    assert (PORTRAIT.cells()[0][0], PORTRAIT.cells()[-1][-1]) == ("A1", "F8")
    assert LANDSCAPE.find(EXAMPLE) == PORTRAIT.find(EXAMPLE) == EXAMPLE
    # A tall part of a wide photo is tall.
    assert Grid.over(Window(0.5, 0, 0.6, 1), (90, 60)).columns == 6


@pytest.mark.parametrize(
    ("words", "cell"), [("c4", "C4"), (" H 6 ", "H6"), ("H7", None), ("I1", None), ("C", None)]
)
def test_a_square_is_found_by_its_name(words: str, cell: str | None) -> None:
    assert LANDSCAPE.find(words) == cell


def test_the_middle_of_a_square() -> None:
    assert LANDSCAPE.center("A1") == pytest.approx((1 / 16, 1 / 12), abs=1e-4)
    assert LANDSCAPE.center("H6") == pytest.approx((15 / 16, 11 / 12), abs=1e-4)
    part = Grid.over(Window(0.5, 0, 1, 0.5), (90, 60))
    assert part.center("A1") == pytest.approx((0.5 + 1 / 32, 1 / 24), abs=1e-4)


def test_pointing_more_finely_keeps_the_place_and_stays_in_the_photo() -> None:
    window = LANDSCAPE.around("A1")
    assert window is not None
    assert (window.left, window.top) == (0, 0)
    assert (window.right, window.bottom) == pytest.approx((3 / 8, 3 / 6))
    window = WHOLE
    for _ in range(9):
        grid = Grid.over(window, (90, 60))
        cell = grid.cells()[-1][-1]
        x, y = grid.center(cell)
        finer = grid.around(cell)
        if finer is None:
            break
        window = finer
        assert 0 <= window.left <= x <= window.right <= 1 + 1e-9
        assert 0 <= window.top <= y <= window.bottom <= 1 + 1e-9
        assert min(window.right - window.left, window.bottom - window.top) >= SMALLEST
    else:
        raise AssertionError("it ends")


def test_the_picture_has_the_photo_the_lines_and_the_colours(pictures: Any) -> None:
    flat = np.full((600, 900, 3), (90, 60, 200), np.uint8)
    grid, data = draw_grid(pictures.jpeg(flat))
    assert (grid.columns, grid.rows) == (8, 6)
    drawn = np.asarray(Image.open(io.BytesIO(data))).astype(int)
    assert drawn.shape == (round(1120 * 600 / 900) + 64, 1120, 3)
    assert np.abs(drawn[80, 80] - (90, 60, 200)).max() < 12, "inside a square"
    assert drawn[60, 140].min() > 180, "on the first line between columns"
    assert np.abs(drawn[-60, 5] - (0xE8, 0xC4, 0xAE)).max() < 12, "the first colour of the strip"


def test_a_window_shows_its_part(pictures: Any) -> None:
    halves = np.zeros((60, 90, 3), np.uint8)
    halves[:, 45:] = (200, 40, 40)
    _, data = draw_grid(pictures.jpeg(halves), Window(0.6, 0.2, 0.9, 0.6))
    drawn = np.asarray(Image.open(io.BytesIO(data))).astype(int)
    assert np.abs(drawn[80, 80] - (200, 40, 40)).max() < 20


def test_what_is_no_picture_is_an_error() -> None:
    with pytest.raises(OSError, match="cannot identify"):
        draw_grid(b"no picture")
