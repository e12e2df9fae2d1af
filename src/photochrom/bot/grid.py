"""`Grid`: named squares on a picture, so that a person in a chat can point at a place of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from photochrom.pipeline.swatches import SWATCHES

__all__ = ["CELL", "EXAMPLE", "WHOLE", "Grid", "Window", "draw_grid"]

LONG, SHORT = 8, 6
"""Squares along the longer and the shorter side."""
SIDE = 1120
"""The longer side of the drawn picture, in pixels."""
SMALLEST = 0.05
"""A window is at least so wide and high, as a share of the photo. Nobody points more finely on a phone."""
MOST_SIDE = 10_000
"""A picture that Telegram shows has fewer pixels a side."""
CELL = re.compile(r"\s*([A-Ha-h])\s*([1-8])\s*")
"""How a person writes the name of a square."""
EXAMPLE = "C4"
"""A square that every grid has."""
LINE, INK, EDGE = (255, 255, 255), (255, 255, 255), (0, 0, 0)
DOT = 5
STRIP = 64
"""The height of the strip of colours under the picture, in pixels."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the upright photo, as shares of its width and height."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0


WHOLE = Window()


@dataclass(frozen=True, slots=True)
class Grid:
    """Squares over a window of a photo: columns A, B, ... and rows 1, 2, ..."""

    window: Window
    columns: int
    rows: int

    @classmethod
    def over(cls, window: Window, size: tuple[int, int]) -> Grid:
        """The grid for a window of a photo of `size` (width, height)."""
        wide = (window.right - window.left) * size[0] >= (window.bottom - window.top) * size[1]
        return cls(window, LONG, SHORT) if wide else cls(window, SHORT, LONG)

    def cells(self) -> list[list[str]]:
        """The names of the squares, row by row."""
        return [[f"{chr(65 + x)}{y + 1}" for x in range(self.columns)] for y in range(self.rows)]

    def find(self, words: str) -> str | None:
        """The name of the square that a person writes, such as "c 4"; None if there is no such square."""
        found = CELL.fullmatch(words)
        if found is None:
            return None
        name = found[1].upper() + found[2]
        return name if any(name in row for row in self.cells()) else None

    def center(self, cell: str) -> tuple[float, float]:
        """The middle of a square in the photo: x and y as in `photochrom.Hint`, to four places."""
        column, row = ord(cell[0]) - ord("A"), int(cell[1:]) - 1
        width, height = self._side()
        x, y = self.window.left + (column + 0.5) * width, self.window.top + (row + 0.5) * height
        return round(x, 4), round(y, 4)

    def around(self, cell: str) -> Window | None:
        """A square and its neighbours, as a window to point more finely; None if that would be tiny."""
        x, y = self.center(cell)
        width, height = (3 * side for side in self._side())
        if min(width, height) < SMALLEST:
            return None
        left, top = min(max(0.0, x - width / 2), 1 - width), min(max(0.0, y - height / 2), 1 - height)
        return Window(left, top, left + width, top + height)

    def _side(self) -> tuple[float, float]:
        """The width and height of a square, as shares of the photo."""
        width, height = self.window.right - self.window.left, self.window.bottom - self.window.top
        return width / self.columns, height / self.rows


def draw_grid(data: bytes, window: Window = WHOLE) -> tuple[Grid, bytes]:
    """Draw a grid and a strip of numbered colours on a picture.

    Parameters
    ----------
    data : a view of a result, as Telegram keeps it

    Returns
    -------
    The grid, and the picture as a JPEG.

    Raises
    ------
    OSError, ValueError
        If `data` is no picture that Telegram shows.
    """
    with Image.open(BytesIO(data), formats=["JPEG", "PNG", "WEBP"]) as opened:
        if max(opened.size) > MOST_SIDE:
            raise ValueError("the picture is larger than Telegram shows")
        picture = opened.convert("RGB")
    grid = Grid.over(window, picture.size)
    width, height = picture.size
    box = window.left * width, window.top * height, window.right * width, window.bottom * height
    scale = SIDE / max(box[2] - box[0], box[3] - box[1])
    size = max(1, round((box[2] - box[0]) * scale)), max(1, round((box[3] - box[1]) * scale))
    part = picture.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
    sheet = Image.new("RGB", (size[0], size[1] + STRIP))
    sheet.paste(part, (0, 0))
    _draw_squares(sheet, grid, size)
    _draw_colors(sheet, size)
    out = BytesIO()
    sheet.save(out, "JPEG", quality=88)
    return grid, out.getvalue()


def _draw_squares(sheet: Image.Image, grid: Grid, size: tuple[int, int]) -> None:
    pen = ImageDraw.Draw(sheet)
    width, height = size[0] / grid.columns, size[1] / grid.rows
    for x in range(1, grid.columns):
        pen.line([(x * width, 0), (x * width, size[1])], fill=LINE, width=2)
    for y in range(1, grid.rows):
        pen.line([(0, y * height), (size[0], y * height)], fill=LINE, width=2)
    font = ImageFont.load_default(max(10.0, min(26, 0.3 * min(width, height))))
    for y, row in enumerate(grid.cells()):
        for x, name in enumerate(row):
            at = x * width + 5, y * height + 3
            pen.text(at, name, fill=INK, font=font, stroke_width=2, stroke_fill=EDGE)
            # The place at which a colour is set.
            pen.circle(((x + 0.5) * width, (y + 0.5) * height), DOT, fill=INK, outline=EDGE, width=2)


def _draw_colors(sheet: Image.Image, size: tuple[int, int]) -> None:
    """The colours of the palette in its order, each with the number that its button has."""
    pen = ImageDraw.Draw(sheet)
    colors = [color for group in SWATCHES.values() for color in group]
    width = size[0] / len(colors)
    font = ImageFont.load_default(max(10.0, min(24, 0.45 * width)))
    for index, color in enumerate(colors):
        left = index * width
        pen.rectangle([left, size[1], left + width, size[1] + STRIP], fill=color)
        middle = left + width / 2, size[1] + STRIP / 2
        pen.text(middle, str(index + 1), fill=INK, font=font, anchor="mm", stroke_width=2, stroke_fill=EDGE)
