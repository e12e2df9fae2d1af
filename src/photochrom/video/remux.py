"""The finished film: encoded segments joined, and everything else of the source copied packet by packet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import WriteError
from photochrom.files import words_of, write_error
from photochrom.video.containers import CONTAINERS
from photochrom.video.encode import SegmentWriter
from photochrom.video.matroska_aspect import ROOM, write_aspect
from photochrom.video.probe import Film, load_av, main_stream, open_film

__all__ = ["Segment", "join"]

MADE_BY_MUXER = {"major_brand", "minor_version", "compatible_brands", "encoder", "xmp", "duration"}
"""Metadata that describes the file itself, or that is written another way."""
MP4_KEYS = {
    *(
        "title",
        "artist",
        "author",
        "album_artist",
        "composer",
        "album",
        "date",
        "comment",
        "genre",
        "copyright",
    ),
    *("grouping", "lyrics", "description", "synopsis", "show", "episode_id", "network", "track", "disc"),
    *(
        "hd_video",
        "media_type",
        "sort_name",
        "creation_time",
        "location",
        "keywords",
        "compilation",
        "timecode",
    ),
}
"""Metadata that MP4 has its own places for; other keys need Apple's key table."""


@dataclass(frozen=True, slots=True)
class Segment:
    """An encoded run of frames, see `photochrom.video.encode.SegmentWriter`.

    Attributes
    ----------
    first, count : the numbers of its frames in the film
    delay : `SegmentWriter.delay`
    """

    path: Path
    first: int
    count: int
    delay: int


def join(
    film: Film,
    segments: Sequence[Segment],
    times: NDArray[np.int64],
    durations: NDArray[np.int64],
    target: Path,
    suffix: str,
    *,
    metadata: dict[str, str],
    whole: bool = True,
) -> None:
    """Write the result's file.

    Parameters
    ----------
    times, durations : of every frame of the film, in ticks, times ascending
    target : an existing, empty file
    suffix : of `CONTAINERS`
    metadata : what is added to the film's own, or replaces it
    whole : whether these are all frames; else other streams are cut to their time, and the result begins at 0

    Raises
    ------
    WriteError
        If the container cannot hold a stream, or the disk refuses.
    """
    av = load_av()
    muxer = CONTAINERS[suffix]
    begin = Fraction(0) if whole else int(times[0]) * film.time_base
    end = None if whole else int(times[-1] + durations[-1]) * film.time_base
    with _refusals(target), open_film(film.path) as source:
        main = main_stream(source, film.path)
        said = {k: v for k, v in source.metadata.items() if k.lower() not in MADE_BY_MUXER} | metadata
        with av.open(str(target), "w", format=muxer, container_options=_options(muxer, film, said)) as out:
            out.metadata.update(said)
            out_video, kept = _streams(out, source, main, segments[0].path, film, muxer)
            if whole:
                out.set_chapters(source.chapters())
            video = _video(film, segments, times, durations, out_video, begin)
            others = _others(source, kept, begin, end)
            for packet in _interleaved(video, others):
                out.mux(packet)
        if (aspect := _aspect_of(film, muxer)) is not None:
            write_aspect(target, aspect, film.width, film.height)


def _aspect_of(film: Film, muxer: str) -> Fraction | None:
    """The sample aspect ratio that must be written after the file is closed, see `photochrom.video.matroska_aspect`."""
    wide = film.aspect is not None and film.aspect != 1
    return film.aspect if wide and muxer in ("matroska", "webm") else None


def _options(muxer: str, film: Film, metadata: dict[str, str]) -> dict[str, str]:
    options = {}
    if muxer in ("mp4", "mov"):
        if film.time_base.numerator == 1:
            # Else the muxer chooses a clock of its own, and times are rounded.
            options["video_track_timescale"] = str(film.time_base.denominator)
        if any(key.lower() not in MP4_KEYS for key in metadata):
            options["movflags"] = "use_metadata_tags"
    return options


def _streams(
    out: Any, source: Any, main: Any, first_segment: Path, film: Film, muxer: str
) -> tuple[Any, dict[int, Any]]:
    """Make the result's streams in the source's order; those of the source that are copied, by their index."""
    av = load_av()
    video: Any = None
    kept: dict[int, Any] = {}
    for stream in source.streams:
        if stream.index == main.index:
            with av.open(str(first_segment)) as segment:
                # PyAV looks for an encoder of the decoder's name otherwise, and AV1's decoders have other names.
                video = out.add_stream_from_template(segment.streams.video[0], opaque=True)
            video.time_base = film.time_base
            video.codec_context.framerate = film.rate
            if film.aspect is not None:
                # MP4 and MOV take it from here.
                video.codec_context.sample_aspect_ratio = film.aspect
            if film.rotation is not None:
                video.set_display_matrix(film.rotation)
            made = video
        elif stream.type == "attachment":
            out.add_attachment(stream.name or "attachment", stream.mimetype or "", bytes(stream.data))
            continue
        elif _made_anew(stream, source, muxer):
            continue
        else:
            made = kept[stream.index] = _copied(out, stream, film, muxer)
        made.metadata.clear()
        made.metadata.update({k: v for k, v in stream.metadata.items() if k.lower() not in MADE_BY_MUXER})
        made.disposition = stream.disposition
    if _aspect_of(film, muxer) is not None:
        video.metadata["title"] = video.metadata.get("title", "") + ROOM
    if muxer == "matroska":
        _attach_covers(out, source)
    return video, kept


