"""Find the photos in a folder, and count the pictures that are left out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from photochrom.errors import PhotoError, UnreadableError
from photochrom.media import formats, provenance
from photochrom.pipeline.job import require_file
from photochrom.pipeline.naming import looks_like_result

__all__ = ["Scan", "is_result"]


@dataclass(slots=True)
class Scan:
    """Lists a folder in the order of names. Hidden files and results of Photochrom are left out.

    Parameters
    ----------
    recursive : whether it enters sub-folders
    leave_out : a folder that it does not enter, because the output folder may be inside the input folder

    Attributes
    ----------
    left_out
        The number of pictures that were left out, by reason.
    problems
        Errors for entries that could not be read: a sub-folder without permission, a pipe with a picture's name.
    """

    folder: Path
    recursive: bool = False
    leave_out: Path | None = None
    left_out: dict[str, int] = field(default_factory=dict)
    problems: list[PhotoError] = field(default_factory=list)

    def __iter__(self) -> Iterator[Path]:
        barred = os.path.realpath(self.leave_out) if self.leave_out else None

        def note(error: OSError) -> None:
            where = str(error.filename or self.folder)
            what = f"the folder cannot be listed ({error.strerror})"
            self.problems.append(UnreadableError(where, what, code="folder"))

        for where, folders, names in os.walk(self.folder, onerror=note):
            folders[:] = sorted(
                name
                for name in folders
                if self.recursive
                and not name.startswith(".")
                and os.path.realpath(os.path.join(where, name)) != barred
            )
            for name in sorted(names):
                if not name.startswith(".") and self._is_wanted(Path(where, name)):
                    yield Path(where, name)

    def _is_wanted(self, path: Path) -> bool:
        suffix = path.suffix.lower()
        if not formats.is_photo_suffix(suffix):
            reason = formats.left_out_reason(suffix)
            if reason is not None:
                self.left_out[reason] = self.left_out.get(reason, 0) + 1
            return False
        try:
            require_file(path)
        except UnreadableError as error:
            self.problems.append(error)
            return False
        return not (looks_like_result(path.name) and is_result(path))


def is_result(path: Path) -> bool:
    """Whether a file's metadata state that Photochrom made it."""
    try:
        return provenance.read(path) is not None
    except PhotoError:
        return False
