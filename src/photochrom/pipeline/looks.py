"""Looks: named sets of options that a person can tell apart, and looks of a person's own in files.

A look sets the options that change colours as a whole. Options that are given beside a look count more than the look.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from photochrom.engine.options import Options
from photochrom.errors import OptionError
from photochrom.files import words_of

__all__ = ["LOOKS", "VERSION", "Look", "find_look", "look_values", "parse_look"]

VERSION = 1
"""The version of the files of looks. It changes when an option of theirs changes its meaning."""
MOST_BYTES = 10_000


@dataclass(frozen=True, slots=True)
class Look:
    """A set of options. See `photochrom.Options` for each of them.

    Raises
    ------
    OptionError
        If a value is out of range.
    """

    strength: float = 1.0
    colorfulness: float = 1.0
    warmth: float = 0.0

    def __post_init__(self) -> None:
        Options(**asdict(self))

    def to_json(self) -> dict[str, Any]:
        """What a file of this look holds; `parse_look` reads it."""
        return {"version": VERSION, **asdict(self)}


LOOKS: Mapping[str, Look] = {
    "natural": Look(),
    "fuller": Look(strength=1.25, colorfulness=1.4),
    "softer": Look(strength=0.6),
    "warmer": Look(strength=1.1, warmth=0.8),
    "cooler": Look(warmth=-0.8),
    # The plates of the Lumière brothers (1907): soft colours, and an amber tone over the whole picture.
    "autochrome": Look(strength=0.7, colorfulness=0.6, warmth=1.0),
}
"""The looks that come with the package; "natural" is the automatic result."""


def find_look(given: str) -> Look:
    """The look with that name, or the look in the TOML or JSON file at that path.

    Raises
    ------
    OptionError
        If there is no such look or file, or it is no look of this version.
    """
    if given in LOOKS:
        return LOOKS[given]
    path = Path(given)
    if path.suffix.lower() not in (".toml", ".json"):
        known = ", ".join(LOOKS)
        raise OptionError(
            f"look {given!r}", f"is not known; choose from {known}, or give a .toml or .json file"
        )
    try:
        with path.open("rb") as file:
            # utf-8-sig accepts a byte order mark, which some editors write.
            text = file.read(MOST_BYTES).decode("utf-8-sig")
        data = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except OSError as error:
        raise OptionError(f"look {given}", f"cannot be read ({words_of(error)})") from None
    except (ValueError, RecursionError):  # the first is the base class of what both parsers raise
        raise OptionError(f"look {given}", f"is not a {path.suffix[1:].upper()} file") from None
    return parse_look(data, f"look {given}")


def parse_look(data: Any, name: str = "look") -> Look:
    """The look in a decoded document, such as ``{"version": 1, "strength": 1.2}``.

    Parameters
    ----------
    name : what an error calls it

    Raises
    ------
    OptionError
    """
    if not isinstance(data, dict):
        raise OptionError(name, 'must be a table such as {"version": 1, "strength": 1.2}')
    version = data.get("version")
    if version != VERSION or isinstance(version, bool):
        what = "has no version" if version is None else f"is of version {version!s:.20}"
        raise OptionError(name, f"{what}, and this program reads version {VERSION}")
    known = {each.name for each in fields(Look)}
    values = {key: value for key, value in data.items() if key != "version"}
    for key, value in values.items():
        if key not in known:
            raise OptionError(
                name, f"has {key!r:.40}, which no look has; known are {', '.join(sorted(known))}"
            )
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise OptionError(name, f"has a {key} that is not a number")
    try:
        return Look(**values)
    except OptionError as error:
        raise OptionError(name, f"has a wrong value: {error.sentence()}") from None


def look_values(look: str | None, **given: Any) -> dict[str, Any]:
    """The options of a look, with those that are given beside it in their place.

    Parameters
    ----------
    look : as `find_look`; None for no look
    given : options by name; None counts as left out

    Raises
    ------
    OptionError
        As `find_look`.
    """
    values = {} if look is None else asdict(find_look(look))
    return {**values, **{name: value for name, value in given.items() if value is not None}}