def _made_anew(stream: Any, source: Any, muxer: str) -> bool:
    """Whether a stream is not copied, because the result gets its content another way.

    Muxers of MP4 make the tracks of the timecode and of the chapters' names; cover art of Matroska is an attachment.
    """
    if muxer == "matroska":
        return bool(stream.disposition & load_av().stream.Disposition.attached_pic)
    chapters = stream.name == "bin_data" and bool(source.chapters())
    return stream.type == "data" and (chapters or "timecode" in stream.metadata)


def _copied(out: Any, stream: Any, film: Film, muxer: str) -> Any:
    try:
        return out.add_stream_from_template(stream, opaque=True)
    except ValueError:
        name = getattr(stream, "name", None) or "of an unknown codec"
        raise WriteError(
            film.path,
            f"its {stream.type} stream {stream.index} ({name}) cannot be kept in {muxer}; choose -o NAME.mkv",
            code="container",
        ) from None


def _attach_covers(out: Any, source: Any) -> None:
    """Cover art is an attachment in Matroska; FFmpeg shows it as a video stream of one picture."""
    av = load_av()
    for number, stream in enumerate(source.streams.video):
        if not stream.disposition & av.stream.Disposition.attached_pic:
            continue
        packet = next((p for p in source.demux(stream) if p.size), None)
        source.seek(0)
        kind = "png" if stream.codec_context.name == "png" else "jpeg"
        if packet is not None:
            name = stream.metadata.get("filename") or f"cover{number or ''}.{kind.replace('jpeg', 'jpg')}"
            out.add_attachment(name, stream.metadata.get("mimetype") or f"image/{kind}", bytes(packet))


def _video(
    film: Film,
    segments: Sequence[Segment],
    times: NDArray[np.int64],
    durations: NDArray[np.int64],
    stream: Any,
    begin: Fraction,
) -> Iterator[tuple[Fraction, Any]]:
    """The segments' packets at the film's times, with the time by which each must be written.

    Decoding times are those of the frames `delay` places earlier: the latest that never come after a packet's own.
    """
    av = load_av()
    delay = max(segment.delay for segment in segments)
    shift = int(begin / film.time_base)
    head = None
    for segment in segments:
        with av.open(str(segment.path)) as container:
            own = container.streams.video[0]
            head = own.codec_context.extradata if head is None else head
            if own.codec_context.extradata != head:
                raise WriteError(film.path, "its segments do not fit together; start again", code="segments")
            place = segment.first
            for packet in container.demux(own):
                if packet.size == 0:
                    continue
                number = segment.first + round(packet.pts / SegmentWriter.STEP) - SegmentWriter.FIRST
                before = place - delay
                dts = int(times[max(0, before)]) + min(0, before) * max(1, int(durations[0]))
                packet.stream, packet.time_base = stream, film.time_base
                packet.pts, packet.dts = int(times[number]) - shift, dts - shift
                packet.duration = int(durations[number])
                place += 1
                yield packet.dts * film.time_base, packet


def _others(
    source: Any, kept: dict[int, Any], begin: Fraction, end: Fraction | None
) -> Iterator[tuple[Fraction, Any]]:
    if not kept:
        return
    av = load_av()
    packets = source.demux(*(source.streams[index] for index in kept))
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.EOFError):
            return
        except av.error.FFmpegError:
            return  # the source ends or fails here: what was read is kept
        if packet.size == 0 and packet.dts is None:
            continue  # marks the end of a stream
        if packet.stream.disposition & av.stream.Disposition.attached_pic:
            # Cover art has no time of its own, and belongs to a preview too.
            packet.pts = packet.dts = round(begin / packet.time_base)
        if packet.pts is None and packet.dts is None:
            continue
        if packet.dts is None:
            packet.dts = packet.pts
        base = packet.time_base
        if end is not None:
            at = (packet.dts if packet.pts is None else packet.pts) * base
            if not begin <= at < end:
                continue
            shift = round(begin / base)
            packet.dts -= shift
            packet.pts = None if packet.pts is None else packet.pts - shift
        packet.stream = kept[packet.stream.index]
        yield packet.dts * base, packet


def _interleaved(
    first: Iterator[tuple[Fraction, Any]], second: Iterator[tuple[Fraction, Any]]
) -> Iterator[Any]:
    """Both in the order of their times, so that the muxer need not keep many of either."""
    one, other = next(first, None), next(second, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] <= other[0]):
            assert one is not None
            yield one[1]
            one = next(first, None)
        else:
            yield other[1]
            other = next(second, None)


@contextmanager
def _refusals(target: Path) -> Iterator[None]:
    av = load_av()
    try:
        yield
    except av.error.FFmpegError as error:
        if isinstance(error, OSError) and error.errno in (28, 122, 13, 30):
            raise write_error(target, error) from error
        raise WriteError(str(target), f"could not be written ({words_of(error)})") from error
