"""`zip_stream`: a zip archive that is made while it is sent.

Python's own `zipfile` writes to a stream that cannot be wound back: it puts sizes and checksums behind each member,
and adds ZIP64 records where a size needs them. The package stream-zip needs the checksum of an uncompressed member
before its first byte, or the whole member in memory.
"""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

from photochrom.studio.names import unique
from photochrom.studio.service import ResultFile
from photochrom.studio.store import Store

__all__ = ["zip_stream"]

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
        for result, name in zip(results, unique(result.name for result in results), strict=True):
            entry = zipfile.ZipInfo(name, time.localtime()[:6])
            entry.file_size = result.blob.bytes
            with store.open(result.blob) as file, archive.open(entry, "w") as into:
                while data := file.read(CHUNK):
                    into.write(data)
                    yield pipe.take()
    yield pipe.take()


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
