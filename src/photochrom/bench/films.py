"""Films in a table: how steady the colours of each entry are from frame to frame."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image

from photochrom.bench.entries import Entry
from photochrom.bench.evaluate import column, tensor_of, without_interval
from photochrom.bench.protocol import Protocol
from photochrom.bench.results import Results, Score
from photochrom.data.decode import decode
from photochrom.data.sources import SUFFIXES
from photochrom.metrics.consistency import CDC
from photochrom.metrics.registry import collection
from photochrom.metrics.statistics import interval

KEY = "cdc"


@dataclass(frozen=True)
class Film:
    """The frames of one shot, in order."""

    name: str
    frames: list[Path]


def find_films(folder: Path) -> list[Film]:
    """Return the films in `folder`. Each of its folders with pictures is a film; names give the order of frames.

    A folder that itself contains pictures is a single film.

    Raises
    ------
    ValueError
        If it is not a folder, or contains no picture.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder}: not a folder of films; give one folder of frames for each film")
    folders = [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]
    films = [Film(path.name, _frames(path)) for path in folders]
    films = [film for film in films if film.frames]
    if not films:
        raise ValueError(f"{folder}: no frames in it (looked for {', '.join(sorted(SUFFIXES))})")
    return films


def with_films(
    results: Results,
    entries: Sequence[Entry],
    films: Sequence[Film],
    protocol: Protocol,
    report: Callable[[str], None] = lambda _: None,
) -> Results:
    """Return the results with CDC (`photochrom.metrics.consistency.CDC`) for every row.

    An entry gets each frame alone and in grey. An entry that fails on a frame has no figure but the reason.
    """
    scores = {}
    for entry in entries:
        report(f"{entry.name}: {len(films)} films")
        scores[entry.name] = _score(entry, films, protocol)
    return replace(
        results,
        protocol=results.protocol | {"films": len(films)},
        metrics=[*results.metrics, column(KEY)],
        rows=[
            replace(row, scores=row.scores | {KEY: scores[row.name]}) if row.name in scores else row
            for row in results.rows
        ],
    )


def _score(entry: Entry, films: Sequence[Film], protocol: Protocol) -> Score:
    metric = cast(CDC, collection([KEY])[KEY])
    try:
        for number, film in enumerate(films):
            for path in film.frames:
                rgb = protocol.fitted(decode(path.read_bytes(), str(path)))
                luma = np.asarray(Image.fromarray(rgb).convert("L"))
                metric.update(tensor_of(entry.make(path.stem, luma, rgb)), film=number)
    except Exception as error:  # an error of one entry must not stop the others
        return Score(None, why=" ".join(str(error).split()))
    try:
        return Score(*interval(metric, seed=protocol.seed))
    except ValueError as error:
        return without_interval(metric, str(error))


def _frames(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )
