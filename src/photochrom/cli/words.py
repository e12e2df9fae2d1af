"""How the command says errors and outcomes. What they are is decided elsewhere."""

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
    """An error in the words of the command, in one line."""
    return plain(error.sentence(REMEDIES))


def reason(error: PhotochromError | None, name: str, outputs: list[str]) -> str | None:
    """Why a photo was not colorized now; None where nothing hindered it.

    Parameters
    ----------
    name : the input as the user wrote it
    outputs : the files that a former run wrote, where there is no error
    """
    if error is None:
        return f"{name}: already done ({outputs[0]}); --overwrite makes it anew" if outputs else None
    if isinstance(error, AlreadyColorError):
        # Many photos of one name lie in a tree of folders, so the line names the whole path.
        return error.sentence(REMEDIES, path=name)
    return error.sentence(REMEDIES)


def plain(text: str) -> str:
    """Text in one line, without control characters: a file's name must not move the cursor."""
    return " ".join("".join(_shown(c) for c in text).split())


def _shown(character: str) -> str:
    if character.isprintable() or unicodedata.category(character)[0] == "Z" or character in "\t\n\r\v\f":
        return character
    return f"\\x{ord(character):02x}"
