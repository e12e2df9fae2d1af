"""Names that clients give to their photos, made harmless wherever they appear."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

__all__ = ["clean_name", "portable_name"]

LONGEST = 120
JOINERS = "\u200c\u200d"
BARRED = re.compile(r'[<>:"|?*]')
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""Windows opens a device instead of a file of such a name."""


def clean_name(name: str | None) -> str:
    """The last part of the path that a client calls its file, without characters that cannot be seen.

    Letters of every script stay, and the joiners that some scripts need. Control characters and characters that turn
    the direction of writing are removed: they make a name look like another.
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
    """A clean name that every system takes as the name of a file, and that does not hide the file."""
    harmless = BARRED.sub("_", name)
    if DEVICES.match(harmless):
        harmless = f"_{harmless}"
    return harmless.lstrip(".") or "photo"
