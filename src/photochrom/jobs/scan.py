"""Find the photos in a folder, and count the pictures that are left out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from photochrom.errors import PhotoError, UnreadableError
from photochrom.files import require_file, words_of
from photochrom.media import formats, provenance
from photochrom.pipeline.naming import looks_like_result

__all__ = ["Scan", "is_result"]

SUFFIX = re.compile(r"\.[\w~-]{1,16}")
"""What a name ends with after its last dot, if that is a suffix and no words."""


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
            what = f"the folder cannot be listed ({words_of(error)})"
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
            if reason is None and (format := _format_of(path)) is not None:
                if format.reads and not SUFFIX.fullmatch(suffix):
                    return True  # a photo without a suffix, such as "Smith, A. wedding"
                named = f"a {format.title} file whose name ends with {suffix}"
                reason = named if format.reads else formats.refusal(format)
            if reason is not None:
                self.left_out[reason] = self.left_out.get(reason, 0) + 1
            return False
        try:
            require_file(path)
        except UnreadableError as error:
            self.problems.append(error)
            return False
        return not (looks_like_result(path.name) and is_result(path))


def _format_of(path: Path) -> formats.Format | None:
    """The format of a file by its first bytes; None if it is no picture, or no file."""
    try:
        require_file(path)
        with path.open("rb") as file:
            return formats.sniff(file.read(formats.HEAD))
    except (UnreadableError, OSError):
        return None


def is_result(path: Path) -> bool:
    """Whether a file's metadata state that Photochrom made it."""
    try:
        return provenance.read(path) is not None
    except PhotoError:
        return False
