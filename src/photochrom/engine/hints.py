"""Hints: colours that the user knows at points of the photo, and how far each of them reaches.

`photochrom.engine.spread` spreads the difference between hint and prediction over the photo, so hints work with every
model. A network may have learned which pixels are similar; the default one has. A network that takes hints as input
(Zhang et al. 2017, arXiv:1705.02999) also receives them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from photochrom.color.lab import rgb_to_lab
from photochrom.engine.resize import Float

Reach = Literal["here", "thing", "like", "keep"]
"""How far a hint acts: under a brush, on the thing it lies on, on everything like it; or it keeps its thing."""

MOST_HINTS = 500
BRUSH = 0.03
"""The radius of a brush if none is given, as a share of the photo's mean side."""
LARGEST_BRUSH = 0.5
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
SIZE = 7 / 256
"""Side of a hint's square in the network's input, as a share of the photo's mean side."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A colour at a point, or a point whose automatic colour is kept.

    Attributes
    ----------
    x, y
        Position in the upright photo: share of the width from the left and of the height from the top, in [0, 1].
    color
        ``#rrggbb``, sRGB. Only its hue and chroma are used; the photo keeps its lightness. None if `reach` is "keep".
    reach
        "here" colours a disc. "thing" stops at the edges of the thing on which the hint lies. "like" also colours
        everything like it. "keep" holds the automatic colour of the thing, and no other hint changes it.
    radius
        Of the disc, as a share of the photo's mean side (the square root of width times height); only for "here".
        None means `BRUSH`.
    """

    x: float
    y: float
    color: str | None = None
    reach: Reach = "thing"
    radius: float | None = None

    def __post_init__(self) -> None:
        if not (0 <= self.x <= 1 and 0 <= self.y <= 1):
            raise ValueError(f"a hint's x and y must be between 0 and 1, got {self.x:g} and {self.y:g}")
        if self.reach not in get_args(Reach):
            raise ValueError(
                f"a hint's reach must be one of {', '.join(get_args(Reach))}, got {self.reach!r}"
            )
        if self.reach == "keep":
            if self.color is not None:
                raise ValueError("a hint that keeps its thing has no color")
        elif self.color is None or not COLOUR.fullmatch(self.color):
            raise ValueError(f"a hint's color must be written #rrggbb, got {self.color!r}")
        if self.radius is not None:
            if self.reach != "here":
                raise ValueError('only a hint with the reach "here" has a radius')
            if not 0 < self.radius <= LARGEST_BRUSH:
                raise ValueError(
                    f"a hint's radius must be above 0 and at most {LARGEST_BRUSH}, got {self.radius:g}"
                )

    @property
    def ab(self) -> Float:
        """``(2,)`` in Lab units; zeros if there is no colour."""
        color = self.color or "#000000"
        rgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        return np.asarray(rgb_to_lab(rgb)[1:], np.float32)

    @property
    def brush(self) -> float:
        """The radius of the disc, as a share of the photo's mean side."""
        return BRUSH if self.radius is None else self.radius


def parse_hints(data: Any) -> tuple[Hint, ...]:
    """Read hints from decoded JSON: ``{"hints": [{"x": 0.5, "y": 0.5, "color": "#a06040"}, ...]}`` or only the list.

    `photochrom.engine.hints_schema` describes the form.

    Raises
    ------
    ValueError
        If the data are not hints. The message is one sentence and names the number of the hint.
    """
    found = data.get("hints") if isinstance(data, dict) else data
    if not isinstance(found, list):
        raise ValueError('hints must be a list, or {"hints": [...]}')
    if len(found) > MOST_HINTS:
        raise ValueError(f"{len(found)} hints are too many; at most {MOST_HINTS} are taken")
    hints = []
    for number, each in enumerate(found, 1):
        try:
            hints.append(_parsed(each))
        except (ValueError, OverflowError) as error:  # an integer in JSON may be too large
            raise ValueError(f"hint {number}: {error}") from None
    return tuple(hints)


def hints_to_json(hints: Iterable[Hint]) -> dict[str, Any]:
    """Convert hints to the JSON that `parse_hints` reads. Only what a hint has is written."""
    return {
        "hints": [
            {name: value for name in FIELDS if (value := getattr(hint, name)) is not None} for hint in hints
        ]
    }


FIELDS = ("x", "y", "color", "reach", "radius")


def _parsed(data: Any) -> Hint:
    if not isinstance(data, dict) or not {"x", "y"} <= set(data) or not set(data) <= set(FIELDS):
        raise ValueError("must have x, y and color, and may have reach and radius, and nothing else")
    given = {name: value for name, value in data.items() if value is not None or name in ("x", "y")}
    numbers = [given[name] for name in ("x", "y", "radius") if name in given]
    if any(isinstance(value, bool) or not isinstance(value, (int, float)) for value in numbers):
        raise ValueError("x, y and radius must be numbers")
    reach = given.get("reach", "thing")
    if "color" not in given and reach != "keep":
        raise ValueError('must have x, y and color; only the reach "keep" has no color')
    color, radius = given.get("color"), given.get("radius")
    return Hint(
        float(given["x"]),
        float(given["y"]),
        None if color is None else str(color),
        reach if isinstance(reach, str) else str(reach),  # type: ignore[arg-type]  # checked by Hint
        None if radius is None else float(radius),
    )


def drawn(hints: Iterable[Hint], shape: tuple[int, int]) -> Float:
    """Draw the network's input ``(1, 3, H, W)``: a and b in Lab units, and a mask. Later hints cover earlier ones."""
    height, width = shape
    plane = np.zeros((1, 3, height, width), np.float32)
    side = max(1, round(SIZE * (height * width) ** 0.5))
    for hint in hints:
        if hint.color is None:
            continue
        # Squares are drawn whole, also at the border, because networks saw few partial squares in training.
        top = min(max(0, round(hint.y * height - side / 2)), max(0, height - side))
        left = min(max(0, round(hint.x * width - side / 2)), max(0, width - side))
        plane[0, :2, top : top + side, left : left + side] = hint.ab[:, None, None]
        plane[0, 2, top : top + side, left : left + side] = 1
    return plane
