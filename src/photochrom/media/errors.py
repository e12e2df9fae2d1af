"""What can go wrong with a photograph's file, in one line that a person can act on."""

from __future__ import annotations

__all__ = ["PhotoError", "TooLargeError", "UnreadableError", "UnsupportedError", "WriteError"]


class PhotoError(Exception):
    """Something is wrong with a photo's file; the message names the file and the remedy, in one line."""

    def __init__(self, name: str, problem: str) -> None:
        # Names come from users and may hold line breaks; the message must stay one line in a log.
        super().__init__(" ".join(f"{name}: {problem}".split()))
        self.name = name


class UnreadableError(PhotoError):
    """The file cannot be read at all: missing, empty, damaged, a folder, no permission."""


class UnsupportedError(PhotoError):
    """The file is fine, but holds something that this program does not work on."""


class TooLargeError(PhotoError):
    """The picture has more pixels than the limit, or than the output format can hold."""


class WriteError(PhotoError):
    """The result could not be written."""
