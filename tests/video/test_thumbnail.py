"""Small pictures of frames, against ffmpeg's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom.video.probe import probe
from photochrom.video.read import read_frames
from photochrom.video.thumbnail import shown_size, thumbnail, turns, upright


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_thumbnail_is_what_ffmpeg_shows(films: Any, tmp_path: Path, degrees: int) -> None:
    flat, path, shown = tmp_path / "flat.mp4", tmp_path / "in.mp4", tmp_path / "shown.png"
    films.ffmpeg(
        *("-f", "lavfi", "-i", "smptebars=s=64x48:r=25,format=yuv420p", "-frames:v", 1),
        *("-colorspace", "bt470bg", "-c:v", "libx264", "-crf", 1, flat),
    )
    films.ffmpeg("-i", flat, "-c", "copy", "-metadata:s:v:0", f"rotate={degrees}", path)
    films.ffmpeg("-i", path, "-frames:v", 1, shown)  # it turns frames by itself
    film = probe(path)
    (picture,) = read_frames(film)
    size = shown_size(film, 64 if degrees % 180 == 0 else 48)
    assert size == (64, 48)
    found = upright(thumbnail(picture, film, size), film)
    truth = np.asarray(Image.open(shown).convert("RGB"))
    assert found.shape == truth.shape
    # Chroma of 4:2:0 is enlarged in another way at the borders of the bars.
    assert np.median(np.abs(found.astype(int) - truth)) <= 2
    assert np.mean(np.abs(found.astype(int) - truth)) < 6
    assert turns(film) % 2 == degrees // 90 % 2  # ffmpeg turns the other way in some versions


def test_a_frame_of_wide_pixels_is_shown_wide(films: Any) -> None:
    film = probe(films.make("in.mp4", "-vf", "setsar=4/3", "-c:v", "libx264", size="72x60", frames=1))
    assert shown_size(film, 240) == (240, 150)


def test_without_its_colours_a_thumbnail_is_grey(films: Any, tmp_path: Path) -> None:
    path = tmp_path / "in.mkv"
    films.ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25", "-frames:v", 1, "-pix_fmt", "yuv420p", path)
    film = probe(path)
    (picture,) = read_frames(film)
    grey = thumbnail(picture, film, (32, 24), grey=True)
    assert (np.ptp(grey.astype(int), axis=-1) <= 1).all()
    assert np.ptp(thumbnail(picture, film, (32, 24)).astype(int), axis=-1).max() > 100
