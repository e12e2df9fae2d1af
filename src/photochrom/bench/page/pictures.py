"""What the template of the pictures needs: photos by models. Each picture is in the page once."""

import base64
import io
from dataclasses import dataclass

from PIL import Image

from photochrom.bench.results import GREY, TRUTH, Example, Results

REFERENCES = (GREY, TRUTH)


@dataclass(frozen=True)
class Picture:
    """One picture as a data URL, and its size in pixels."""

    source: str
    width: int
    height: int


@dataclass(frozen=True)
class Photo:
    """One photo, and its picture by row name; None where a row has none."""

    name: str
    pictures: dict[str, Picture | None]


@dataclass(frozen=True)
class Pictures:
    """All photos; the models that have pictures, and those that have none; what a picture can be compared with."""

    photos: list[Photo]
    models: list[str]
    without: list[str]
    modes: dict[str, str]


def pictures(results: Results) -> Pictures | None:
    """The pictures of each photo, grey and truth first; None if there are no photos.

    Raises
    ------
    ValueError
        If an example holds bytes that are not a JPEG, PNG or WebP picture; it names the photo and the row.
    """
    if not results.examples:
        return None
    drawn = {name for example in results.examples for name in example.pictures}
    ordered = [name for name in REFERENCES if name in drawn]
    ordered += [row.name for row in results.rows if row.name in drawn and row.name not in ordered]
    ordered += sorted(drawn - set(ordered))
    return Pictures(
        photos=[_photo(example, ordered) for example in results.examples],
        models=[name for name in ordered if name not in REFERENCES],
        without=[
            row.name for row in results.rows if row.name not in drawn and row.kind in ("model", "pictures")
        ],
        modes=_modes(drawn),
    )


def _modes(drawn: set[str]) -> dict[str, str]:
    modes = {"grey": "grey | model"} if GREY in drawn else {}
    if TRUTH in drawn:
        modes["truth"] = "model | truth"
    return modes | {"own": "model alone"}


def _photo(example: Example, ordered: list[str]) -> Photo:
    found = example.pictures
    return Photo(
        example.name,
        {
            name: _picture(found[name], f"{example.name}, {name}") if name in found else None
            for name in ordered
        },
    )


def _picture(data: bytes, what: str) -> Picture:
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as picture:
            kind = Image.MIME[picture.format or ""]
            source = f"data:{kind};base64,{base64.b64encode(data).decode()}"
            return Picture(source, picture.width, picture.height)
    except (OSError, KeyError) as error:
        raise ValueError(f"{what}: not a JPEG, PNG or WebP picture ({error})") from None
