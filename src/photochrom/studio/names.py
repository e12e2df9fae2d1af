"""Names of results, in headers and in archives."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

__all__ = ["disposition", "unique"]


def disposition(name: str) -> str:
    """A Content-Disposition header that saves a file as `name` (RFC 6266): plain ASCII first, all of it second."""
    plain = re.sub(r'[^ -~]|["\\%]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def unique(names: Iterable[str]) -> list[str]:
    """`names`, with a number where the same name came before; names that differ in case alone are the same."""
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
