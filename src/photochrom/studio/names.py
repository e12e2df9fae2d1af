"""Names that clients give: harmless wherever they appear, and as they were where that is possible."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import quote

__all__ = ["clean", "disposition", "result_name", "unique"]

LONGEST = 120
JOINERS = "\u200c\u200d"
BARRED = re.compile(r'[<>:"|?*]')
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""Windows opens a device instead of a file of such a name."""


def clean(name: str | None) -> str:
    """The last part of a path that a client calls its file, without what cannot be seen.

    Letters of every script stay, and the joiners that some need. Control characters and those that turn the
    direction of writing go: they make a name look like another.
    """
    last = unicodedata.normalize("NFC", re.split(r"[/\\]", name or "")[-1])
    spaced = "".join(" " if unicodedata.category(c)[0] == "Z" else c for c in last)
    seen = "".join(c for c in spaced if unicodedata.category(c)[0] != "C" or c in JOINERS).strip(" ")
    if not seen.strip("."):
        return "photo"
    if len(seen) > LONGEST:
        suffix = PurePosixPath(seen).suffix[:16]
        seen = seen[: LONGEST - len(suffix)] + suffix
    return seen


def result_name(name: str, extension: str, candidate: int | None = None) -> str:
    """What ``photochrom colorize`` calls the result of a photo; `candidate` counts from 0 where there are several."""
    number = "" if candidate is None else f".{candidate + 1}"
    stem = BARRED.sub("_", PurePosixPath(name).stem)
    if DEVICES.match(stem):
        stem = f"_{stem}"
    # Who unpacks into a folder must not find hidden files there.
    return f"{stem.lstrip('.') or 'photo'}.color{number}{extension}"


def disposition(name: str) -> str:
    """A Content-Disposition header that saves a file as `name` (RFC 6266): plain ASCII first, all of it second."""
    plain = re.sub(r'[^ -~]|["\\%]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def unique(names: Iterable[str]) -> list[str]:
    """`names` with numbers where one was there before, also where only the case differs."""
    taken: set[str] = set()
    found = []
    for name in names:
        stem, dot, rest = name.partition(".color")
        number, free = 1, name
        while free.casefold() in taken:
            number += 1
            free = f"{stem} ({number}){dot}{rest}"
        taken.add(free.casefold())
        found.append(free)
    return found
