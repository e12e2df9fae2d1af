"""What a bulk run asks of every photo, and of one row of a manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from photochrom.engine.hints import parse_hints
from photochrom.engine.options import Options
from photochrom.errors import OptionError, Remedy
from photochrom.jobs.bulk_store import Root
from photochrom.media import formats
from photochrom.pipeline.request import ColorizeRequest

__all__ = ["BulkRequest", "request_of", "row_key"]

_OF_OPTIONS = frozenset(Options.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class BulkRequest:
    """What a run asks of every photo. It is sent to all workers.

    Attributes
    ----------
    target
        Where results go.
    request
        The options; a row of a manifest may have others.
    overwrite, comparisons
        As in `photochrom.pipeline.file_job.FileJob`.
    remedies
        The interface's own words for remedies; see `PhotochromError.sentence`.
    endpoint
        The address of an S3-compatible store that the photos are read from.
    fresh
        Whether the target was empty when the run started. Then no photo's result is looked for before it is made.
    """

    target: Root
    request: ColorizeRequest = field(default_factory=ColorizeRequest)
    overwrite: bool = False
    comparisons: bool = False
    remedies: Mapping[Remedy, str] = field(default_factory=dict)
    endpoint: str | None = None
    fresh: bool = False


def request_of(base: ColorizeRequest, options: str) -> ColorizeRequest:
    """The request of one row.

    Parameters
    ----------
    options : JSON of the row's own options; empty if it has none

    Raises
    ------
    OptionError
        If one of them is out of range or of the wrong kind.
    """
    if not options:
        return base
    given: dict[str, Any] = json.loads(options)
    try:
        if "hints" in given:
            hints = given["hints"]
            given["hints"] = parse_hints(json.loads(hints) if isinstance(hints, str) else hints)
        if "format" in given:
            given["format"] = _format(str(given["format"]))
        looks = {key: value for key, value in given.items() if key in _OF_OPTIONS}
        others = {key: value for key, value in given.items() if key not in _OF_OPTIONS}
        return replace(base, options=replace(base.options, **looks), **others)
    except OptionError:
        raise
    except (TypeError, ValueError) as error:
        raise OptionError("", f"the row's options cannot be used: {error}") from None


def _format(name: str) -> str:
    found = formats.by_name(name)
    if found is None or not found.writes:
        raise OptionError("format", f"cannot be {name}, which is not written")
    return found.name


def row_key(request: ColorizeRequest, fingerprint: str, *, comparisons: bool) -> str:
    """Sixteen hexadecimal digits that stand for the options and the model of a row."""
    recorded = [request.recorded(number, fingerprint) for number in range(1, request.options.candidates + 1)]
    said = json.dumps([recorded, request.format, comparisons])
    return hashlib.sha256(said.encode()).hexdigest()[:16]
