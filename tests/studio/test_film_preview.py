"""The first seconds of a film as an animated picture."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from photochrom.engine.models import resolve
from photochrom.engine.options import Options
from photochrom.engine.session import Session
from photochrom.studio.film_preview import first_seconds
from photochrom.video.probe import probe


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(resolve("photochrom"), threads=1)


def test_it_shows_two_seconds_in_colour_and_says_so(films: Any, session: Session) -> None:
    film = probe(films.make("in.mp4", "-c:v", "libx264", frames=60, size="96x64"))
    data = first_seconds(film, session, Options(size=64))
    with Image.open(io.BytesIO(data)) as animation:
        assert (animation.format, animation.size, animation.n_frames) == ("WEBP", (96, 64), 50)
        assert b"compositeWithTrainedAlgorithmicMedia" in animation.info["xmp"]
        frames, ends = [], []
        for frame in ImageSequence.Iterator(animation):
            frames.append(np.asarray(frame.convert("RGB")).astype(int))
            ends.append(frame.info["timestamp"] + frame.info["duration"])
        assert ends[-1] == 2000
    assert min(np.ptp(frame, axis=2).mean() for frame in frames) > 2
    assert np.abs(frames[0] - frames[-1]).mean() > 2


def test_a_film_of_wide_pixels_is_shown_wide(films: Any, session: Session) -> None:
    path = films.make("in.mp4", "-vf", "setsar=2/1", "-c:v", "libx264", frames=3, size="48x48")
    with Image.open(io.BytesIO(first_seconds(probe(path), session, Options(size=64)))) as animation:
        assert animation.size == (48, 24)
