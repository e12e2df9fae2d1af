"""Films in a table: how steady the colours of each entry are from frame to frame."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol as Interface

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torchmetrics import MetricCollection

from photochrom.bench.entries import Entry
from photochrom.bench.evaluate import column, tensor_of, without_interval
from photochrom.bench.film_file import FilmFile
from photochrom.bench.protocol import Protocol
from photochrom.bench.results import Results, Row, Score
from photochrom.data.decode import decode
from photochrom.data.sources import SUFFIXES
from photochrom.engine.flow import Flow, trusted
from photochrom.media.formats import HEAD, sniff
from photochrom.metrics.metric import PhotoMetric
from photochrom.metrics.registry import collection
from photochrom.metrics.statistics import interval

__all__ = ["AS_FILM", "Film", "FrameFolder", "find_films", "with_films"]

AS_FILM = "{}, as a film"
"""The row of a model that colorizes films as ``photochrom film`` does."""
Picture = NDArray[np.uint8]


class Film(Interface):
    """Colour frames in order, by shot."""

    @property
    def name(self) -> str:
        """The name of the file or folder."""

    @property
    def rate(self) -> float:
        """Frames a second."""

    def shots(self) -> Iterator[Iterator[tuple[str, Picture]]]:
        """The name and the sRGB ``(H, W, 3)`` of each frame of each shot. Read one shot before the next one."""


@dataclass(frozen=True)
class FrameFolder:
    """A film as pictures: the frames of one shot, in order."""

    name: str
    frames: list[Path]
    rate: float = 25.0

    def shots(self) -> Iterator[Iterator[tuple[str, Picture]]]:
        """The only shot."""
        yield ((path.stem, decode(path.read_bytes(), str(path))) for path in self.frames)


def find_films(folder: Path) -> list[Film]:
    """Return the films in `folder`: film files, and folders with pictures, whose names give the order of frames.

    `folder` may also be a single film: a file, or a folder that contains pictures.

    Raises
    ------
    ValueError
        If there is none.
    PhotoError
        If a film file cannot be read, or the extra for films is not installed.
    """
    if _is_film_file(folder):
        return [FilmFile(folder)]
    if not os.path.isdir(folder):
        raise ValueError(
            f"{folder}: not a folder of films; give film files, or a folder of frames for each film"
        )
    found: list[Film] = []
    if own := _frames(folder):
        found.append(FrameFolder(folder.name, own))
    for path in sorted(folder.iterdir()):
        if os.path.isdir(path) and (frames := _frames(path)):
            found.append(FrameFolder(path.name, frames))
        elif _is_film_file(path):
            found.append(FilmFile(path))
    if not found:
        kinds = ", ".join(sorted(SUFFIXES))
        raise ValueError(f"{folder}: no films and no frames in it (looked for film files and {kinds})")
    return found


def with_films(
    results: Results,
    entries: Sequence[Entry],
    films: Sequence[Film],
    protocol: Protocol,
    report: Callable[[str], None] = lambda _: None,
) -> Results:
    """Return the results with the metrics of films for every row.

    An entry gets each frame alone and in grey. A model gets another row, in which it colorizes each shot as
    ``photochrom film`` does. An entry that fails on a frame has no figure but the reason.
    """
    scores: dict[str, dict[str, Score]] = {}
    more: list[Row] = []
    for entry in entries:
        report(f"{entry.name}: {len(films)} films")
        scores[entry.name] = _score(_alone(entry), films, protocol)
        if (along := entry.film) is not None:
            name = AS_FILM.format(entry.name)
            report(f"{name}: {len(films)} films")
            found = _score(_along(along), films, protocol)
            about = f"{entry.name}, its colours held still along the optical flow"
            more.append(Row(name, entry.kind, scores=found, parameters=entry.parameters, about=about))
    shots = sum(1 for film in films for _ in film.shots())
    return replace(
        results,
        protocol=results.protocol | {"films": len(films), "shots": shots},
        metrics=[*results.metrics, *(column(str(key)) for key in _measures())],
        rows=[
            replace(row, scores=row.scores | scores[row.name]) if row.name in scores else row
            for row in results.rows
        ]
        + more,
    )


@dataclass
class Shot:
    """One shot as an entry sees it: keys, grey frames and true frames, all as they are measured."""

    rate: float
    keys: list[str] = field(default_factory=list)
    greys: list[Picture] = field(default_factory=list)
    truth: list[Picture] = field(default_factory=list)


Maker = Callable[[Shot], Iterable[Picture]]


def _alone(entry: Entry) -> Maker:
    return lambda shot: map(entry.make, shot.keys, shot.greys, shot.truth)


def _along(film: Callable[[Iterable[Picture], float], Iterable[Picture]]) -> Maker:
    return lambda shot: film(shot.greys, shot.rate)


def _score(make: Maker, films: Sequence[Film], protocol: Protocol) -> dict[str, Score]:
    metrics = _measures()
    number = 0
    try:
        for film in films:
            for frames in film.shots():
                shot = _fitted(frames, film.rate, protocol)
                for made, true in zip(make(shot), shot.truth, strict=True):
                    metrics.update(tensor_of(made), tensor_of(true), film=number)
                number += 1
    except Exception as error:  # an error of one entry must not stop the others
        return {str(key): Score(None, why=" ".join(str(error).split())) for key in metrics}
    scores = {}
    for key, metric in metrics.items():
        assert isinstance(metric, PhotoMetric)
        try:
            scores[str(key)] = Score(*interval(metric, seed=protocol.seed))
        except ValueError as error:
            scores[str(key)] = without_interval(metric, str(error))
    return scores


def _fitted(frames: Iterable[tuple[str, Picture]], rate: float, protocol: Protocol) -> Shot:
    shot = Shot(rate)
    for key, rgb in frames:
        fitted = protocol.fitted(rgb)
        shot.keys.append(key)
        shot.truth.append(fitted)
        shot.greys.append(np.asarray(Image.fromarray(fitted).convert("L")))
    return shot


def _measures() -> MetricCollection:
    finder = Flow()

    def flow(first: Picture, second: Picture) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        there, back = finder.between(first, second)
        return there, trusted(there, back, first, second)

    return collection(of="films", flow=flow)


def _frames(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and os.path.isfile(path)
    )


def _is_film_file(path: Path) -> bool:
    if path.name.startswith(".") or not os.path.isfile(path):
        return False
    with path.open("rb") as file:
        format = sniff(file.read(HEAD), path.name)
    return format is not None and format.video
