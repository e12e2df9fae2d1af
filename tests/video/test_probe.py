"""What a film is, against ffprobe."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from photochrom.color.ycbcr import BT601, BT709, BT2020
from photochrom.errors import UnreadableError, UnsupportedError
from photochrom.video.probe import probe


@pytest.mark.parametrize("name", ["in.mp4", "in.mkv", "in.mov"])
def test_facts_are_ffprobes(films: Any, name: str) -> None:
    sound = ("-f", "lavfi", "-i", "sine=440:d=0.4", "-c:a", "aac")
    path = films.make(name, *sound, "-c:v", "libx264", "-vf", "setsar=16/15", size="64x48")
    film, said = probe(path), films.stream(path)
    assert (film.width, film.height, film.codec, film.pix_fmt) == (64, 48, "h264", said["pix_fmt"])
    assert film.time_base == Fraction(said["time_base"])
    assert film.rate == Fraction(said["avg_frame_rate"])
    assert film.aspect == Fraction(16, 15)
    assert film.streams == {"video": 1, "audio": 1}
    assert not film.interlaced
    assert film.rotation is None


@pytest.mark.parametrize(
    ("space", "size", "matrix"),
    [
        ("bt709", "64x48", BT709),
        ("smpte170m", "64x48", BT601),
        ("bt470bg", "64x48", BT601),
        ("bt2020nc", "64x48", BT2020),
        ("unknown", "64x48", BT601),
        ("unknown", "1280x720", BT709),
    ],
)
def test_matrix(films: Any, space: str, size: str, matrix: Any) -> None:
    path = films.make("in.mkv", "-c:v", "ffv1", "-colorspace", space, size=size, frames=1)
    assert probe(path).matrix == matrix


def test_cover_art_is_not_the_film(films: Any, tmp_path: Path) -> None:
    films.ffmpeg("-f", "lavfi", "-i", "testsrc2=s=32x32", "-frames:v", 1, tmp_path / "cover.png")
    source = films.make("plain.mp4", "-c:v", "libx264", size="64x48")
    path = tmp_path / "in.mp4"
    streams = ("-map", "1", "-map", "0", "-c", "copy", "-disposition:v:0", "attached_pic")
    films.ffmpeg("-i", source, "-i", tmp_path / "cover.png", *streams, path)
    assert (probe(path).width, probe(path).streams) == (64, {"video": 2})


def test_transparency_is_refused(films: Any) -> None:
    path = films.make("in.mkv", "-c:v", "ffv1", pix_fmt="yuva420p", frames=1)
    with pytest.raises(UnsupportedError, match=r"has transparency \(yuva420p\)"):
        probe(path)


def test_a_name_that_looks_like_an_address_is_a_file(films: Any, tmp_path: Path, monkeypatch: Any) -> None:
    films.make("in.mkv", "-c:v", "ffv1", frames=1).rename(tmp_path / "http:x.mkv")
    monkeypatch.chdir(tmp_path)
    assert probe("http:x.mkv").width == 66


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(UnreadableError, match="is a named pipe, not a file"):
        probe(tmp_path / "pipe.mp4")
