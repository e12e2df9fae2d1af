"""The command's words for errors and outcomes. Other modules decide what they are."""

from __future__ import annotations

import unicodedata

from photochrom.errors import AlreadyColorError, PhotochromError, Remedy

__all__ = ["REMEDIES", "plain", "reason", "sentence"]

REMEDIES = {
    Remedy.ALLOW_OVERWRITE: "choose another name or remove that file",
    Remedy.DEINTERLACE: "--deinterlace makes whole frames of its fields",
    Remedy.FEWER_AT_ONCE: "try --jobs 1, or make it smaller first",
    Remedy.FORCE: "--force colorizes it anew",
    Remedy.LOOK_INTO_FOLDERS: "--recursive looks into its sub-folders",
    Remedy.OTHER_NAME: "choose another -o",
    Remedy.RAISE_MAX_PIXELS: "allow it with --max-pixels",
    Remedy.USE_FILM: "`photochrom film` colorizes films",
    Remedy.SALVAGE: "--salvage colorizes what is left of it",
    Remedy.USE_COLORIZE: "photochrom colorize does photos",
}


def sentence(error: PhotochromError) -> str:
    """The error as one line, with the command's words for remedies."""
    return plain(error.sentence(REMEDIES))


def reason(error: PhotochromError | None, name: str, outputs: list[str]) -> str | None:
    """The reason why a photo was not colorized in this run; None if it was colorized.

    Parameters
    ----------
    name : the input as the user wrote it
    outputs : the files that an earlier run wrote, if there is no error
    """
    if error is None:
        return f"{name}: already done ({outputs[0]}); --overwrite makes it anew" if outputs else None
    if isinstance(error, AlreadyColorError):
        # A tree of folders may hold many photos of one name, so the line contains the whole path.
        return error.sentence(REMEDIES, path=name)
    return error.sentence(REMEDIES)


def plain(text: str) -> str:
    """The text in one line, without control characters, because a file's name must not move the cursor."""
    return " ".join("".join(_shown(c) for c in text).split())


def _shown(character: str) -> str:
    if character.isprintable() or unicodedata.category(character)[0] == "Z" or character in "\t\n\r\v\f":
        return character
    return f"\\x{ord(character):02x}"
