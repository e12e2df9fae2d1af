"""A film file as shots of frames."""

from typing import Any

import numpy as np
import pytest

from photochrom.bench.film_file import FilmFile


def test_frames_are_those_of_ffmpeg(films: Any) -> None:
    path = films.make("in.mkv", "-c:v", "ffv1", frames=8, size="64x48")
    film = FilmFile(path)
    shots = [list(shot) for shot in film.shots()]
    assert [len(shot) for shot in shots] == [8]
    assert [name for name, _ in shots[0]] == [f"in.mkv {i}" for i in range(8)]
    assert film.rate == pytest.approx(25)
    raw = path.with_suffix(".rgb")
    films.ffmpeg("-i", path, "-pix_fmt", "rgb24", "-f", "rawvideo", raw)
    expected = np.fromfile(raw, np.uint8).reshape(8, 48, 64, 3).astype(int)
    ours = np.stack([frame for _, frame in shots[0]]).astype(int)
    # The two enlarge chroma differently.
    assert np.abs(ours - expected).mean() < 4


def test_a_film_of_short_shots_is_refused(films: Any) -> None:
    path = films.make("short.mkv", "-c:v", "ffv1", frames=3, size="64x48")
    with pytest.raises(ValueError, match="has no shot of at least 5 frames"):
        FilmFile(path)
