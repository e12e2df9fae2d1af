"""`zip_stream`: a zip archive that is made while it is sent.

Python's own `zipfile` writes to a stream that cannot be wound back: it puts sizes and checksums behind each member,
and adds ZIP64 records where a size needs them. The package stream-zip needs the checksum of an uncompressed member
before its first byte, or the whole member in memory.
"""

from __future__ import annotations

import itertools
import time
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

from photochrom.studio.service import ResultFile
from photochrom.studio.store import Store

__all__ = ["unique_names", "zip_stream"]

CHUNK = 1 << 20


def zip_stream(store: Store, results: Iterable[ResultFile]) -> Iterator[bytes]:
    """The bytes of an archive of `results`, about `CHUNK` at a time. Equal names are numbered.

    Raises
    ------
    ApiError
        404 if a file is gone; `Store.hold` prevents that.
    """
    results = list(results)
    pipe: Any = _Pipe()
    # Pictures are compressed already.
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for result, name in zip(results, unique_names(results), strict=True):
            entry = zipfile.ZipInfo(name, time.localtime()[:6])
            entry.file_size = result.blob.bytes
            with store.open(result.blob) as file, archive.open(entry, "w") as into:
                while data := file.read(CHUNK):
                    into.write(data)
                    yield pipe.take()
    yield pipe.take()


def unique_names(results: Iterable[ResultFile]) -> list[str]:
    """The names of files in one folder. Names that differ in case alone count as equal, as on many systems."""
    taken: set[str] = set()
    names = []
    for result in results:
        copies = (result.copy_name(copy) for copy in itertools.count(1))
        name = next(name for name in copies if name.casefold() not in taken)
        taken.add(name.casefold())
        names.append(name)
    return names


class _Pipe:
    """A file that `zipfile` writes to and that is emptied by `take`; it cannot be wound back."""

    def __init__(self) -> None:
        self._parts = bytearray()

    def write(self, data: bytes) -> int:
        self._parts += data
        return len(data)

    def flush(self) -> None:
        """Do nothing: `take` returns everything that was written."""

    def take(self) -> bytes:
        taken = bytes(self._parts)
        self._parts.clear()
        return taken
