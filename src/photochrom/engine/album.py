"""Find the photos on a scanned album page: the rectangles that do not have the colour of the card around them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Rectangle = tuple[int, int, int, int]
"""x, y, width and height, in pixels."""

TOLERANCE = 22
"""Card and paper differ from their median by this many levels of 255, because of uneven light, grain and JPEG."""
SMALLEST = 10
"""The shortest side of a photo, in pixels of the thumbnail; smaller spots are dirt and writing."""


@dataclass(frozen=True)
class Album:
    """A scanned page and the photos on it.

    Attributes
    ----------
    photos
        The rectangles that are not card, without their white borders. The list is empty if there is no card.
    card
        The colour of the card (3,); None if the picture is not surrounded by one colour.
    regular
        Whether the found regions fill their rectangles, as prints do. If a sky is mistaken for card, they do not.
    """

    photos: list[Rectangle]
    card: NDArray[np.uint8] | None = None
    regular: bool = False


def find_photos(rgb: NDArray[np.uint8]) -> Album:
    """Find the photos on a page (H, W, 3) uint8 sRGB of one colour."""
    card = _card(rgb)
    if card is None:
        return Album([])
    photos, filled = [], []
    for rectangle, area in _others(rgb, card):
        filled.append(area > 0.85 * rectangle[2] * rectangle[3])
        photos.append(_without_mount(rgb, rectangle))
    return Album(photos, card, all(filled))


def _without_mount(rgb: NDArray[np.uint8], rectangle: Rectangle) -> Rectangle:
    """The picture inside a print's white border. The white would count as a second tone beside sepia."""
    x, y, width, height = rectangle
    print_ = rgb[y : y + height, x : x + width]
    mount = _card(print_)
    inner = [] if mount is None else _others(print_, mount)
    if len(inner) != 1:
        return rectangle
    (u, v, inner_width, inner_height), _ = inner[0]
    if inner_width * inner_height < 0.4 * width * height:
        return rectangle
    return x + u, y + v, inner_width, inner_height


def _card(rgb: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The colour of the frame, if most of the outermost pixels have the same colour."""
    ring = np.concatenate([rgb[:2].reshape(-1, 3), rgb[-2:].reshape(-1, 3)])
    ring = np.concatenate([ring, rgb[:, :2].reshape(-1, 3), rgb[:, -2:].reshape(-1, 3)])
    card = np.median(ring, axis=0).astype(np.uint8)
    alike = np.abs(ring.astype(np.int16) - card).max(axis=1) <= TOLERANCE
    return card if alike.mean() >= 0.6 else None


def _others(rgb: NDArray[np.uint8], card: NDArray[np.uint8]) -> list[tuple[Rectangle, int]]:
    """The rectangles of what is not connected to the frame by the colour of the card, and the pixels of each."""
    low, high = card.astype(np.int16) - TOLERANCE, card.astype(np.int16) + TOLERANCE
    near = cv2.inRange(rgb, np.clip(low, 0, 255), np.clip(high, 0, 255))
    _, labels = cv2.connectedComponents(near, connectivity=4)
    frame = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    page = np.isin(labels, np.unique(frame[frame > 0]))
    if page.mean() < 0.08:
        return []
    rest = cv2.morphologyEx((~page).astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    _, _, boxes, _ = cv2.connectedComponentsWithStats(rest, connectivity=4)
    least = 0.002 * page.size
    return [
        ((int(x), int(y), int(width), int(height)), int(area))
        for x, y, width, height, area in boxes[1:]
        if min(width, height) >= SMALLEST and area >= least
    ]
