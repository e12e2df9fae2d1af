"""`ColorizeRequest`: all that an interface may ask for one photo."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from typing import Any

from photochrom.engine.hints import hints_to_json
from photochrom.engine.options import Options
from photochrom.errors import OptionError

__all__ = ["ColorizeRequest"]


@dataclass(frozen=True, slots=True)
class ColorizeRequest:
    """What to do with one photo.

    Attributes
    ----------
    options
        How it looks.
    format
        The format to write, such as "PNG"; None keeps the photo's own where it can hold the result.
    jpeg_quality
        1 to 100; None keeps the photo's own quantization tables.
    force
        Colorize also what is in colour, or was colorized before.
    salvage
        Colorize what is left of a damaged photo.
    max_pixels
        The most pixels to open, of all pages together; None is the library's limit.
    """

    options: Options = field(default_factory=Options)
    format: str | None = None
    jpeg_quality: int | None = None
    force: bool = False
    salvage: bool = False
    max_pixels: int | None = None

    def __post_init__(self) -> None:
        if self.jpeg_quality is not None and not 1 <= self.jpeg_quality <= 100:
            raise OptionError("jpeg_quality", f"must be between 1 and 100, got {self.jpeg_quality}")

    def recorded(self, number: int, model: str) -> str:
        """What decides the pixels of candidate `number` (from 1), as JSON; written into the result.

        Parameters
        ----------
        model : the fingerprint of the model, see `photochrom.engine.model_info.ModelInfo`
        """
        values: dict[str, Any] = {"model": model}
        default = Options()
        for each in fields(Options):
            value = getattr(self.options, each.name)
            if value != getattr(default, each.name):
                values[each.name] = value
        if number == 1:
            # The first candidate is the same however many others there are.
            values.pop("candidates", None)
            values.pop("seed", None)
        if self.options.hints:
            values["hints"] = hints_to_json(self.options.hints)["hints"]
        if self.options.references:
            values["references"] = [reference.digest for reference in self.options.references]
        if self.jpeg_quality is not None:
            values["jpeg_quality"] = self.jpeg_quality
        return json.dumps(values, sort_keys=True, separators=(",", ":"))
