"""Frames with the film's own Y and other chroma, encoded into a segment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.ycbcr import Range
from photochrom.errors import OptionError, WriteError
from photochrom.files import write_error
from photochrom.video.layout import UNSTATED, Layout, matrix_number
from photochrom.video.probe import Film, load_av
from photochrom.video.read import plane

__all__ = ["CODECS", "Codec", "SegmentWriter", "check_encoder", "codec_for", "result_layout"]


@dataclass(frozen=True, slots=True)
class Codec:
    """An encoder that results may be made with.

    Attributes
    ----------
    encoder : FFmpeg's name of it
    crf : its constant quality where the user does not say: hardly to be told from the source
    preset : its preset where the user does not say
    bits, chroma : what it takes; the best that fits a film is chosen
    presets : the presets that it knows
    most_crf : the largest constant rate factor that it knows
    """

    encoder: str
    crf: int | None
    preset: str | None
    bits: tuple[int, ...] = (8, 10)
    chroma: tuple[str, ...] = ("420", "422", "444")
    presets: tuple[str, ...] = ()
    most_crf: int = 51


X26X = (
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
    "placebo",
)
SVT = tuple(map(str, range(14)))
CODECS = {
    "h264": Codec("libx264", 18, "medium", presets=X26X),
    "h265": Codec("libx265", 20, "medium", bits=(8, 10, 12), presets=X26X),
    "av1": Codec("libsvtav1", 25, "8", chroma=("420",), presets=SVT, most_crf=63),
    "ffv1": Codec("ffv1", None, None, bits=(8, 10, 12)),
    "prores": Codec("prores_ks", None, None, bits=(10,), chroma=("422", "444")),
}
"""By the name on the command line."""
LARGE = 4_000_000
SAME = {"h264": "h264", "hevc": "h265", "av1": "av1", "ffv1": "ffv1", "prores": "prores"}
"""Films in these codecs keep theirs; all others become H.264."""
LOSSLESS = {"rawvideo", "huffyuv", "ffvhuff", "utvideo", "magicyuv", "v210", "png", "r210", "v410", "v308"}
"""Films in these lose nothing so far, and become FFV1."""


def codec_for(film: Film, wanted: str | None) -> str:
    """The codec of a result: what is wanted, else the film's own.

    Raises
    ------
    OptionError
        If there is no codec of that name, or this PyAV was built without its encoder.
    """
    name = wanted or SAME.get(film.codec) or ("ffv1" if film.codec in LOSSLESS else "h264")
    if name not in CODECS:
        raise OptionError("codec", f"must be one of {', '.join(CODECS)}, got {name!r}")
    av = load_av()
    if CODECS[name].encoder not in av.codecs_available:
        raise OptionError("codec", f"this installation of PyAV has no encoder for {name}")
    return name


def check_encoder(codec: str, crf: float | None, preset: str | None) -> None:
    """Check what is asked of an encoder before the film is decoded.

    Raises
    ------
    OptionError
        If the codec has no such preset or constant rate factor.
    """
    takes = CODECS[codec]
    for name, value, default in (("crf", crf, takes.crf), ("preset", preset, takes.preset)):
        if value is not None and default is None:
            raise OptionError(name, f"does not fit {codec}, which has none")
    if crf is not None and crf > takes.most_crf:
        raise OptionError("crf", f"of {codec} must be at most {takes.most_crf}, got {crf:g}")
    if preset is not None and preset not in takes.presets:
        raise OptionError("preset", f"of {codec} must be one of {', '.join(takes.presets)}, got {preset!r}")


def result_layout(film: Film, codec: str) -> Layout:
    """The layout of a result: the film's own with colour, or the nearest one that the codec takes."""
    takes = CODECS[codec]
    layout = film.layout.with_colour()
    bits = next((b for b in takes.bits if b >= layout.range.bits), takes.bits[-1])
    chroma = layout.chroma if layout.chroma in takes.chroma else takes.chroma[0]
    return Layout(Range(bits, layout.range.full), chroma, layout.centred)


