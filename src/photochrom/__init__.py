"""Photochrom: colour for black-and-white photographs.

``photochrom.colorize(x)`` takes a path, the bytes of an image file, a PIL image or an array and gives back the same
kind in colour; ``photochrom.Colorizer`` keeps the model ready for many.
"""

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from photochrom._version import __version__

# Nothing of a family's photos goes anywhere: ONNX Runtime 1.31 would report its use to its maker, and leave a file in
# the temporary folder, unless told before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from photochrom.engine.colorizer import Colorizer

__all__ = ["Colorizer", "__version__", "colorize"]


def colorize(source: Any, **options: Any) -> Any:
    """Colorize one photograph with the default model; see `Colorizer.colorize` for arguments and errors."""
    return _default().colorize(source, **options)


@cache
def _default() -> "Colorizer":
    from photochrom.engine.colorizer import Colorizer

    return Colorizer()


def __getattr__(name: str) -> Any:
    # Lazy: the class pulls in OpenCV and ONNX Runtime, which `photochrom --help` does without.
    if name == "Colorizer":
        from photochrom.engine.colorizer import Colorizer

        return Colorizer
    raise AttributeError(f"module 'photochrom' has no attribute {name!r}")
