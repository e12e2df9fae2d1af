"""Make the file names that clients send safe to show and to store."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

__all__ = ["clean_name", "portable_name"]

LONGEST = 120
JOINERS = "\u200c\u200d"
BARRED = re.compile(r'[<>:"|?*]')
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""For such a name, Windows opens a device instead of a file."""


def clean_name(name: str | None) -> str:
    """The last part of the path that a client sends as file name, without invisible characters.

    Letters of every script stay, and so do the joiners that some scripts need. Control characters and characters that
    change the direction of writing are removed, because with them a name can look like another name.
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


def portable_name(name: str) -> str:
    """A clean name that is a valid file name on every system and does not make the file hidden."""
    harmless = BARRED.sub("_", name)
    if DEVICES.match(harmless):
        harmless = f"_{harmless}"
    return harmless.lstrip(".") or "photo"