class SegmentWriter:
    """Encodes a run of frames into a Matroska file that `photochrom.video.remux` can join with others.

    Matroska holds milliseconds, and a film's ticks may be finer. So a segment holds the number of each frame as its
    time, `step` milliseconds apart, and joining puts the film's own times in.

    Parameters
    ----------
    path : an existing, empty file
    codec : a name of `CODECS`
    layout : see `result_layout`
    crf, preset : as FFmpeg means them; None is the codec's own default
    threads : of the encoder; 0 is its own choice
    """

    FIRST = 64
    """The number of the first frame: decoding times come before it and must not be negative."""
    STEP = 20

    def __init__(
        self,
        path: Path,
        film: Film,
        codec: str,
        layout: Layout,
        *,
        crf: float | None = None,
        preset: str | None = None,
        threads: int = 0,
    ) -> None:
        av = load_av()
        self._path, self._film, self._layout = path, film, layout
        self._none = av.video.frame.PictureType.NONE
        self._errors = av.error.FFmpegError
        self._container = av.open(str(path), "w", format="matroska")
        takes = CODECS[codec]
        options = encoder_options(codec, crf, preset, threads, film.width * film.height)
        rate = film.rate.limit_denominator(1001 * 1000)
        stream = self._container.add_stream(takes.encoder, rate=rate, options=options)
        context = stream.codec_context
        context.thread_count = threads
        context.width, context.height, context.pix_fmt = film.width, film.height, layout.pix_fmt
        # The encoder spreads bits by the film's own times.
        context.time_base = film.time_base
        context.framerate = rate
        context.colorspace, context.color_range, context.color_primaries, context.color_trc = result_tags(
            film
        )
        if film.aspect is not None:
            context.sample_aspect_ratio = film.aspect
        self._stream, self._context = stream, context
        self._numbers: dict[int, int] = {}
        self._packets = 0
        self.delay = 0
        """By how many frames decoding runs ahead, at most: what joining needs for decoding times."""

    def write(self, luma: NDArray[Any], chroma: tuple[NDArray[Any], NDArray[Any]], time: int) -> None:
        """Encode a frame: its Y plane as it is, and chroma planes of the layout.

        Raises
        ------
        WriteError
            If the encoder or the disk refuses.
        """
        av = load_av()
        frame = av.VideoFrame(self._film.width, self._film.height, self._layout.pix_fmt)
        for index, values in enumerate((deepened(luma, self._film.range, self._layout.range), *chroma)):
            np.copyto(plane(frame, index, self._layout), values)
        frame.pts, frame.time_base = time, self._film.time_base
        frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc = result_tags(self._film)
        self._numbers[time] = len(self._numbers)
        with self._refusals():
            self._mux(self._context.encode(frame))

    def close(self) -> None:
        """Encode what the encoder still holds, and end the file."""
        with self._refusals():
            self._mux(self._context.encode(None))
            self._container.close()

    def abandon(self) -> None:
        """Close the file without an end; it is of no use."""
        try:
            self._container.close()
        except self._errors:
            return

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            number = self._numbers[packet.pts]
            self.delay = max(self.delay, self._packets - number)
            packet.stream = self._stream
            packet.time_base = Fraction(1, 1000)
            packet.pts = (number + self.FIRST) * self.STEP
            packet.dts = self._packets * self.STEP
            packet.duration = self.STEP
            self._packets += 1
            self._container.mux(packet)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:  # a full disk among them: FFmpeg's errors of the system are such
            raise write_error(self._path, error) from error
        except self._errors as error:
            raise WriteError(str(self._path), f"could not be encoded ({error.strerror})") from error


def encoder_options(
    codec: str, crf: float | None, preset: str | None, threads: int, pixels: int = 0
) -> dict[str, str]:
    """FFmpeg's options of an encoder for frames of so many pixels."""
    takes = CODECS[codec]
    options: dict[str, str] = {}
    if takes.crf is not None:
        options["crf"] = f"{takes.crf if crf is None else crf:g}"
    if takes.preset is not None:
        options["preset"] = takes.preset if preset is None else preset
    if codec == "h264" and preset is None and pixels > LARGE:
        # The preset's 40 frames of 2160p would take half a gigabyte.
        options["rc-lookahead"] = "20"
    if codec == "h265":
        pools = f":pools={threads}" if threads else ""
        options["x265-params"] = f"log-level=none{pools}"
    if codec == "ffv1":
        # Version 3 has a checksum for each slice.
        options |= {"level": "3", "slicecrc": "1", "slices": "4"}
    return options


def result_tags(film: Film) -> tuple[int, int, int, int]:
    """Matrix, range, primaries and transfer of a result: the film's own.

    Where the film does not say its matrix, the result names the one that its colours were made with: a player that
    guesses otherwise would show others. An RGB film becomes Y'CbCr.
    """
    matrix, full, primaries, transfer = film.tags
    if matrix in (0, UNSTATED):
        matrix = matrix_number(film.matrix)
    return matrix, 2 if film.range.full else (full or 0), primaries, transfer


def deepened(luma: NDArray[Any], held: Range, wanted: Range) -> NDArray[Any]:
    """Luma of one depth in another: equal where they are the same, else the level nearest to it."""
    if held == wanted:
        return luma
    if held.full == wanted.full and not held.full and wanted.bits >= held.bits:
        return np.left_shift(luma.astype(np.uint16), wanted.bits - held.bits)
    levels = held.luma(luma) * np.float32(wanted.luma_levels) + np.float32(wanted.black + 0.5)
    return np.asarray(np.clip(levels, 0, (1 << wanted.bits) - 1), wanted.dtype)
