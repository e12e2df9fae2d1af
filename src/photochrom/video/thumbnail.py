"""Small pictures of a film's frames."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.video.probe import Film
from photochrom.video.read import Picture

__all__ = ["shown_size", "thumbnail", "turns", "upright"]


def thumbnail(
    picture: Picture, film: Film, size: tuple[int, int], *, grey: bool = False
) -> NDArray[np.uint8]:
    """A frame as it is stored, as a small picture.

    Parameters
    ----------
    size : width and height
    grey : leave its colours out

    Returns
    -------
    (h, w, 3) uint8 sRGB
    """
    held = film.range
    planes = [picture.luma] if grey or picture.chroma is None else [picture.luma, *picture.chroma]
    y, *chroma = (
        cv2.resize(np.ascontiguousarray(plane), size, interpolation=cv2.INTER_AREA) for plane in planes
    )
    luma = held.luma(y)
    cb, cr = (held.chroma(plane) for plane in chroma) if chroma else (np.zeros_like(luma),) * 2
    rgb = film.matrix.to_rgb(luma, cb, cr)
    return np.asarray(np.clip(rgb * 255 + 0.5, 0, 255), np.uint8)


def shown_size(film: Film, width: int) -> tuple[int, int]:
    """Width and height of a stored frame with square pixels, of which the upright picture is `width` wide."""
    aspect = film.width * float(film.aspect or 1) / film.height
    if turns(film) % 2:
        return max(1, round(width * aspect)), width
    return width, max(1, round(width / aspect))


def turns(film: Film) -> int:
    """By how many quarter turns, clockwise, a player turns the frames: 0 to 3."""
    if film.rotation is None:
        return 0
    # The matrix maps the stored to the shown picture; its first row is (cos, sin) of the angle.
    return round(math.degrees(math.atan2(film.rotation[1], film.rotation[0])) / 90) % 4


def upright(picture: NDArray[np.uint8], film: Film) -> NDArray[np.uint8]:
    """A stored frame as players show it."""
    return np.ascontiguousarray(np.rot90(picture, -turns(film)))
