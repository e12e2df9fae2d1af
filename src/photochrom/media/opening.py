"""The input of a format's reader."""

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
        The photo that the reader fills.
    check
        The reader calls it with the width and height of each page before it decodes anything.
    salvage
        Whether an incomplete picture may be opened.
    """

    file: BinaryIO
    photo: Photo
    check: Callable[[int, int], None]
    salvage: bool = False
