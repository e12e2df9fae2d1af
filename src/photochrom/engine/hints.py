"""Hints: colours that the user knows, at points of the photo, and how the rest follows them.

A net that was trained with hints takes them as its input (Zhang et al. 2017, arXiv:1705.02999). What then still lies
off at the points is spread by Gaussian process regression of that rest (Rasmussen and Williams 2006, chapter 2): near
places of like luma and like predicted colour follow, others stay as predicted. So a hint is met with every model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import rgb_to_lab
from photochrom.engine.resize import Float, as_float

MOST_HINTS = 500
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
SIZE = 7 / 256
"""Side of the square that a hint stands for in the net's input, as a share of the photo's mean side."""
REACH, LIKE_LUMA, LIKE_COLOUR = 0.2, 0.15, 10.0
"""One standard deviation of the kernel: share of the photo's mean side, luma in [0, 1], ab in Lab units."""
NOISE = 0.02
"""Variance of a hint against 1 of what it corrects: two that contradict each other at one place meet in the middle."""
CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class Hint:
    """A colour at a point.

    Attributes
    ----------
    x, y
        Shares of the upright photo's width from the left and height from the top, in [0, 1].
    color
        ``#rrggbb``, sRGB. Its hue and chroma count; the lightness stays the photo's own.
    """

    x: float
    y: float
    color: str

    def __post_init__(self) -> None:
        if not (0 <= self.x <= 1 and 0 <= self.y <= 1):
            raise ValueError(f"a hint's x and y must be between 0 and 1, got {self.x:g} and {self.y:g}")
        if not COLOUR.fullmatch(self.color):
            raise ValueError(f"a hint's color must be written #rrggbb, got {self.color!r}")

    @property
    def ab(self) -> Float:
        """``(2,)`` in Lab units."""
        rgb = np.array([int(self.color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        return np.asarray(rgb_to_lab(rgb)[1:], np.float32)


def parse_hints(data: Any) -> tuple[Hint, ...]:
    """Hints from what JSON holds: ``{"hints": [{"x": 0.5, "y": 0.5, "color": "#a06040"}, ...]}`` or the bare list.

    Raises
    ------
    ValueError
        In one sentence, with the number of the hint.
    """
    found = data.get("hints") if isinstance(data, dict) else data
    if not isinstance(found, list):
        raise ValueError('hints must be a list, or {"hints": [...]}')
    if len(found) > MOST_HINTS:
        raise ValueError(f"{len(found)} hints are too many; at most {MOST_HINTS} are taken")
    hints = []
    for number, each in enumerate(found, 1):
        if not isinstance(each, dict) or set(each) != {"x", "y", "color"}:
            raise ValueError(f"hint {number}: must have x, y and color, and nothing else")
        x, y, color = each["x"], each["y"], each["color"]
        if any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in (x, y)):
            raise ValueError(f"hint {number}: x and y must be numbers")
        try:
            hints.append(Hint(float(x), float(y), str(color)))
        except (ValueError, OverflowError) as error:  # JSON's integers may be larger than any float
            raise ValueError(f"hint {number}: {error}") from None
    return tuple(hints)


def hints_to_json(hints: Iterable[Hint]) -> dict[str, Any]:
    """What `parse_hints` reads."""
    return {"hints": [asdict(hint) for hint in hints]}


def drawn(hints: Iterable[Hint], shape: tuple[int, int]) -> Float:
    """The net's input ``(1, 3, H, W)``: a and b in Lab units and a mask; a later hint covers an earlier one."""
    height, width = shape
    plane = np.zeros((1, 3, height, width), np.float32)
    side = max(1, round(SIZE * (height * width) ** 0.5))
    for hint in hints:
        # Whole squares, also at the border: half a square is what nets have seen less of.
        top = min(max(0, round(hint.y * height - side / 2)), max(0, height - side))
        left = min(max(0, round(hint.x * width - side / 2)), max(0, width - side))
        plane[0, :2, top : top + side, left : left + side] = hint.ab[:, None, None]
        plane[0, 2, top : top + side, left : left + side] = 1
    return plane


def following(ab: Float, luma: Float, hints: tuple[Hint, ...]) -> Float:
    """Colours that meet the hints.

    Parameters
    ----------
    ab : (h, w, 2) as predicted, Lab units
    luma : (h, w) of the photo at that size, in [0, 1]

    Returns
    -------
    (h, w, 2)
    """
    if not hints:
        return ab
    height, width = luma.shape
    rows, columns = (np.arange(n, dtype=np.float32) + 0.5 for n in (height, width))
    unit = (height * width) ** 0.5 * REACH
    places = np.stack(
        [
            np.broadcast_to(rows[:, None] / unit, luma.shape),
            np.broadcast_to(columns / unit, luma.shape),
            luma / LIKE_LUMA,
            ab[..., 0] / LIKE_COLOUR,
            ab[..., 1] / LIKE_COLOUR,
        ],
        axis=-1,
    ).reshape(-1, 5)
    at = np.array(
        [min(int(h.y * height), height - 1) * width + min(int(h.x * width), width - 1) for h in hints]
    )
    rest = np.stack([hint.ab for hint in hints]) - ab.reshape(-1, 2)[at]
    among = _kernel(places[at], places[at]) + NOISE * np.eye(len(at))
    weights = np.linalg.solve(among, rest)
    # In parts: 500 hints at 256 x 256 would take half a gigabyte at once.
    parts = np.array_split(places, -(-len(places) * len(at) // CELLS_AT_ONCE))
    moved = np.concatenate([_kernel(part, places[at]) @ weights for part in parts])
    return as_float(ab + moved.reshape(ab.shape))


def _kernel(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2 * first @ second.T
    return np.asarray(np.exp(-0.5 * np.maximum(squares, 0)), np.float64)
