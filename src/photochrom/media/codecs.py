"""Import imagecodecs. This package decodes the pictures that Pillow and tifffile cannot decode."""

from __future__ import annotations

from typing import Any

from photochrom.errors import Remedy
from photochrom.media.fault import Unsupported

__all__ = ["codecs"]


def codecs(what: str | None = None) -> Any:
    """The module `imagecodecs`; None if it is missing and `what` is None.

    Parameters
    ----------
    what : the thing that needs the module, for the error message

    Raises
    ------
    Unsupported
        If the module is missing and `what` is given.
    """
    try:
        import imagecodecs
    except ImportError as error:
        if what is None:
            return None
        raise Unsupported(f"{what} needs a further package", Remedy.INSTALL_CODECS, code="extra") from error
    return imagecodecs
