"""What results are called: one rule for every interface.

``NAME.color.EXT`` beside the original, ``NAME.EXT`` in a folder of results; ``NAME.color.1.EXT``,
``NAME.color.2.EXT``, ... for several candidates. Where another file has the name, the result becomes
``NAME (2).color.EXT``, and so on.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePath

from photochrom.media import formats

__all__ = ["MARK", "comparison_name", "looks_like_result", "result_name", "split_name"]

MARK = ".color"
_RESULT = re.compile(r"\.(color|compare)(\.\d+)?\.[^.]+$", re.IGNORECASE)


def split_name(name: str) -> tuple[str, str]:
    """A file's name as stem and suffix; the suffix is empty unless it is one of a known picture format.

    "Smith, A. wedding" has no suffix: a dot alone does not make one.
    """
    suffix = PurePath(name).suffix
    if suffix and formats.by_suffix(suffix) is not None:
        return name[: -len(suffix)], suffix
    return name, ""


def result_name(
    name: str, suffix: str, *, number: int | None = None, marked: bool = True, copy: int = 1
) -> str:
    """The name of a result.

    Parameters
    ----------
    name : of the original, without folders
    suffix : of the result, with its dot
    number : which of several candidates, from 1; None where there is one
    marked : whether ".color" stands in the name: beside originals, but not in a folder of results
    copy : 1, or 2, 3, ... where the names before it are taken by other files
    """
    stem, _ = split_name(name)
    again = f" ({copy})" if copy > 1 else ""
    mark = MARK if marked else ""
    counted = "" if number is None else f".{number}"
    return f"{stem}{again}{mark}{counted}{suffix}"


def comparison_name(result: Path, *, marked: bool, number: int | None) -> str:
    """The name of the side-by-side picture of a result: ``NAME.compare.jpg``, numbered as the result is."""
    stem = result.name[: -len(result.suffix)] if result.suffix else result.name
    counted = "" if number is None else f".{number}"
    stem = stem.removesuffix(counted)
    if marked:
        stem = stem.removesuffix(MARK)
    return f"{stem}.compare{counted}.jpg"


def looks_like_result(name: str) -> bool:
    """Whether a name has the form that results have. Only the provenance in the file tells whether it is one."""
    return _RESULT.search(name) is not None
