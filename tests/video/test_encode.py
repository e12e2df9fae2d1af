"""The Y plane comes back byte for byte; tags and shapes stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photochrom.color.ycbcr import Range
from photochrom.errors import OptionError
from photochrom.video.encode import CODECS, check_encoder, codec_for, deepened, encoder_options, result_layout
from photochrom.video.probe import probe

LAYOUTS = [
    "gray",
    "gray10le",
    "gray12le",
    "yuv420p",
    "yuv422p",
    "yuv444p",
    "yuv420p10le",
    "yuv422p10le",
    "yuv444p10le",
    "yuv420p12le",
]


@pytest.mark.parametrize("pix_fmt", LAYOUTS)
def test_luma_of_a_lossless_result_is_the_films_own(
    films: Any, recolour: Any, tmp_path: Path, pix_fmt: str
) -> None:
    source = films.make("in.mkv", "-c:v", "ffv1", pix_fmt=pix_fmt)
    result = recolour(source, tmp_path / "out.mkv", "ffv1", parts=2)
    assert films.luma_sums(result) == films.luma_sums(source)
    stream = films.stream(result)
    assert stream["pix_fmt"] == pix_fmt.replace("gray", "yuv420p")


@pytest.mark.parametrize("full", ["tv", "pc"])
def test_luma_of_both_ranges_is_the_films_own(films: Any, recolour: Any, tmp_path: Path, full: str) -> None:
    source = films.make("in.mkv", "-c:v", "ffv1", "-color_range", full)
    result = recolour(source, tmp_path / "out.mkv", "ffv1")
    assert films.luma_sums(result) == films.luma_sums(source)
    assert films.stream(result)["color_range"] == full
    assert probe(source).range.full == (full == "pc")


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_colour_tags_and_aspect_stay(films: Any, recolour: Any, tmp_path: Path, suffix: str) -> None:
    tags = ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"]
    source = films.make(f"in{suffix}", "-c:v", "libx264", *tags, "-vf", "setsar=16/15", size="64x48")
    result = recolour(source, tmp_path / f"out{suffix}")
    keys = ("color_primaries", "color_transfer", "color_space", "color_range", "sample_aspect_ratio")
    before, after = (films.stream(p) for p in (source, result))
    assert [after[key] for key in keys] == ["bt709", "bt709", "bt709", "tv", "16:15"]
    assert [before[key] for key in keys] == [after[key] for key in keys]


def test_a_film_that_does_not_say_its_matrix_gets_the_one_its_colours_have(
    films: Any, recolour: Any, tmp_path: Path
) -> None:
    source = films.make("in.mkv", "-c:v", "libx264", size="64x48")
    assert "color_space" not in films.stream(source)
    result = recolour(source, tmp_path / "out.mkv")
    # Up to 576 lines players take BT.601.
    assert films.stream(result)["color_space"] == "smpte170m"


@pytest.mark.parametrize(
    ("codec", "name", "pix_fmt"),
    [("h265", "hevc", "yuv420p"), ("av1", "av1", "yuv420p"), ("prores", "prores", "yuv422p10le")],
)
def test_codecs(films: Any, recolour: Any, tmp_path: Path, codec: str, name: str, pix_fmt: str) -> None:
    if codec == "av1":
        source = films.make("in.mkv", "-c:v", "libx264", size="128x96", frames=5)
    else:
        source = films.make("in.mkv", "-c:v", "libx264", size="64x48", frames=5)
    film = probe(source)
    result = tmp_path / "out.mkv"
    layout = result_layout(film, codec)
    assert layout.pix_fmt == pix_fmt
    from photochrom.video.encode import SegmentWriter

    result.touch()
    writer = SegmentWriter(result, film, codec, layout)
    across, down = layout.subsampling
    chroma = np.full((film.height // down, film.width // across), layout.range.neutral, layout.range.dtype)
    for time in range(5):
        writer.write(np.full((film.height, film.width), 90, np.uint8), (chroma, chroma), 40 * time)
    writer.close()
    stream = films.stream(result)
    assert (stream["codec_name"], stream["pix_fmt"], stream["nb_read_frames"]) == (name, pix_fmt, "5")


def test_deeper_luma_is_the_same_grey() -> None:
    levels = np.arange(256, dtype=np.uint8)
    # BT.2100, note to table 9: limited-range values of more bits are those of 8 bits, shifted.
    assert (deepened(levels, Range(8), Range(10)) == levels.astype(int) * 4).all()
    full = deepened(levels, Range(8, full=True), Range(10, full=True))
    assert (full == np.round(levels / 255 * 1023)).all()
    assert deepened(levels, Range(8), Range(8)) is levels


def test_unknown_codec_is_named(films: Any) -> None:
    film = probe(films.make("in.mkv", "-c:v", "ffv1"))
    with pytest.raises(OptionError, match=r"codec must be one of h264, h265, av1, ffv1, prores, got 'vp6'"):
        codec_for(film, "vp6")


def test_films_keep_their_codec_where_it_can_be_encoded(films: Any) -> None:
    assert codec_for(probe(films.make("a.mkv", "-c:v", "ffv1")), None) == "ffv1"
    assert codec_for(probe(films.make("b.mkv", "-c:v", "mpeg4")), None) == "h264"
    assert codec_for(probe(films.make("c.avi", "-c:v", "huffyuv", pix_fmt="yuv422p")), None) == "ffv1"


@pytest.mark.parametrize(
    ("codec", "crf", "preset", "words"),
    [
        ("av1", None, "ultrafast", r"preset of av1 must be one of 0, 1, .*, 13, got 'ultrafast'"),
        ("h264", None, "8", "preset of h264 must be one of ultrafast, .*, placebo, got '8'"),
        ("ffv1", None, "fast", "preset does not fit ffv1, which has none"),
        ("prores", 20, None, "crf does not fit prores, which has none"),
        ("h265", 60, None, "crf of h265 must be at most 51, got 60"),
    ],
)
def test_what_an_encoder_does_not_know_is_one_sentence(
    codec: str, crf: float | None, preset: str | None, words: str
) -> None:
    with pytest.raises(OptionError, match=words):
        check_encoder(codec, crf, preset)


@pytest.mark.parametrize("codec", CODECS)
def test_what_an_encoder_knows_is_taken(codec: str) -> None:
    takes = CODECS[codec]
    check_encoder(codec, takes.crf, takes.preset)


def test_large_frames_look_less_far_ahead_unless_a_preset_is_asked_for() -> None:
    assert "rc-lookahead" not in encoder_options("h264", None, None, 0, 1920 * 1080)
    assert encoder_options("h264", None, None, 0, 3840 * 2160)["rc-lookahead"] == "20"
    assert "rc-lookahead" not in encoder_options("h264", None, "slow", 0, 3840 * 2160)
