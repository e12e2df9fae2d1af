"""Hints and key frames with their times: read, checked, and brought to frames."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom.engine.hints import Hint
from photochrom.errors import OptionError, UnreadableError, UnsupportedError
from photochrom.jobs.film_known import (
    KeyFrame,
    OpenKeyFrame,
    TimedHint,
    check_times,
    known_frames,
    open_key_frame,
    parse_key_frame,
    parse_timed_hints,
)
from photochrom.jobs.film_plan import FilmPlan
from photochrom.video.probe import Film, probe

POINT = {"x": 0.25, "y": 0.5, "color": "#a06040"}
HINT = Hint(0.25, 0.5, "#a06040")


@pytest.fixture
def film(films: Any) -> Film:
    return probe(films.make("in.mp4", "-c:v", "libx264"))


def plan(film: Film, first: int = 0, count: int = 10, **more: Any) -> FilmPlan:
    tick = round(1 / (film.rate * film.time_base))
    times = 700 + tick * np.arange(first, first + count, dtype=np.int64)
    return FilmPlan({}, times, np.full(count, tick), (0,), ((0, count),), True, False, 0, start=700, **more)


def test_hints_have_times_as_people_write_them() -> None:
    data = {"hints": [POINT | {"time": "0:12.5"}, POINT | {"time": 3}]}
    assert parse_timed_hints(data) == (TimedHint(12.5, HINT), TimedHint(3, HINT))
    assert parse_timed_hints(data["hints"]) == parse_timed_hints(data)
    assert parse_timed_hints([]) == ()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "hints must be a list"),
        ({"hint": []}, "hints must be a list"),
        ([POINT], "hint 1: must have time, x, y and color; a film's hint needs its time"),
        ([POINT | {"time": 1}, 7], "hint 2: must have time"),
        ([POINT | {"time": "soon"}], "hint 1: a time must be seconds or like 0:12.5, got 'soon'"),
        ([POINT | {"time": -1}], "hint 1: a time must be"),
        ([POINT | {"time": 1}, POINT | {"time": 1, "x": 2}], "hint 2: .*between 0 and 1"),
        ([POINT | {"time": 1, "size": 3}], "hint 1: .*nothing else"),
        ([POINT | {"time": 1}] * 501, "too many"),
    ],
)
def test_what_is_no_hint_is_named(data: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_timed_hints(data)


def test_a_key_frame_is_a_file_and_a_time() -> None:
    assert parse_key_frame("my@home.png@1:02") == KeyFrame(62, "my@home.png")
    for wrong in ("key.png", "@0:12", "key.png@", "key.png@soon"):
        with pytest.raises(ValueError, match=r"must be"):
            parse_key_frame(wrong)


def test_a_key_frames_file_is_read_in_colour(tmp_path: Path) -> None:
    rgb = np.zeros((30, 40, 3), np.uint8)
    rgb[..., 0], rgb[:, 20:, 2] = 200, 90
    Image.fromarray(rgb).save(tmp_path / "key.png")
    opened = open_key_frame(KeyFrame(1, str(tmp_path / "key.png")))
    assert np.array_equal(opened.rgb, rgb)
    Image.new("L", (40, 30)).save(tmp_path / "grey.png")
    with pytest.raises(UnsupportedError, match=r"grey\.png: is grey; a key frame must be in colour"):
        open_key_frame(KeyFrame(1, str(tmp_path / "grey.png")))
    with pytest.raises(UnreadableError, match=r"none\.png: there is no such file"):
        open_key_frame(KeyFrame(1, str(tmp_path / "none.png")))


def test_a_time_means_the_frame_that_is_shown_then(film: Film) -> None:
    hints = [TimedHint(time, HINT) for time in (0, 0.039, 0.04, 0.2, 0.399)]
    found = known_frames(film, plan(film), hints, [])
    assert {number: len(frame.hints) for number, frame in found.items()} == {0: 2, 1: 1, 5: 1, 9: 1}


def test_times_behind_the_end_are_one_sentence(film: Film) -> None:
    hints = [TimedHint(0, HINT), TimedHint(0.4, HINT)]
    with pytest.raises(OptionError, match=r"^hint 2 is for 0:00\.4, and .*in\.mp4 ends at 0:00\.4$"):
        known_frames(film, plan(film), hints, [])
    key = OpenKeyFrame(99, "key.png", np.zeros((2, 2, 3), np.uint8), "")
    with pytest.raises(OptionError, match=r"^reference key\.png is for 1:39, and .* ends at 0:00\.4$"):
        check_times(film, hints, [key])
    check_times(film, hints, [])  # the container's length is not exact


def test_what_lies_outside_a_preview_is_left_out(film: Film) -> None:
    part = plan(film, first=3, count=4, whole=False, skipped=3)
    found = known_frames(film, part, [TimedHint(time, HINT) for time in (0, 0.12, 0.2, 0.28, 5)], [])
    assert sorted(found) == [0, 2]


@pytest.mark.parametrize(
    ("turned", "stored"),
    [((1, 0), (0.25, 0.5)), ((0, 1), (0.5, 0.75)), ((-1, 0), (0.75, 0.5)), ((0, -1), (0.5, 0.25))],
)
def test_positions_are_those_of_the_frame_as_it_is_shown(
    film: Film, turned: tuple[int, int], stored: tuple[float, float]
) -> None:
    cos, sin = turned
    matrix = (cos << 16, sin << 16, 0, -sin << 16, cos << 16, 0, 0, 0, 1 << 30)
    shown = replace(film, rotation=matrix)
    rgb = np.zeros((40, 40, 3), np.uint8)
    rgb[20, 10] = 255  # where the hint is
    key = OpenKeyFrame(0, "key.png", rgb, "")
    found = known_frames(shown, plan(film), [TimedHint(0, HINT)], [key])[0]
    assert (found.hints[0].x, found.hints[0].y) == pytest.approx(stored)
    ((_, picture),) = found.pictures
    y, x = np.argwhere(picture[..., 0])[0]
    assert (x, y) == pytest.approx((stored[0] * 40, stored[1] * 40), abs=1)


@pytest.mark.parametrize("more", [{"reach": "here", "color": "#a06040"}, {"reach": "keep"}])
def test_a_reach_that_films_do_not_have_is_refused(more: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="hint 1: a film's hint has no reach"):
        parse_timed_hints([{"time": 1, "x": 0.5, "y": 0.5, **more}])
