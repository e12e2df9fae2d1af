"""What a film is: its streams, and how its picture is held in numbers."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photochrom.color.ycbcr import Matrix, Range
from photochrom.errors import Remedy, UnreadableError, UnsupportedError
from photochrom.files import require_file
from photochrom.video.layout import Layout, layout_of, matrix_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

__all__ = ["Film", "decoding_errors", "load_av", "main_stream", "open_film", "probe"]

HDR = {16: "PQ", 18: "HLG"}
"""Transfer characteristics of HDR (ITU-T H.273, table 3)."""
PROGRESSIVE = 0, 1
"""AVFieldOrder: unknown and progressive; higher ones are interlaced."""
STILL = {"image2", "png_pipe", "jpeg_pipe", "tiff_pipe", "bmp_pipe", "webp_pipe", "gif", "apng", "tty"}
STILL_SUFFIX = "_pipe"


@dataclass(frozen=True, slots=True)
class Film:
    """The facts of a film's one video stream.

    Attributes
    ----------
    path
        As the user named it.
    container
        FFmpeg's names of the container, such as "mov,mp4,m4a,3gp,3g2,mj2".
    codec
        FFmpeg's name of the codec.
    width, height
        Of the frames as they are stored, before rotation and sample aspect ratio.
    layout
        Bits, range and chroma size.
    matrix
        Of its Y'CbCr; where the film does not say, BT.601 up to 576 lines and BT.709 beyond, as players assume.
    tags
        FFmpeg's numbers of matrix, range, primaries and transfer; 2, or 0 for the range, are "not stated".
    time_base
        Seconds of one tick.
    rate
        Frames a second, on average.
    aspect
        Sample aspect ratio, or None where the film does not say.
    rotation
        The display matrix, nine integers, or None.
    interlaced
        Whether frames are made of two fields.
    frames
        How many the container says there are; 0 where it does not.
    seconds
        Its length, where the container says it.
    streams
        Of every kind, such as {"video": 1, "audio": 2}.
    """

    path: str
    container: str
    codec: str
    width: int
    height: int
    pix_fmt: str
    layout: Layout
    matrix: Matrix
    tags: tuple[int, int, int, int]
    time_base: Fraction
    rate: Fraction
    aspect: Fraction | None
    rotation: tuple[int, ...] | None
    interlaced: bool
    frames: int
    seconds: float | None
    streams: dict[str, int]

    @property
    def range(self) -> Range:
        """How its samples are held."""
        return self.layout.range


def load_av() -> Any:
    """PyAV.

    Raises
    ------
    UnsupportedError
        If it is not installed; the sentence names the extra.
    """
    try:
        import av
    except ImportError:
        raise UnsupportedError(
            "", "films need the package av, which is not installed", Remedy.INSTALL_VIDEO, code="no_av"
        ) from None
    # SVT-AV1 would write its settings to stderr. PyAV's own log stays off, as it is by default: with a level set, a
    # decoder's thread waits for Python's lock while the thread that holds the lock waits for the decoder.
    os.environ.setdefault("SVT_LOG", "1")
    return av


@contextmanager
def decoding_errors(path: str) -> Iterator[None]:
    """Turn FFmpeg's errors about the file `path` into one sentence."""
    av = load_av()
    try:
        yield
    except av.error.FileNotFoundError:
        raise UnreadableError(path, "does not exist", Remedy.CHECK_PATH, code="missing") from None
    except av.error.PermissionError:
        raise UnreadableError(path, "may not be read", Remedy.READ_PERMISSION, code="permission") from None
    except IsADirectoryError:
        raise UnreadableError(path, "is a folder", Remedy.GIVE_FILE_NAME, code="is_folder") from None
    except av.error.FFmpegError as error:
        what = f"is damaged or no film ({error.strerror})"
        raise UnreadableError(path, what, Remedy.COPY_AGAIN, code="damaged") from None


