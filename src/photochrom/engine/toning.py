"""Decide whether a photo is black and white, toned (sepia, cyanotype, faded) or in real colour.

Toned, stained and faded prints count as black and white. Hand-tinted prints count as in colour. docs/in-color.md gives
the error rates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import rgb_to_lab
from photochrom.engine.album import Album, find_photos
from photochrom.engine.evidence import measure, shrink
from photochrom.media.model import Page

Kind = Literal["grey", "toned", "colour"]

_GREY = 3.0
"""In a grey picture, 95 % of the pixels have a smaller chroma, in Lab units."""
_CARD_HUE = np.deg2rad(75.0)
"""The hue of brown card and yellowed paper, in the plane of a and b."""


@dataclass(frozen=True)
class Coloring:
    """The kind of a page, the number of photos found on it, and the number of those in colour."""

    kind: Kind
    photos: int = 1
    colored: int = 0


def judge(thumbnail: NDArray[np.uint8] | None) -> Coloring:
    """Judge a small sRGB picture ``(h, w, 3)``, at best of 256 pixels; None means that all channels were equal.

    A page with several photos is in colour if one of them is.
    """
    if thumbnail is None or thumbnail.size == 0:
        return Coloring("grey")
    album = find_photos(thumbnail)
    found = pictures(thumbnail, album)
    colored = sum(measure(picture).score > 0 for picture in found)
    if colored:
        # If the regions do not look like prints, the user gets no count of photos.
        return Coloring("colour", len(found), colored) if album.regular else Coloring("colour", 1, 1)
    return Coloring("grey" if all(map(_is_grey, found)) else "toned", len(found) if album.regular else 1)


def kind_of(thumbnail: NDArray[np.uint8] | None) -> Kind:
    """The kind that `judge` finds."""
    return judge(thumbnail).kind


def is_colored(page: Page) -> bool:
    """Whether a page, or one photo on it, is already in real colour (toned prints are not)."""
    return kind_of(page.thumbnail) == "colour"


def reason(pages: Iterable[Page]) -> str | None:
    """The reason not to colorize a photo, as the words after its name; None if no page is in colour."""
    for page in pages:
        found = judge(page.thumbnail)
        if found.kind == "colour" and found.colored < found.photos:
            return f"is in colour in part already ({found.colored} of {found.photos} photos on the page)"
        if found.kind == "colour":
            return "is in colour already"
    return None


def pictures(rgb: NDArray[np.uint8], album: Album) -> list[NDArray[np.uint8]]:
    """The photos on a page (h, w, 3), or the page itself if it is one photo."""
    if album.card is None or not album.photos:
        return [rgb]
    _, a, b = rgb_to_lab(album.card.astype(np.float32)[None] / 255)[0]
    hue = abs(np.angle(np.exp(1j * (np.arctan2(b, a) - _CARD_HUE))))
    # A sky or a wall can be mistaken for card. Real card is white, black, grey, brown or yellow.
    if np.hypot(a, b) > 12 and hue > np.deg2rad(30):
        return [rgb]
    return [rgb[y : y + height, x : x + width] for x, y, width, height in album.photos]


def _is_grey(rgb: NDArray[np.uint8]) -> bool:
    small = shrink(np.asarray(rgb / 255, np.float32), 64)
    ab = np.asarray(rgb_to_lab(small))[..., 1:]
    return bool(np.percentile(np.hypot(ab[..., 0], ab[..., 1]), 95) < _GREY)
