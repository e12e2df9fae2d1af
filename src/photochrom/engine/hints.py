"""Hints: colours that the user knows at points of the photo, and their effect on the other pixels.

`photochrom.color.propagation` spreads the difference between hint and prediction over the photo. Similar pixels take
the change, and other pixels keep their predicted colour. So hints work with every model. A network may have learned
which pixels are similar; the default one has. A network that takes hints as input (Zhang et al. 2017,
arXiv:1705.02999) also receives them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from photochrom.color.lab import rgb_to_lab
from photochrom.color.propagation import propagated
from photochrom.engine.resize import Float, as_float

MOST_HINTS = 500
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
SIZE = 7 / 256
"""Side of a hint's square in the network's input, as a share of the photo's mean side."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A colour at a point.

    Attributes
    ----------
    x, y
        Position in the upright photo: share of the width from the left and of the height from the top, in [0, 1].
    color
        ``#rrggbb``, sRGB. Only its hue and chroma are used; the photo keeps its lightness.
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
    """Read hints from decoded JSON: ``{"hints": [{"x": 0.5, "y": 0.5, "color": "#a06040"}, ...]}`` or only the list.

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
        if not isinstance(each, dict) or set(each) != {"x", "y", "color"}:
            raise ValueError(f"hint {number}: must have x, y and color, and nothing else")
        x, y, color = each["x"], each["y"], each["color"]
        if any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in (x, y)):
            raise ValueError(f"hint {number}: x and y must be numbers")
        try:
            hints.append(Hint(float(x), float(y), str(color)))
        except (ValueError, OverflowError) as error:  # an integer in JSON may be too large
            raise ValueError(f"hint {number}: {error}") from None
    return tuple(hints)


def hints_to_json(hints: Iterable[Hint]) -> dict[str, Any]:
    """Convert hints to the JSON that `parse_hints` reads."""
    return {"hints": [asdict(hint) for hint in hints]}


def drawn(hints: Iterable[Hint], shape: tuple[int, int]) -> Float:
    """Draw the network's input ``(1, 3, H, W)``: a and b in Lab units, and a mask. Later hints cover earlier ones."""
    height, width = shape
    plane = np.zeros((1, 3, height, width), np.float32)
    side = max(1, round(SIZE * (height * width) ** 0.5))
    for hint in hints:
        # Squares are drawn whole, also at the border, because networks saw few partial squares in training.
        top = min(max(0, round(hint.y * height - side / 2)), max(0, height - side))
        left = min(max(0, round(hint.x * width - side / 2)), max(0, width - side))
        plane[0, :2, top : top + side, left : left + side] = hint.ab[:, None, None]
        plane[0, 2, top : top + side, left : left + side] = 1
    return plane


def apply_hints(ab: Float, luma: Float, hints: tuple[Hint, ...], affinity: Float | None = None) -> Float:
    """Change predicted colours so that they agree with the hints.

    Parameters
    ----------
    ab : (h, w, 2) predicted colours in Lab units
    luma : (h, w) luma of the photo at the same size, in [0, 1]
    affinity : (h, w, P + 1) coordinates and amplitude that the network predicts, or None

    Returns
    -------
    (h, w, 2)
    """
    if not hints:
        return ab
    height, width = luma.shape
    predicted, learned = (None if x is None else x.transpose(2, 0, 1)[None] for x in (ab, affinity))
    at = np.array(
        [min(int(h.y * height), height - 1) * width + min(int(h.x * width), width - 1) for h in hints]
    )
    known = np.stack([hint.ab for hint in hints])[None]
    moved = propagated(predicted, luma[None, None], at[None], known, learned)
    return as_float(moved[0].transpose(1, 2, 0))
