"""The frames of a film in colour: shots, hints, and the order of segments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from photochrom.engine.hints import Hint
from photochrom.engine.models import resolve
from photochrom.engine.options import Options
from photochrom.engine.session import Session
from photochrom.engine.temporal import Coherence
from photochrom.jobs.film_frames import ColorFrames
from photochrom.jobs.film_known import KnownFrame
from photochrom.jobs.film_options import FilmOptions
from photochrom.jobs.film_plan import FilmPlan, make_plan
from photochrom.video.encode import result_layout
from photochrom.video.probe import Film, probe

OPTIONS = FilmOptions(coherence=Coherence(every=4, margin=4))


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(resolve("photochrom"), threads=1)


@pytest.fixture
def source(films: Any, tmp_path: Path) -> Path:
    """Two shots of twelve frames."""
    path = tmp_path / "cut.mkv"
    films.ffmpeg(
        *("-f", "lavfi", "-i", "mandelbrot=s=64x48:r=25:start_scale=0.01,trim=end_frame=12,hue=s=0"),
        *("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25,trim=end_frame=12,hue=s=0,negate"),
        *("-filter_complex", "[0][1]concat", "-c:v", "ffv1", "-pix_fmt", "yuv420p", path),
    )
    return path


def chroma(
    film: Film, plan: FilmPlan, session: Session, parts: list[tuple[int, int]], known: Any = None
) -> NDArray[Any]:
    layout = result_layout(film, "ffv1")
    frames = ColorFrames(film, plan, session, Options(size=64), OPTIONS, layout, 1, known)
    try:
        return np.stack([np.stack(planes) for part in parts for _, planes, _ in frames.frames(*part)])
    finally:
        frames.close()


def test_a_hint_holds_for_its_shot_and_for_no_other(source: Path, session: Session) -> None:
    film = probe(source)
    plan = make_plan(film, {})
    assert plan.shots == (0, 12)
    plain = chroma(film, plan, session, [(0, 12), (12, 24)])
    known = {20: KnownFrame([Hint(0.5, 0.5, "#c02020")])}
    hinted = chroma(film, plan, session, [(0, 12), (12, 24)], known)
    assert np.array_equal(hinted[:12], plain[:12])
    change = np.abs(hinted[12:].astype(int) - plain[12:]).mean((1, 2, 3))
    assert (change > 1).all()


def test_colours_do_not_depend_on_the_segments_done_before(source: Path, session: Session) -> None:
    """A resumed run begins in the middle. It must find what an unbroken run finds."""
    film = probe(source)
    plan = make_plan(film, {})
    known = {2: KnownFrame([Hint(0.2, 0.2, "#2040c0")]), 13: KnownFrame([Hint(0.5, 0.5, "#c02020")])}
    whole = chroma(film, plan, session, [(0, 6), (6, 12), (12, 18), (18, 24)], known)
    for part in ((6, 12), (18, 24)):
        assert np.array_equal(chroma(film, plan, session, [part], known), whole[slice(*part)])
