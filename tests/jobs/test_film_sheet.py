"""The contact sheet of a film."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom.engine.models import resolve
from photochrom.engine.session import Session
from photochrom.jobs.film import colorize_film
from photochrom.jobs.film_options import FilmOptions
from photochrom.jobs.film_plan import FilmPlan
from photochrom.jobs.film_sheet import GAP, LABEL, MOST_SHOTS, WIDTH, middles, sheet_path
from photochrom.media import photo, provenance


def plan(shots: tuple[int, ...], frames: int) -> FilmPlan:
    times = np.arange(frames, dtype=np.int64)
    return FilmPlan({}, times, times, shots, ((0, frames),), True, False, 0)


def test_each_shot_is_shown_by_its_middle_frame() -> None:
    assert middles(plan((0, 10, 11), 31)) == [5, 10, 21]


def test_of_many_shots_some_are_shown_from_all_of_the_film() -> None:
    numbers = middles(plan(tuple(range(0, 1000, 4)), 1000))
    assert len(numbers) == MOST_SHOTS
    assert numbers == sorted(set(numbers))
    assert (numbers[0], numbers[-1] > 950) == (2, True)


def test_the_sheet_shows_each_shot_before_and_after(films: Any, tmp_path: Path) -> None:
    source = tmp_path / "cut.mp4"
    films.ffmpeg(
        *("-f", "lavfi", "-i", "mandelbrot=s=64x48:r=25:start_scale=0.01,trim=end_frame=15,hue=s=0"),
        *("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25,trim=end_frame=15,hue=s=0,negate"),
        *("-filter_complex", "[0][1]concat", "-c:v", "libx264", "-pix_fmt", "yuv420p", source),
    )
    session = Session(resolve("photochrom"), threads=1)
    made = colorize_film(source, session, film_options=FilmOptions(preset="ultrafast"), sheet=True)
    assert made.sheet == sheet_path(made.path) == tmp_path / "cut.color.sheet.jpg"
    sheet = np.asarray(Image.open(made.sheet))
    height = WIDTH * 48 // 64
    assert sheet.shape == (height + LABEL, 2 * (2 * WIDTH) + GAP, 3)
    chroma = np.ptp(sheet[:height].astype(int), axis=-1).astype(float)
    for shot in range(2):
        x = shot * (2 * WIDTH + GAP)
        assert chroma[:, x : x + WIDTH - 8].mean() < 1  # JPEG rounds
        assert chroma[:, x + WIDTH + 8 : x + 2 * WIDTH - 8].mean() > 2
    mark = provenance.read(photo.open(made.sheet))
    assert mark is not None
    assert mark.model == "photochrom"
    with pytest.raises(FileNotFoundError):
        (tmp_path / ".cut.color.mp4.photochrom").stat()
