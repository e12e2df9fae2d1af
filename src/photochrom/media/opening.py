"""What a reader of a format is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from photochrom.media.model import Photo

__all__ = ["Opening"]


@dataclass(frozen=True, slots=True)
class Opening:
    """One file that is being opened.

    Attributes
    ----------
    photo
        What a reader fills.
    check
        To be called with the width and height of each page before anything is decoded.
    salvage
        Whether a picture of which a part is missing may be opened.
    """

    file: BinaryIO
    photo: Photo
    check: Callable[[int, int], None]
    salvage: bool = False
