"""The sample aspect ratio of Matroska files, as ffprobe reads it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from photochrom.errors import WriteError
from photochrom.video.matroska_aspect import ROOM, write_aspect


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [
        ("ffv1", ".mkv"),
        ("prores", ".mkv"),
        ("prores", ".mov"),
        ("av1", ".mkv"),
        ("av1", ".webm"),
        ("av1", ".mp4"),
        ("h264", ".mkv"),
    ],
)
def test_a_film_keeps_its_aspect_in_every_codec(
    films: Any, recolour: Any, tmp_path: Path, codec: str, suffix: str
) -> None:
    source = films.make("in.mkv", "-vf", "setsar=4/3", "-c:v", "libx264", size="96x64", frames=3)
    result = recolour(source, tmp_path / f"out{suffix}", codec)
    stream = films.stream(result)
    assert (stream["sample_aspect_ratio"], stream["display_aspect_ratio"]) == ("4:3", "2:1")
    assert stream["nb_read_frames"] == "3"


def test_the_name_and_the_colours_of_the_track_stay(films: Any, recolour: Any, tmp_path: Path) -> None:
    tags = ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "pc"]
    source = films.make(
        *("in.mkv", "-vf", "setsar=16/11", "-c:v", "ffv1", "-metadata:s:v:0", "title=At the lake", *tags),
        size="66x50",
        frames=3,
    )
    before, after = films.stream(source), films.stream(recolour(source, tmp_path / "out.mkv", "ffv1"))
    keys = ("sample_aspect_ratio", "color_primaries", "color_transfer", "color_space", "color_range")
    assert [after[key] for key in keys] == [before[key] for key in keys] == ["16:11", *["bt709"] * 3, "pc"]
    assert after["tags"]["title"] == "At the lake"


@pytest.mark.parametrize("aspect", ["10/11", "12/11", "8/9", "64/45", "2/1", "1/2"])
def test_aspects_of_video_are_exact(films: Any, tmp_path: Path, aspect: str) -> None:
    """Those of BT.601: 720 x 480 and 720 x 576 pixels of 4:3 and 16:9."""
    path = films.make("in.mkv", "-metadata:s:v:0", f"title={ROOM}", "-c:v", "ffv1", size="720x528", frames=1)
    length = path.stat().st_size
    write_aspect(path, Fraction(aspect), 720, 528)
    assert path.stat().st_size == length
    stream = films.stream(path)
    assert Fraction(stream["sample_aspect_ratio"].replace(":", "/")) == Fraction(aspect)
    assert "title" not in stream["tags"]


def test_a_file_without_room_is_refused(films: Any) -> None:
    path = films.make("in.mkv", "-c:v", "ffv1", frames=1)
    before = path.read_bytes()
    with pytest.raises(WriteError, match="the sample aspect ratio could not be written"):
        write_aspect(path, Fraction(4, 3), 66, 50)
    assert path.read_bytes() == before
