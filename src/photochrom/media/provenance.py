"""The provenance mark. It states that the colours were inferred: IPTC digital source type in XMP, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from photochrom.media import exif, iptc
from photochrom.media import photo as photos
from photochrom.media.model import Photo
from photochrom.media.xmp import DC, EVENT, HISTORY, IPTC_EXT, OURS, PHOTOSHOP, Packet

__all__ = ["SOURCE_TYPE", "Provenance", "mark", "read"]

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

MAX_EXIF = 65_527  # the limit of a JPEG segment; the XMP contains the sentence in any case


@dataclass(frozen=True, slots=True)
class Provenance:
    """The provenance mark of a file.

    Attributes
    ----------
    model, version
        The model that inferred the colours, and its version.
    statement
        The sentence for people.
    source_type
        The IPTC digital source type, a URL.
    source_digest
        The SHA-256 digest of the original file's bytes, 64 hexadecimal digits; empty if it is not known.
    source_name
        The name of the original file; empty if it is not known.
    source_place
        A digest of the original file's path; empty if it is not known.
    options
        The options that differ from the defaults, as compact JSON; empty if they are not known.
    """

    model: str
    version: str
    statement: str
    source_type: str = SOURCE_TYPE
    source_digest: str = ""
    source_name: str = ""
    source_place: str = ""
    options: str = ""


def statement(model: str) -> str:
    """The sentence of the mark."""
    return f"Colours were inferred by {model}; they are not a record of the original colours."


def mark(
    photo: Photo,
    model: str,
    version: str,
    *,
    source_digest: str = "",
    source_name: str = "",
    source_place: str = "",
    options: str = "",
) -> None:
    """Write into `photo.xmp` and `photo.exif` that the colours were inferred, by which model and from which file.

    The last four arguments are stored as the fields of `Provenance` with the same names. An empty argument removes the
    value of an earlier mark, because that value belongs to another result.

    An existing XMP packet is kept and extended. A broken packet is replaced. Existing descriptions do not change; the
    sentence is written only if there is no description. An existing digital source type (such as "negativeFilm" for a
    scan) is kept as photochrom:OriginalDigitalSourceType.
    """
    for number, settings in enumerate(photo.tiff[1:], 1):
        if settings.xmp is None and number >= len(photo.pages):
            continue
        page = Photo([], photo.name, "TIFF", xmp=settings.xmp)
        mark(page, model, version, source_digest=source_digest, source_name=source_name, options=options)
        # Candidates share the list and its items, so they must not be changed in place.
        photo.tiff = [*photo.tiff[:number], replace(settings, xmp=page.xmp), *photo.tiff[number + 1 :]]
    words = statement(model)
    packet = Packet(photo.xmp)
    before = packet.get(IPTC_EXT, "DigitalSourceType")
    if before and before != SOURCE_TYPE:
        packet.set(OURS, "OriginalDigitalSourceType", before)
    packet.set(IPTC_EXT, "DigitalSourceType", SOURCE_TYPE)
    packet.set(OURS, "Model", model)
    packet.set(OURS, "ModelVersion", version)
    packet.set(OURS, "Statement", words)
    for name, value in (
        ("SourceDigest", source_digest),
        ("SourceName", source_name),
        ("SourcePlace", source_place),
        ("Options", options),
    ):
        if value:
            packet.set(OURS, name, value)
        else:
            packet.remove(OURS, name)
    if not packet.get(PHOTOSHOP, "Instructions"):
        packet.set(PHOTOSHOP, "Instructions", words)
    described = photo.exif is not None and bool(exif.text(photo.exif, exif.DESCRIPTION))
    described = described or bool(iptc.texts(photo.iptc).get(iptc.CAPTION))
    # A reader that finds no dc:description shows the EXIF description. So both must be empty.
    if not packet.get(DC, "description") and not described:
        packet.set_words(DC, "description", words)
        extended = exif.add_text(photo.exif, exif.DESCRIPTION, words)
        if len(extended) <= MAX_EXIF:
            photo.exif = extended
    event = {(EVENT, "action"): "edited", (EVENT, "softwareAgent"): "photochrom"}
    event[EVENT, "parameters"] = f"colorized by {model} {version}"
    packet.append(HISTORY, "History", event)
    photo.xmp = packet.to_bytes()


def read(source: Photo | str | Path | bytes | BinaryIO) -> Provenance | None:
    """Read the provenance mark of a photo or a file; None if it does not state that the colours were inferred.

    Raises
    ------
    PhotoError
        If a file cannot be read.
    """
    data = source.xmp if isinstance(source, Photo) else photos.read_xmp(source)
    if not data:
        return None
    packet = Packet(data)
    model = packet.get(OURS, "Model")
    found = packet.get(IPTC_EXT, "DigitalSourceType")
    if found != SOURCE_TYPE or model is None:
        return None

    def ours(name: str) -> str:
        return packet.get(OURS, name) or ""

    return Provenance(
        model,
        ours("ModelVersion"),
        ours("Statement"),
        found,
        source_digest=ours("SourceDigest"),
        source_name=ours("SourceName"),
        source_place=ours("SourcePlace"),
        options=ours("Options"),
    )
