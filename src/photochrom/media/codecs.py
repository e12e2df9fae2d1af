"""The package imagecodecs, which decodes what Pillow and tifffile do not."""

from __future__ import annotations

from typing import Any

from photochrom.errors import Remedy
from photochrom.media.fault import Unsupported

__all__ = ["codecs"]


def codecs(what: str | None = None) -> Any:
    """The module `imagecodecs`; None where it is missing and `what` is None.

    Parameters
    ----------
    what : what needs it, for the sentence of the error

    Raises
    ------
    Unsupported
        Where it is missing.
    """
    try:
        import imagecodecs
    except ImportError as error:
        if what is None:
            return None
        raise Unsupported(f"{what} needs a further package", Remedy.INSTALL_CODECS, code="extra") from error
    return imagecodecs
