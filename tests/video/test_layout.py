"""How samples lie: FFmpeg's names of formats, the numbers of ITU-T H.273, and FFmpeg's own conversion."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.format import VideoFormat

from photochrom.color.ycbcr import BT601, BT709, BT2020, Matrix, Range
from photochrom.errors import UnsupportedError
from photochrom.video.layout import Layout, converted, layout_of, matrix_number, matrix_of


@pytest.mark.parametrize("chroma", ["420", "422", "444", "gray"])
@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("full", [False, True])
def test_a_layouts_own_format_has_that_layout(chroma: str, bits: int, full: bool) -> None:
    layout = Layout(Range(bits, full), chroma)
    format = VideoFormat(layout.pix_fmt, 64, 64)
    assert {component.bits for component in format.components} == {bits}
    if chroma != "gray":
        assert layout.subsampling == (64 // format.chroma_width(), 64 // format.chroma_height())
        assert layout.with_colour() is layout
    assert layout_of("a.mkv", format, full=full) == layout


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("yuvj420p", Layout(Range(8, True), "420", centred=True)),
        ("nv12", Layout(Range(8), "420")),
        ("yuyv422", Layout(Range(8), "422")),
        ("p010le", Layout(Range(10), "420")),
        ("yuv444p16le", Layout(Range(12), "444")),
        ("yuv420p9le", Layout(Range(10), "420")),
        ("yuv411p", Layout(Range(8), "422")),
        ("rgb24", Layout(Range(8, True), "444", centred=True)),
        ("gbrp10le", Layout(Range(10, True), "444", centred=True)),
        ("pal8", Layout(Range(8, True), "444", centred=True)),
        ("monob", Layout(Range(8), "gray")),
    ],
)
def test_other_formats_become_the_nearest(name: str, layout: Layout) -> None:
    assert layout_of("a.mkv", VideoFormat(name, 64, 64), full=False) == layout


def test_transparency_is_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"a\.mkv: has transparency \(yuva420p\)"):
        layout_of("a.mkv", VideoFormat("yuva420p", 64, 64), full=False)


def test_a_grey_film_gets_420() -> None:
    assert Layout(Range(10, True), "gray").with_colour() == Layout(Range(10, True), "420")


@pytest.mark.parametrize(
    ("number", "matrix"),
    [(1, BT709), (5, BT601), (6, BT601), (9, BT2020), (7, Matrix("SMPTE 240M", 0.212, 0.087))],
)
def test_matrices_have_the_numbers_of_h_273(number: int, matrix: Matrix) -> None:
    assert matrix_of("a.mkv", number, 1080, 1920) == matrix
    assert matrix_of("a.mkv", matrix_number(matrix), 1080, 1920) == matrix


@pytest.mark.parametrize(
    ("width", "height", "matrix"),
    [(720, 576, BT601), (1279, 576, BT601), (1280, 500, BT709), (720, 577, BT709)],
)
def test_an_unstated_matrix_goes_by_the_size(width: int, height: int, matrix: Matrix) -> None:
    assert matrix_of("a.mkv", 2, height, width) == matrix


def test_a_matrix_that_is_not_known_is_named_and_rgb_has_none() -> None:
    assert matrix_of("a.mkv", 0, 48, 64, is_rgb=True) == BT709
    with pytest.raises(UnsupportedError, match=r"a\.mkv: its colour matrix \(number 14\) is not supported"):
        matrix_of("a.mkv", 14, 48, 64)


def test_a_frame_that_is_so_already_is_itself() -> None:
    frame = av.VideoFrame(64, 48, "yuvj420p")
    assert converted(frame, Layout(Range(8, True), "420"), BT601) is frame


@pytest.mark.parametrize("matrix", [BT601, BT709])
def test_rgb_is_converted_by_the_films_matrix_and_keeps_its_time(matrix: Matrix) -> None:
    rgb = np.repeat(np.random.default_rng(0).integers(0, 256, (3, 4, 3), np.uint8), 16, 0).repeat(16, 1)
    frame = av.VideoFrame.from_ndarray(rgb, "rgb24")
    frame.pts, frame.time_base = 7, Fraction(1, 25)
    found = converted(frame, Layout(Range(8, True), "444", centred=True), matrix)
    assert (found.pts, found.time_base, found.format.name) == (7, Fraction(1, 25), "yuv444p")
    luma, cb, cr = found.to_ndarray()
    want = rgb @ np.array([matrix.red, matrix.green, matrix.blue])
    assert np.abs(luma - want).max() <= 2
    assert np.abs(cb - (128 + (rgb[..., 2] - want) / (2 - 2 * matrix.blue))).max() <= 2
    assert np.abs(cr - (128 + (rgb[..., 0] - want) / (2 - 2 * matrix.red))).max() <= 2