@contextmanager
def open_film(path: str | Path) -> Iterator[InputContainer]:
    """Open a film for reading.

    Raises
    ------
    UnreadableError
        If the file is missing, empty, a folder, a pipe or no film.
    """
    av = load_av()
    name = str(path)
    require_file(Path(path))
    if os.path.isdir(path):
        raise UnreadableError(name, "is a folder", Remedy.GIVE_FILE_NAME, code="is_folder")
    if os.path.isfile(path) and Path(path).stat().st_size == 0:
        raise UnreadableError(name, "is empty", Remedy.COPY_AGAIN, code="empty")
    with decoding_errors(name):
        # Broken metadata must not stop a film; FFmpeg's own guess of the text is as good as any.
        # "file:" keeps a name such as "pipe:1" or "http:x" from being taken for an address.
        container = av.open(f"file:{name}", metadata_errors="replace", options={"export_xmp": "1"})
    with container:
        yield container


def main_stream(container: InputContainer, path: str) -> VideoStream:
    """The video stream that is the film: the default one, or the first; cover art is none.

    Raises
    ------
    UnsupportedError
        If there is none.
    """
    av = load_av()
    Disposition = av.stream.Disposition
    if container.format.name in STILL or container.format.name.endswith(STILL_SUFFIX):
        raise UnsupportedError(path, "is a picture, not a film", Remedy.USE_COLORIZE, code="picture")
    films = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not films:
        raise UnsupportedError(path, "has no video stream", code="no_video")
    return next((s for s in films if s.disposition & Disposition.default), films[0])


def probe(path: str | Path) -> Film:
    """Read what a film is from its container and its first frame.

    Raises
    ------
    UnreadableError
        If it cannot be read, or holds no frame.
    UnsupportedError
        If it has no video stream, is HDR, has transparency or a matrix that is not known here.
    """
    name = str(path)
    with open_film(path) as container, decoding_errors(name):
        stream = main_stream(container, name)
        if stream.codec_context is None:
            raise UnsupportedError(name, "has a video codec that cannot be decoded", code="no_decoder")
        frame = next(iter(container.decode(stream)), None)
        if frame is None:
            raise UnreadableError(name, "holds no frame that can be decoded", code="no_frames")
        context = stream.codec_context
        tags = _tags(frame, stream)
        if tags[3] in HDR:
            raise UnsupportedError(
                name, f"is HDR ({HDR[tags[3]]}), which is not supported", Remedy.CONVERT_SDR, code="hdr"
            )
        layout = layout_of(name, frame.format, full=tags[1] == 2)
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        streams: dict[str, int] = {}
        for each in container.streams:
            streams[each.type] = streams.get(each.type, 0) + 1
        seconds = None if container.duration is None else container.duration / 1_000_000
        aspect = stream.sample_aspect_ratio
        return Film(
            path=name,
            container=container.format.name,
            codec=context.codec.canonical_name,
            width=frame.width,
            height=frame.height,
            pix_fmt=frame.format.name,
            layout=layout,
            matrix=matrix_of(name, tags[0], frame.height, frame.width, is_rgb=frame.format.is_rgb),
            tags=tags,
            time_base=stream.time_base or 1 / rate,
            rate=rate if rate > 0 else Fraction(25),
            aspect=aspect if aspect else None,
            rotation=_rotation(frame),
            interlaced=context.field_order not in PROGRESSIVE or frame.interlaced_frame,
            frames=stream.frames,
            seconds=seconds,
            streams=streams,
        )


def _tags(frame: VideoFrame, stream: VideoStream) -> tuple[int, int, int, int]:
    """Matrix, range, primaries and transfer: what the frame says, else what the container says."""
    said = (frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc)
    context = stream.codec_context
    outer = (context.colorspace, context.color_range, context.color_primaries, context.color_trc)
    matrix, full, primaries, transfer = (
        int(mine) if int(mine) not in unsaid else int(other)
        for mine, other, unsaid in zip(said, outer, ((2,), (0,), (2, 0), (2, 0)), strict=True)
    )
    if frame.format.name.startswith("yuvj"):
        full = 2
    return matrix, full, primaries, transfer


def _rotation(frame: VideoFrame) -> tuple[int, ...] | None:
    data: Any
    # It calls itself a mapping, but only its iterator works for all kinds of data.
    for data in frame.side_data:
        if data.type.name == "DISPLAYMATRIX":
            return struct.unpack("=9i", bytes(data)[:36])
    return None
