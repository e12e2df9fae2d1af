"""Photochrom: colour for black-and-white photographs.

``photochrom.colorize(x)`` takes a path, the bytes of an image file, a PIL image or an array and gives back the same
kind in colour. ``photochrom.Colorizer`` keeps the model ready for many. ``photochrom.colorize_film`` is for films.
`Options`, `Hint` and `open_reference` say what may be asked, and `photochrom.errors` what can go wrong.
"""

from __future__ import annotations

import importlib
import os
from functools import cache
from typing import TYPE_CHECKING, Any

from photochrom._version import __version__

# Nothing of a family's photos goes anywhere: ONNX Runtime 1.31 would report its use to its maker, and leave a file in
# the temporary folder, unless told before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from photochrom.engine.hints import Hint
    from photochrom.engine.options import Options
    from photochrom.errors import (
        AlreadyColorError,
        CheckpointError,
        ClusterError,
        ModelError,
        NameTakenError,
        OptionError,
        PhotochromError,
        PhotoError,
        RecipeError,
        TooLargeError,
        UnreadableError,
        UnsupportedError,
        WriteError,
    )
    from photochrom.jobs.film_python import colorize_film, colorize_frames
    from photochrom.pipeline.python import Colorizer, colorize
    from photochrom.pipeline.references import open_reference

_HOMES = {"Colorizer": "pipeline.python", "Hint": "engine.hints", "Options": "engine.options"}
_HOMES |= {"colorize": "pipeline.python", "open_reference": "pipeline.references"}
_HOMES |= {"colorize_film": "jobs.film_python", "colorize_frames": "jobs.film_python"}

__all__ = [
    "AlreadyColorError",
    "CheckpointError",
    "ClusterError",
    "Colorizer",
    "Hint",
    "ModelError",
    "NameTakenError",
    "OptionError",
    "Options",
    "PhotoError",
    "PhotochromError",
    "RecipeError",
    "TooLargeError",
    "UnreadableError",
    "UnsupportedError",
    "WriteError",
    "__version__",
    "colorize",
    "colorize_film",
    "colorize_frames",
    "open_reference",
]


@cache
def __getattr__(name: str) -> Any:
    # Lazy: most of it pulls in OpenCV and ONNX Runtime, which `photochrom --help` does without.
    if name not in __all__:
        raise AttributeError(f"module 'photochrom' has no attribute {name!r}")
    return getattr(importlib.import_module(f"photochrom.{_HOMES.get(name, 'errors')}"), name)
