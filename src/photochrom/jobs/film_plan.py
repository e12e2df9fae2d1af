"""The first pass over a film: its shots, its frames' times, and whether it is in colour already."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.engine.shots import guide_of, pieces
from photochrom.engine.toning import kind_of
from photochrom.errors import OptionError, Remedy, UnreadableError, UnsupportedError
from photochrom.files import atomic
from photochrom.video.probe import Film
from photochrom.video.read import Damage, read_frames
from photochrom.video.thumbnail import thumbnail

__all__ = ["FilmPlan", "identity", "make_plan"]

VERSION = 2
SHOT_SIDE = 110
"""Cuts are looked for at about this side squared: more finds no others."""
MOST_SECONDS = 8.0
LEAST_SECONDS = 2.0
MOST_FRAMES = 240
"""A segment is at most so long: what a kill loses, and what lies in memory."""
COLOUR_EVERY = 12
COLOUR_SHARE = 0.2
"""A film is in colour if this share of the frames looked at is: one coloured title does not make it so."""
THUMBNAIL = 96, 64
PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class FilmPlan:
    """What is known of a film after the first pass.

    Attributes
    ----------
    source
        What tells the file from another of its name: size, time of change, and a sum of its ends.
    times, durations
        Of every frame, in ticks, times ascending.
    shots
        The number of each shot's first frame, the first of them 0.
    segments
        First frame and count of each segment, in order.
    seekable
        Whether the film's own times lead to its frames; else it is always read from its start.
    coloured
        Whether it is in colour already.
    damaged
        How many packets could not be decoded.
    skipped
        How many frames come before the first of `times`: of a preview.
    whole
        Whether these are all frames of the film.
    start
        The time of the film's first frame, in ticks, also if a preview begins later.
    """

    source: dict[str, Any]
    times: NDArray[np.int64]
    durations: NDArray[np.int64]
    shots: tuple[int, ...]
    segments: tuple[tuple[int, int], ...]
    seekable: bool
    coloured: bool
    damaged: int
    skipped: int = 0
    whole: bool = True
    start: int = 0

    @property
    def frames(self) -> int:
        """How many frames the film has."""
        return len(self.times)

    def shot_of(self, frame: int) -> tuple[int, int]:
        """First frame, and the one after the last, of the shot that `frame` belongs to."""
        number = int(np.searchsorted(self.shots, frame, side="right"))
        stop = self.shots[number] if number < len(self.shots) else self.frames
        return self.shots[number - 1], stop

    def save(self, path: Path) -> None:
        """Write it; the frames' times go beside it, into ``.npy``."""
        with atomic(path.with_suffix(".npy"), overwrite=True) as temporary, temporary.open("r+b") as file:
            np.save(file, np.stack([self.times, self.durations]))
        document = {
            "version": VERSION,
            "source": self.source,
            "frames": self.frames,
            "shots": list(self.shots),
            "segments": [list(segment) for segment in self.segments],
            "seekable": self.seekable,
            "coloured": self.coloured,
            "damaged": self.damaged,
            "skipped": self.skipped,
            "whole": self.whole,
            "start": self.start,
        }
        with atomic(path, overwrite=True) as temporary, temporary.open("r+b") as file:
            file.write(json.dumps(document, indent=1).encode())

    @classmethod
    def load(cls, path: Path, source: dict[str, Any]) -> FilmPlan | None:
        """Read one that was made for this source; None if there is none, or it was made for another."""
        try:
            document = json.loads(path.read_bytes())
            times, durations = np.load(path.with_suffix(".npy"))
            if document["version"] != VERSION or document["source"] != source:
                return None
            if document["frames"] != len(times):
                return None
            return cls(
                source=source,
                times=times,
                durations=durations,
                shots=tuple(document["shots"]),
                segments=tuple((first, count) for first, count in document["segments"]),
                seekable=bool(document["seekable"]),
                coloured=bool(document["coloured"]),
                damaged=int(document["damaged"]),
                skipped=int(document["skipped"]),
                whole=bool(document["whole"]),
                start=int(document["start"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None


def identity(path: Path) -> dict[str, Any]:
    """What tells a file from another of its name; its first and last megabyte stand for the rest."""
    facts = path.stat()
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(PIECE))
        file.seek(max(0, facts.st_size - PIECE))
        digest.update(file.read(PIECE))
    return {"bytes": facts.st_size, "changed": facts.st_mtime_ns, "sha256_of_ends": digest.hexdigest()}


def make_plan(
    film: Film,
    source: dict[str, Any],
    *,
    deinterlace: bool = False,
    threads: int = 0,
    window: tuple[float, float] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> FilmPlan:
    """Decode a film once and find its shots.

    Parameters
    ----------
    window : begin and end, in seconds from the film's start, of a preview; the whole film if None
    progress : called with the frames done and those that the container promises, which may be 0

    Raises
    ------
    UnreadableError
        If no frame can be decoded, or none lies in the window.
    """
    damage = Damage()
    times: list[int | None] = []
    durations: list[int] = []
    looked = coloured = skipped = 0
    first: int | None = None
    # A float such as 0.2 is not quite a fifth, and the frame at a fifth must not be lost by that.
    begin, end = (Fraction(x).limit_denominator(10**6) for x in window or (0, 0))
    whole = True
    cuts = CutFinder(float(film.rate))
    with closing(read_frames(film, threads=threads, deinterlace=deinterlace, damage=damage)) as pictures:
        for number, picture in enumerate(pictures):
            if window is not None:
                first = (picture.time or 0) if first is None else first
                at = number / film.rate if picture.time is None else (picture.time - first) * film.time_base
                if at >= end:
                    whole = False
                    break
                if at < begin:
                    skipped += 1
                    continue
            times.append(picture.time)
            durations.append(picture.duration)
            cuts.add(guide_of(picture.luma, film.range, SHOT_SIDE))
            if number % COLOUR_EVERY == 0 and picture.chroma is not None:
                looked += 1
                coloured += kind_of(thumbnail(picture, film, THUMBNAIL)) == "colour"
            if progress is not None:
                progress(number + 1, film.frames)
    if not times and skipped:
        seconds = f"{window[0]:g}" if window else "0"
        raise OptionError("preview", f"begins at {seconds} seconds, and {film.path} ends before")
    if not times:
        raise UnreadableError(film.path, "holds no frame that can be decoded", code="no_frames")
    found, orderly = orderly_times(times, film)
    start = int(found[0])
    if skipped:
        said = any(time is not None for time in times)
        start = first if said and first is not None else start - round(skipped / (film.rate * film.time_base))
    rate = max(1.0, float(film.rate))
    shots = (0, *cuts.found)
    return FilmPlan(
        source=source,
        times=found,
        durations=orderly_durations(found, durations, film),
        shots=shots,
        segments=tuple(divide(shots, len(times), rate)),
        seekable=orderly and not deinterlace,
        coloured=bool(looked) and coloured > COLOUR_SHARE * looked,
        damaged=damage.packets,
        skipped=skipped,
        whole=whole and not skipped,
        start=start,
    )


class CutFinder:
    """Cuts, found by PySceneDetect's AdaptiveDetector in the luma alone.

    It compares a frame's change with that of the frames around it, so that a moving camera is not taken for a cut.
    """

    def __init__(self, rate: float) -> None:
        try:
            from scenedetect import AdaptiveDetector, FrameTimecode
        except ImportError:
            raise UnsupportedError(
                "",
                "films need the package scenedetect-headless, which is not installed",
                Remedy.INSTALL_VIDEO,
                code="no_scenedetect",
            ) from None
        self._timecode, self._rate = FrameTimecode, max(1.0, rate)
        self._detector = AdaptiveDetector(luma_only=True, min_scene_len=5)
        self._count = 0
        self.found: list[int] = []

    def add(self, grey: NDArray[np.uint8]) -> None:
        """Take the next frame, ``(h, w)``."""
        now = self._timecode(self._count, self._rate)
        picture = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
        self.found += [cut.frame_num for cut in self._detector.process_frame(now, picture)]
        self._count += 1


def orderly_times(times: list[int | None], film: Film) -> tuple[NDArray[np.int64], bool]:
    """Ascending times of the frames, and whether they are those that the decoder gave.

    AVI gives the frames of a film with B-frames times in the order of decoding: sorted, they are right. Where times
    are missing or occur twice, frames follow each other at the film's rate.
    """
    known = [time for time in times if time is not None]
    if len(known) == len(times) and len(set(known)) == len(known):
        ordered = sorted(known)
        return np.array(ordered, np.int64), ordered == known
    tick = max(1, round(1 / (film.rate * film.time_base)))
    start = known[0] if known else 0
    return start + tick * np.arange(len(times), dtype=np.int64), False


def orderly_durations(times: NDArray[np.int64], said: list[int], film: Film) -> NDArray[np.int64]:
    """How long each frame is shown: until the next one; the last as long as the film says."""
    tick = max(1, round(1 / (film.rate * film.time_base)))
    last = said[-1] if said[-1] > 0 else tick
    return np.append(np.diff(times), last).astype(np.int64)


def divide(shots: tuple[int, ...], frames: int, rate: float) -> list[tuple[int, int]]:
    """Segments: long shots in pieces, short ones together; first frame and count of each."""
    most = max(8, min(MOST_FRAMES, round(MOST_SECONDS * rate)))
    least = min(most // 2, round(LEAST_SECONDS * rate))
    segments: list[tuple[int, int]] = []
    for start, stop in zip(shots, (*shots[1:], frames), strict=True):
        for first, end in pieces(start, stop, most):
            if segments and segments[-1][1] < least and segments[-1][1] + end - first <= most:
                before, count = segments.pop()
                segments.append((before, count + end - first))
            else:
                segments.append((first, end - first))
    return segments
