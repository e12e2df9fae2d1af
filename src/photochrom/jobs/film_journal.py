"""`Journal`: which segments of a film are done."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from photochrom.files import atomic

__all__ = ["Journal"]


class Journal:
    """Which segments are done, with which settings.

    Parameters
    ----------
    path : of the file; segments lie beside it
    settings : what their bytes depend on; segments of other settings do not count and are removed
    """

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        self._path = path
        self._settings = json.loads(json.dumps(settings))
        text = json.dumps(self._settings, sort_keys=True)
        self._digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        self._done = self._read()
        kept = {self.path(number) for number in self._done}
        for left in path.parent.glob("segment-*.mkv"):
            if left not in kept:
                left.unlink(missing_ok=True)

    def path(self, number: int) -> Path:
        """The file of a segment."""
        return self._path.with_name(f"segment-{number:05d}.mkv")

    def has(self, number: int) -> bool:
        """Whether a segment is done."""
        return number in self._done

    def delay(self, number: int) -> int:
        """A finished segment's `SegmentWriter.delay`."""
        return self._done[number]["delay"]

    def add(self, number: int, delay: int) -> None:
        """Take note of a segment that lies complete under its name."""
        self._done[number] = {"delay": delay, "bytes": self.path(number).stat().st_size}
        document = {"digest": self._digest, "settings": self._settings, "done": self._done}
        with atomic(self._path, overwrite=True) as temporary, temporary.open("r+b") as file:
            file.write(json.dumps(document, indent=1).encode())

    def _read(self) -> dict[int, dict[str, int]]:
        try:
            document = json.loads(self._path.read_bytes())
            if document["digest"] != self._digest:
                return {}
            done = {int(k): {"delay": v["delay"], "bytes": v["bytes"]} for k, v in document["done"].items()}
            return {k: v for k, v in done.items() if self.path(k).stat().st_size == v["bytes"]}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}
