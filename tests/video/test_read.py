"""Frames as planes, against ffmpeg's raw output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photochrom.errors import UnreadableError
from photochrom.video.probe import probe
from photochrom.video.read import Damage, FrameReader, is_film, read_frames


def raw(films: Any, path: Path, pix_fmt: str) -> np.ndarray:
    target = path.with_suffix(".raw")
    films.ffmpeg("-i", path, "-f", "rawvideo", "-pix_fmt", pix_fmt, target)
    return np.fromfile(target, np.uint8 if not pix_fmt.endswith("le") else np.uint16)


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p10le", "yuv444p", "gray"])
def test_planes_are_ffmpegs(films: Any, pix_fmt: str) -> None:
    path = films.make("in.mkv", "-c:v", "ffv1", pix_fmt=pix_fmt, frames=3)
    film = probe(path)
    planes = []
    for picture in read_frames(film):
        planes += [picture.luma.copy().ravel()]
        planes += [] if picture.chroma is None else [plane.copy().ravel() for plane in picture.chroma]
    assert np.array_equal(np.concatenate(planes), raw(films, path, pix_fmt))


def test_rgb_becomes_full_range_444(films: Any) -> None:
    path = films.make("in.mkv", "-c:v", "ffv1", pix_fmt="gbrp", frames=1)
    film = probe(path)
    assert (film.layout.pix_fmt, film.range.full) == ("yuv444p", True)
    (picture,) = read_frames(film)
    grey = raw(films, path, "gray")
    assert np.abs(picture.luma.ravel().astype(int) - grey).max() <= 2


@pytest.mark.parametrize("number", [0, 3, 70, 99, 98, 150, 10])
def test_any_frame_is_the_one_of_reading_in_order(films: Any, number: int) -> None:
    path = films.make("in.mp4", "-c:v", "libx264", "-g", "20", "-bf", "2", frames=160, size="64x48")
    film = probe(path)
    pictures = [(picture.luma.copy(), picture.time) for picture in read_frames(film)]
    times = np.array([time for _, time in pictures], np.int64)
    for seekable in (True, False):
        reader = FrameReader(film, times, seekable=seekable)
        reader.get(5)
        assert np.array_equal(reader.get(number).luma, pictures[number][0])
        assert np.array_equal(reader.get(number + 1).luma, pictures[number + 1][0])
        reader.close()


def test_a_frame_that_is_gone_is_an_error(films: Any) -> None:
    path = films.make("in.mp4", "-c:v", "libx264", frames=3, size="64x48")
    reader = FrameReader(probe(path), np.arange(9, dtype=np.int64), seekable=False)
    with pytest.raises(UnreadableError, match="frame 8 can no longer be decoded"):
        reader.get(8)


def test_the_last_frames_come_too(films: Any) -> None:
    path = films.make("in.mp4", "-c:v", "libx264", "-bf", "3", frames=24, size="64x48")
    damage = Damage()
    assert len(list(read_frames(probe(path), damage=damage))) == 24
    assert damage.packets == 0


def test_is_film(films: Any, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no film")
    assert is_film(films.make("in.mp4", "-c:v", "libx264", frames=1, size="64x48"))
    assert not is_film(tmp_path / "text.mp4")
    assert not is_film(tmp_path / "none.mp4")
