"""Colours that a person knows at times of a film: hints, and coloured key frames."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.engine.hints import Hint, parse_hints
from photochrom.errors import OptionError, Remedy, UnsupportedError
from photochrom.jobs.film_plan import FilmPlan
from photochrom.jobs.film_time import parse_time, time_text
from photochrom.media import photo
from photochrom.video.probe import Film
from photochrom.video.thumbnail import turns

__all__ = ["KeyFrame", "KnownFrame", "OpenKeyFrame", "TimedHint", "check_times", "known_frames"]
__all__ += ["open_key_frame", "parse_key_frame", "parse_timed_hints"]


@dataclass(frozen=True, slots=True)
class TimedHint:
    """A hint in the frame that is shown at `time`, in seconds from the film's first frame."""

    time: float
    hint: Hint


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """A picture file that shows the film's frame at `time`, in seconds, in colour."""

    time: float
    path: str


@dataclass(frozen=True, slots=True)
class KnownFrame:
    """What is known of the colours of one frame.

    Attributes
    ----------
    hints
        Hints at points of the frame.
    pictures
        The path of each key frame's file, and its colours (h, w, 3) uint8 sRGB.
    """

    hints: list[Hint] = field(default_factory=list)
    pictures: list[tuple[str, NDArray[np.uint8]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class OpenKeyFrame:
    """A key frame whose file was read.

    `rgb` is (h, w, 3) uint8 sRGB, at most 256 pixels a side, and `digest` is of the file's bytes.
    """

    time: float
    path: str
    rgb: NDArray[np.uint8]
    digest: str


def parse_timed_hints(data: Any) -> tuple[TimedHint, ...]:
    """Read hints from decoded JSON: those of `photochrom.engine.hints.parse_hints`, each with a ``time``.

    Raises
    ------
    ValueError
        If the data are not such hints. The message is one sentence and names the number of the hint.
    """
    found = data.get("hints") if isinstance(data, dict) else data
    times, plain = [], []
    for number, each in enumerate(found if isinstance(found, list) else [], 1):
        if not isinstance(each, dict) or "time" not in each:
            raise ValueError(f"hint {number}: must have time, x, y and color; a film's hint needs its time")
        try:
            times.append(parse_time(each["time"]))
        except ValueError as error:
            raise ValueError(f"hint {number}: {error}") from None
        plain.append({key: value for key, value in each.items() if key != "time"})
    hints = parse_hints(plain if isinstance(found, list) else data)
    for number, hint in enumerate(hints, 1):
        # In a film things move, so there is no place that a brush or "keep" could stay with.
        if hint.reach in ("here", "keep"):
            raise ValueError(f"hint {number}: a film's hint has no reach {hint.reach!r}; leave it out")
    return tuple(TimedHint(time, hint) for time, hint in zip(times, hints, strict=True))


def parse_key_frame(text: str) -> KeyFrame:
    """Read ``key.png@0:12``.

    Raises
    ------
    ValueError
        If it has no path or no time.
    """
    path, at, time = text.rpartition("@")
    if not at or not path:
        raise ValueError(f"must be a picture and its time, such as key.png@0:12, got {text!r}")
    return KeyFrame(parse_time(time), path)


def open_key_frame(key: KeyFrame) -> OpenKeyFrame:
    """Read a key frame's file.

    Raises
    ------
    PhotoError
        If it cannot be read, or is grey.
    """
    opened = photo.open(key.path, name=key.path)
    rgb = opened.pages[0].thumbnail
    if rgb is None or not rgb.size:
        raise UnsupportedError(
            key.path, "is grey; a key frame must be in colour", Remedy.GIVE_OTHER_FILE, code="grey"
        )
    with Path(key.path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return OpenKeyFrame(key.time, key.path, rgb, digest)


def check_times(film: Film, hints: Iterable[TimedHint], keys: Iterable[KeyFrame | OpenKeyFrame]) -> None:
    """Check the times against the length that the container states, before the film is decoded.

    Raises
    ------
    OptionError
        If one is a second or more behind the end.
    """
    if film.seconds is not None:
        for name, time in _times(hints, keys):
            _check(name, time, film.seconds, film, slack=1)


def known_frames(
    film: Film, plan: FilmPlan, hints: Iterable[TimedHint], keys: Iterable[OpenKeyFrame]
) -> dict[int, KnownFrame]:
    """What is known of each frame, by its number in the plan. What lies outside a preview is left out.

    Raises
    ------
    OptionError
        If a time is behind the end of the film.
    """
    hints, keys = list(hints), list(keys)
    end = float((int(plan.times[-1] + plan.durations[-1]) - plan.start) * film.time_base)
    if plan.whole:
        for name, time in _times(hints, keys):
            _check(name, time, end, film)
    found: dict[int, KnownFrame] = {}
    for hint in hints:
        if (number := _frame_at(film, plan, hint.time, end)) is not None:
            found.setdefault(number, KnownFrame()).hints.append(_stored(hint.hint, turns(film)))
    for key in keys:
        if (number := _frame_at(film, plan, key.time, end)) is not None:
            rgb = np.rot90(key.rgb, turns(film))
            found.setdefault(number, KnownFrame()).pictures.append((key.path, rgb))
    return found


def _stored(hint: Hint, turns: int) -> Hint:
    """The hint's position in the frame as it is stored; `turns` is `photochrom.video.thumbnail.turns`."""
    x, y = hint.x, hint.y
    for _ in range(turns):
        x, y = y, 1 - x
    return replace(hint, x=x, y=y)


def _frame_at(film: Film, plan: FilmPlan, time: float, end: float) -> int | None:
    """The number of the frame that is shown at `time`."""
    # A time such as 0.2 may be a little less than the tick that it means.
    ticks = plan.start + time / float(film.time_base) + 1e-3
    number = int(np.searchsorted(plan.times, ticks, side="right")) - 1
    return number if number >= 0 and time < end else None


def _times(
    hints: Iterable[TimedHint], keys: Iterable[KeyFrame | OpenKeyFrame]
) -> Iterable[tuple[str, float]]:
    for number, hint in enumerate(hints, 1):
        yield f"hint {number}", hint.time
    for key in keys:
        yield f"reference {key.path}", key.time


def _check(name: str, time: float, end: float, film: Film, slack: float = 0) -> None:
    if time >= end + slack:
        raise OptionError(
            name, f"is for {time_text(time)}, and {film.path} ends at {time_text(end)}", code="time"
        )
