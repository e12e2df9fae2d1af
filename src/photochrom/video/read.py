"""The frames of a film, one after another, as planes of integers."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import Remedy, UnreadableError, UnsupportedError
from photochrom.video.layout import Layout, converted
from photochrom.video.probe import Film, load_av, main_stream, open_film

__all__ = ["Damage", "FrameReader", "Picture", "plane", "read_frames"]


@dataclass(frozen=True, slots=True)
class Picture:
    """One decoded frame.

    Attributes
    ----------
    luma : (H, W) uint8 or uint16
        The frame's own Y plane, not a copy: valid as long as the picture is.
    time : int or None
        In ticks of the film; None where the film does not say.
    duration : int
        In ticks; 0 where the film does not say.
    chroma : U and V as integers, or None of a grey film
    """

    luma: NDArray[Any]
    time: int | None
    duration: int
    chroma: tuple[NDArray[Any], NDArray[Any]] | None
    frame: Any


class Damage:
    """Counts what could not be decoded; the rest of the film goes on."""

    def __init__(self) -> None:
        self.packets = 0


def read_frames(
    film: Film,
    *,
    start: int | None = None,
    threads: int = 0,
    deinterlace: bool = False,
    damage: Damage | None = None,
) -> Generator[Picture]:
    """Decode the film's frames in the order of their times.

    Parameters
    ----------
    start : a time in ticks: what comes before the last key frame at or before it is left out
    threads : of the decoder; 0 is one per core
    deinterlace : make whole frames of the fields (FFmpeg's bwdif)
    damage : takes note of packets that cannot be decoded, which are left out

    Raises
    ------
    UnreadableError
        If the file cannot be opened.
    UnsupportedError
        If the frames change their size on the way.
    """
    av = load_av()
    damage = damage or Damage()
    with open_film(film.path) as container:
        stream = main_stream(container, film.path)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = threads
        if start is not None:
            container.seek(start, stream=stream, backward=True)
        weave = Deinterlacer(film) if deinterlace else None
        for number, frame in enumerate(_decoded(av, container, stream, damage)):
            if (frame.width, frame.height) != (film.width, film.height):
                raise UnsupportedError(
                    film.path,
                    f"its frames change from {film.width} x {film.height} to {frame.width} x {frame.height}"
                    f" pixels at frame {number}, which is not supported",
                    code="changing_size",
                )
            for each in weave.push(frame) if weave else (frame,):
                yield picture_of(each, film.layout, film)
        if weave:
            for each in weave.end():
                yield picture_of(each, film.layout, film)


def _decoded(av: Any, container: Any, stream: Any, damage: Damage) -> Iterator[Any]:
    packets = container.demux(stream)
    while True:
        try:
            # The last packet is empty and has no time: it flushes the frames that the decoder still holds.
            packet = next(packets)
            frames = stream.decode(packet)
        except StopIteration:
            return
        except av.error.EOFError:
            return
        except av.error.InvalidDataError:
            damage.packets += 1
            continue
        except av.error.FFmpegError:
            # The file ends or fails here: what was read is the film.
            damage.packets += 1
            return
        yield from frames


class Deinterlacer:
    """Whole frames of interlaced ones: as many, at the same times (bwdif, mode send_frame)."""

    def __init__(self, film: Film) -> None:
        av = load_av()
        graph = av.filter.Graph()
        self._source = graph.add_buffer(
            width=film.width, height=film.height, format=film.pix_fmt, time_base=film.time_base
        )
        # Frames whose container says interlaced but which do not say it themselves are interlaced too.
        weave = graph.add("bwdif", "mode=send_frame:deint=all")
        sink = graph.add("buffersink")
        self._source.link_to(weave)
        weave.link_to(sink)
        graph.configure()
        self._graph, self._errors = graph, (av.error.BlockingIOError, av.error.EOFError)

    def push(self, frame: Any) -> Iterator[Any]:
        self._graph.push(frame)
        yield from self._pull()

    def end(self) -> Iterator[Any]:
        self._graph.push(None)
        yield from self._pull()

    def _pull(self) -> Iterator[Any]:
        while True:
            try:
                yield self._graph.pull()
            except self._errors:
                return


def picture_of(frame: Any, layout: Layout, film: Film) -> Picture:
    """A decoded frame as planes in `layout`."""
    made = converted(frame, layout, film.matrix)
    chroma = None
    if layout.chroma != "gray":
        chroma = plane(made, 1, layout), plane(made, 2, layout)
    return Picture(plane(made, 0, layout), frame.pts, frame.duration or 0, chroma, made)


def plane(frame: Any, index: int, layout: Layout) -> NDArray[Any]:
    """A plane of a frame as an array that shares its memory: ``(h, w)`` without the padding of its rows."""
    part = frame.planes[index]
    dtype = np.dtype(layout.range.dtype)
    rows = np.frombuffer(part, dtype).reshape(part.height, part.line_size // dtype.itemsize)
    return rows[:, : part.width]


class FrameReader:
    """Frames of a film by number: cheap in order, with a seek otherwise.

    Parameters
    ----------
    times : of every frame, in ticks, ascending
    seekable : whether the decoder gives those times in this order; else a way back begins at the film's start
    skipped : how many frames of the film come before the first of `times`
    """

    FORWARD = 64
    """So many frames are decoded and dropped rather than sought: key frames are often further apart."""

    def __init__(
        self,
        film: Film,
        times: NDArray[np.int64],
        *,
        seekable: bool,
        skipped: int = 0,
        threads: int = 0,
        deinterlace: bool = False,
    ) -> None:
        self._film, self._times, self._skipped = film, times, skipped
        self._seekable, self._threads, self._deinterlace = seekable, threads, deinterlace
        self._frames: Iterator[Picture] | None = None
        self._next = 0

    def get(self, number: int) -> Picture:
        """Frame `number`; the picture is good until the next call.

        Raises
        ------
        UnreadableError
            If the film no longer holds it.
        """
        ahead = number - self._next
        if self._frames is None or ahead < 0 or (ahead > self.FORWARD and self._seekable):
            self._seek(number)
        while self._frames is not None:
            picture = next(self._frames, None)
            if picture is None:
                break
            self._next += 1
            if self._next > number:
                return picture
        raise UnreadableError(
            self._film.path, f"frame {number} can no longer be decoded", Remedy.COPY_AGAIN, code="damaged"
        )

    def close(self) -> None:
        """Close the file."""
        if isinstance(self._frames, Generator):
            self._frames.close()
        self._frames = None

    def _seek(self, number: int) -> None:
        self.close()
        if self._seekable and number + self._skipped > self.FORWARD:
            self._frames = self._open(int(self._times[number]))
            first = next(self._frames, None)
            at = -1 if first is None or first.time is None else int(np.searchsorted(self._times, first.time))
            # Before the first known frame a number cannot be told from the time, and a film's index may lie.
            if first is not None and 0 <= at <= number and self._times[at] == first.time:
                self._next = at
                self._frames = _chained(first, self._frames)
                return
            self.close()
        self._frames = self._open(None)
        self._next = -self._skipped

    def _open(self, start: int | None) -> Iterator[Picture]:
        return read_frames(self._film, start=start, threads=self._threads, deinterlace=self._deinterlace)


def _chained(first: Picture, rest: Iterator[Picture]) -> Iterator[Picture]:
    yield first
    yield from rest


def is_film(path: str | Path) -> bool:
    """Whether FFmpeg finds a video stream in the file that is not a picture. Reads a little of it."""
    from photochrom.errors import PhotochromError

    try:
        with open_film(path) as container:
            main_stream(container, str(path))
    except PhotochromError:
        return False
    return True
