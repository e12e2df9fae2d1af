"""How a film's samples lie in memory: bits, range, chroma size; and what encoders take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from photochrom.color.ycbcr import BT601, BT709, BT2020, Matrix, Range
from photochrom.errors import UnsupportedError

if TYPE_CHECKING:
    from av.video.format import VideoFormat

__all__ = ["Layout", "converted", "layout_of", "matrix_number", "matrix_of"]

FCC = Matrix("FCC", 0.30, 0.11)
SMPTE240M = Matrix("SMPTE 240M", 0.212, 0.087)
MATRICES = {1: BT709, 4: FCC, 5: BT601, 6: BT601, 7: SMPTE240M, 9: BT2020}
"""By the numbers of ITU-T H.273, table 4, which are FFmpeg's too."""
UNSTATED = 2
SUBSAMPLING = {"420": (2, 2), "422": (2, 1), "444": (1, 1)}
BITS = 8, 10, 12


@dataclass(frozen=True, slots=True)
class Layout:
    """The samples of a picture in Y'CbCr, planar.

    Attributes
    ----------
    range : bits and range
    chroma : "420", "422", "444", or "gray" for none
    centred : whether chroma samples lie in the middle of their pixels, as in JPEG; else level with the left column,
        as in MPEG
    """

    range: Range
    chroma: str
    centred: bool = False

    @property
    def pix_fmt(self) -> str:
        """FFmpeg's name of it; the range, which the deprecated yuvj names carry too, is a tag of its own."""
        deep = "" if self.range.bits == 8 else f"{self.range.bits}le"
        return f"gray{deep}" if self.chroma == "gray" else f"yuv{self.chroma}p{deep}"

    @property
    def subsampling(self) -> tuple[int, int]:
        """How many pixels share a chroma sample, across and down."""
        return SUBSAMPLING[self.chroma]

    def with_colour(self) -> Layout:
        """The same with chroma: a grey film becomes 4:2:0."""
        return Layout(self.range, "420", self.centred) if self.chroma == "gray" else self


def layout_of(path: str, format: VideoFormat, *, full: bool) -> Layout:
    """The layout in which frames of FFmpeg's `format` are worked on.

    Formats that are not planar Y'CbCr of 8, 10 or 12 bits become one: RGB becomes 4:4:4, 16 bit becomes 12.

    Raises
    ------
    UnsupportedError
        If it has transparency, which the result could not keep.
    """
    if any(component.is_alpha for component in format.components) and "yuva" in format.name:
        raise UnsupportedError(
            path, f"has transparency ({format.name}), which is not supported", code="alpha"
        )
    bits = max(component.bits for component in format.components)
    bits = next((b for b in BITS if b >= bits), BITS[-1])
    name = format.name
    jpeg = name.startswith("yuvj")
    if name.startswith("gray") or name.startswith("mono"):
        # FFmpeg's grey is full range unless the film says limited.
        return Layout(Range(bits, full), "gray")
    if format.is_rgb or format.has_palette:
        return Layout(Range(bits, True), "444", centred=True)
    across = -(-64 // max(1, format.chroma_width(64)))
    down = -(-64 // max(1, format.chroma_height(64)))
    chroma = "444" if across == 1 and down == 1 else "422" if down == 1 else "420"
    return Layout(Range(bits, full or jpeg), chroma, centred=jpeg)


def matrix_of(path: str, number: int, height: int, width: int, *, is_rgb: bool = False) -> Matrix:
    """The matrix of a film that says `number`.

    Raises
    ------
    UnsupportedError
        If the film says one that is not known here, such as ICtCp.
    """
    if is_rgb:
        return BT709
    if number in MATRICES:
        return MATRICES[number]
    if number == UNSTATED:
        # What players do: mpv takes BT.709 from 1280 columns or more than 576 lines.
        return BT709 if width >= 1280 or height > 576 else BT601
    raise UnsupportedError(path, f"its colour matrix (number {number}) is not supported", code="matrix")


def matrix_number(matrix: Matrix) -> int:
    """FFmpeg's number of a matrix. BT.601 is 6, as in the films of 525 lines and in JPEG."""
    return max(number for number, known in MATRICES.items() if known == matrix)


def converted(frame: Any, layout: Layout, matrix: Matrix) -> Any:
    """The frame in `layout`; itself where it is so already."""
    if frame.format.name in (layout.pix_fmt, layout.pix_fmt.replace("yuv", "yuvj")):
        return frame
    time, base = frame.pts, frame.time_base
    made = frame.reformat(
        format=layout.pix_fmt,
        dst_colorspace=matrix_number(matrix) if frame.format.is_rgb else None,
        dst_color_range=2 if layout.range.full else 1,
    )
    made.pts, made.time_base = time, base
    return made
