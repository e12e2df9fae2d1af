"""The mark in a film's file that says: these colours were inferred, and by which model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from photochrom.media import provenance
from photochrom.media.photo import Photo
from photochrom.media.provenance import SOURCE_TYPE, Provenance
from photochrom.video.probe import open_film
from photochrom.video.xmp_box import append_xmp, read_xmp

__all__ = ["mark_film", "read_film_mark"]

MODEL, VERSION, SOURCE, STATEMENT = (
    "PHOTOCHROM_MODEL",
    "PHOTOCHROM_VERSION",
    "DIGITAL_SOURCE_TYPE",
    "PHOTOCHROM_STATEMENT",
)
"""Tags of Matroska, which has no place for XMP."""
WORDS = "comment", "description", "synopsis"
"""Where the sentence for people goes: the first of these that a person has not written."""


def mark_film(
    source: Path, target: Path, suffix: str, model: str, version: str, write: Callable[[dict[str, str]], None]
) -> None:
    """Have a film written with the mark in it: in words, and in XMP (MP4, MOV) or tags (Matroska).

    Parameters
    ----------
    source : the film that it was made of; its own XMP is kept and extended
    target : the file that `write` writes
    write : takes the metadata to add to the film's own
    """
    with open_film(source) as container:
        said = {key.lower(): value for key, value in container.metadata.items()}
    photo = Photo([], name=source.name, format="MP4")
    photo.xmp = read_xmp(source) or (said["xmp"].encode() if "xmp" in said else None)
    provenance.mark(photo, model, version, source_name=source.name)
    mark = provenance.read(photo)
    assert mark is not None
    assert photo.xmp is not None
    metadata = {}
    place = next((key for key in WORDS if not said.get(key)), None)
    if place is not None:
        metadata[place] = mark.statement
    if suffix in (".mkv", ".webm"):
        metadata |= {MODEL: model, VERSION: version, SOURCE: SOURCE_TYPE, STATEMENT: mark.statement}
        write(metadata)
        return
    write(metadata)
    append_xmp(target, photo.xmp)


def read_film_mark(path: str | Path) -> Provenance | None:
    """What a film says about its colours; None where it does not say that they were inferred.

    Raises
    ------
    UnreadableError
        If it cannot be read.
    """
    with open_film(path) as container:
        said = {key.upper(): value for key, value in container.metadata.items()}
    if said.get(SOURCE) == SOURCE_TYPE and MODEL in said:
        return Provenance(said[MODEL], said.get(VERSION, ""), said.get(STATEMENT, ""))
    xmp = read_xmp(path)
    if xmp is None:
        return None
    photo = Photo([], name=str(path), format="MP4")
    photo.xmp = xmp
    return provenance.read(photo)
