"""May a photo be colorized? One answer for every interface."""

from __future__ import annotations

from photochrom.errors import AlreadyColorError, Remedy
from photochrom.media import provenance
from photochrom.media.photo import Photo

__all__ = ["check_color"]


def check_color(photo: Photo) -> None:
    """Refuse a photo that is in colour already.

    Raises
    ------
    AlreadyColorError
        With the code "colorized" where its provenance says that its colours were inferred, else "in_color".
    """
    # Faint colours count as a tone, so the mark is asked first: `colorize *.jpg` lists our own results too.
    mark = provenance.read(photo)
    if mark is not None:
        what = f"was colorized before, by {mark.model}"
        raise AlreadyColorError(photo.name, what, Remedy.FORCE, code="colorized")
    if all(page.thumbnail is None for page in photo.pages):
        return  # All channels are equal. Most black-and-white photos need no look at their colours.
    from photochrom.engine.toning import reason

    why = reason(photo.pages)
    if why is not None:
        raise AlreadyColorError(photo.name, why, Remedy.FORCE)
