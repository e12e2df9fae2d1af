"""`Origin`: which file a photo came from, so that its result can be recognised later."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

__all__ = ["Origin", "place_of"]


@dataclass(slots=True)
class Origin:
    """The file of a photo: its name, its place and its content.

    Attributes
    ----------
    name
        The file's name without folders; empty for an array.
    place
        A digest of the file's full path; empty for what has no path. The path itself would tell about its owner.
    """

    name: str = ""
    place: str = ""
    _source: Path | bytes | BinaryIO | None = field(default=None, repr=False)
    _digest: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, source: str | Path | bytes | BinaryIO, name: str = "", *, place: str = "") -> Origin:
        """The origin of a path, of the bytes of a file, or of a file opened for reading.

        Parameters
        ----------
        place : the path or URL that bytes or an open file came from, if there is one
        """
        if isinstance(source, (str, Path)):
            path = Path(source)
            return cls(name or path.name, place_of(os.path.realpath(path)), path)
        if isinstance(source, (bytearray, memoryview)):
            source = bytes(source)
        return cls(name, place_of(place) if place else "", source)

    @property
    def digest(self) -> str:
        """SHA-256 of the file's bytes, hexadecimal; empty for an array and for a file that cannot be read.

        It is computed when it is first asked for.
        """
        if self._digest is None:
            self._digest = _digest(self._source)
        return self._digest


def place_of(path: str) -> str:
    """The digest of a full path or URL that `Origin.place` holds: 16 hexadecimal digits."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def _digest(source: Path | bytes | BinaryIO | None) -> str:
    if source is None:
        return ""
    if isinstance(source, bytes):
        return hashlib.file_digest(BytesIO(source), "sha256").hexdigest()
    try:
        if isinstance(source, Path):
            with source.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        source.seek(0)
        return hashlib.file_digest(cast(Any, source), "sha256").hexdigest()
    except OSError:
        return ""
