"""Hints: read from JSON, written to it, and drawn for the net."""

import json
from typing import Any

import numpy as np
import pytest
from skimage.color import rgb2lab

from photochrom.engine.hints import BRUSH, MOST_HINTS, Hint, drawn, hints_to_json, parse_hints
from photochrom.engine.models import resolve
from photochrom.engine.options import Options
from photochrom.engine.predict import predict
from photochrom.engine.session import Session

RED, BLUE = Hint(0.25, 0.5, "#c02020"), Hint(0.75, 0.5, "#2040c0")


def test_a_hints_colour_is_scikit_images() -> None:
    expected = rgb2lab(np.array([[[0xA0, 0x60, 0x40]]]) / 255.0)[0, 0, 1:]
    np.testing.assert_allclose(Hint(0, 0, "#A06040").ab, expected, atol=1e-3)


def test_what_is_written_is_read_again() -> None:
    text = json.dumps(hints_to_json([RED, BLUE]))
    assert parse_hints(json.loads(text)) == (RED, BLUE)
    assert parse_hints(json.loads(text)["hints"]) == (RED, BLUE)
    assert parse_hints([]) == ()
    others = (
        Hint(0.1, 0.2, reach="keep"),
        Hint(0, 1, "#102030", "here", 0.05),
        Hint(0, 1, "#102030", "like"),
    )
    assert parse_hints(json.loads(json.dumps(hints_to_json(others)))) == others


def test_a_hint_without_a_reach_is_of_its_thing() -> None:
    (hint,) = parse_hints([{"x": 0.5, "y": 0.5, "color": "#a06040"}])
    assert hint == Hint(0.5, 0.5, "#a06040", "thing", None)
    assert hint.brush == BRUSH
    (kept,) = parse_hints([{"x": 0.5, "y": 0.5, "color": None, "reach": "keep", "radius": None}])
    assert kept == Hint(0.5, 0.5, reach="keep")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (None, "list"),
        ({"hint": []}, "list"),
        ({"hints": {}}, "list"),
        ([{"x": 0, "y": 0}], "hint 1: must have x, y and color"),
        ([{"x": 0, "y": 0, "color": "#fff", "size": 3}], "nothing else"),
        ([{"x": 0, "y": 0, "color": "#000000"}, {"x": 2, "y": 0, "color": "#000000"}], "hint 2: .*between 0"),
        ([{"x": "0", "y": 0, "color": "#000000"}], "numbers"),
        ([{"x": True, "y": 0, "color": "#000000"}], "numbers"),
        ([{"x": float("nan"), "y": 0, "color": "#000000"}], "between 0 and 1"),
        ([{"x": 10**400, "y": 0, "color": "#000000"}], "hint 1"),
        ([{"x": 0, "y": 0, "color": "#fff"}], "#rrggbb"),
        ([{"x": 0, "y": 0, "color": 7}], "#rrggbb"),
        ([{"x": 0, "y": 0, "color": "#000000"}] * (MOST_HINTS + 1), "too many"),
        (
            [{"x": 0, "y": 0, "color": "#000000", "reach": "all"}],
            "hint 1: .*here, thing, like, keep, got 'all'",
        ),
        ([{"x": 0, "y": 0, "color": "#000000", "reach": ["here"]}], "hint 1: .*reach"),
        ([{"x": 0, "y": 0, "color": "#000000", "reach": "keep"}], "hint 1: .*no color"),
        ([{"x": 0, "y": 0, "reach": "like"}], 'only the reach "keep" has no color'),
        ([{"x": 0, "y": 0, "color": "#000000", "radius": 0.1}], "hint 1: only .*here"),
        ([{"x": 0, "y": 0, "color": "#000000", "reach": "here", "radius": 0}], "hint 1: .*above 0"),
        ([{"x": 0, "y": 0, "color": "#000000", "reach": "here", "radius": True}], "numbers"),
    ],
)
def test_what_is_no_hint_is_named(data: Any, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        parse_hints(data)


def test_options_take_no_more_hints_than_there_may_be() -> None:
    with pytest.raises(ValueError, match="at most"):
        Options(hints=(RED,) * (MOST_HINTS + 1))


def test_hints_are_drawn_as_whole_squares() -> None:
    plane = drawn([RED, Hint(1.0, 0.0, "#20c020"), Hint(0.5, 0.5, reach="keep"), BLUE], (128, 256))
    side = round(7 / 256 * (128 * 256) ** 0.5)
    assert plane.shape == (1, 3, 128, 256)
    assert plane[0, 2].sum() == 3 * side * side
    np.testing.assert_allclose(plane[0, :2, 64, 64], RED.ab)
    np.testing.assert_allclose(plane[0, :2, 64, 192], BLUE.ab)
    assert plane[0, 2, 0, 255] == 1  # at the corner, not beyond it
    assert (plane[0, :2, plane[0, 2] == 0] == 0).all()


def test_a_tiny_picture_has_room_for_a_hint() -> None:
    assert drawn([Hint(1, 1, "#ff0000")], (1, 1))[0, 2].sum() == 1


def test_a_net_that_takes_hints_is_given_them(astronaut: np.ndarray) -> None:
    session = Session(resolve("photochrom"), threads=1)
    fed: list[dict[str, Any]] = []
    honest = session._session

    class Taking:
        def run(self, names: list[str], feed: dict[str, Any]) -> Any:
            fed.append(dict(feed))
            return honest.run(names, {k: v for k, v in feed.items() if k != "hints"})

    session._session, session.takes_hints = Taking(), True
    session._inputs["hints"] = "hints"
    luma = np.ascontiguousarray(astronaut[::4, ::4] @ np.float32([0.299, 0.587, 0.114])) / np.float32(255)
    predict(session, luma, Options(hints=(RED,)))
    predict(session, luma, Options())
    np.testing.assert_array_equal(fed[0]["hints"], drawn((RED,), fed[0]["lightness"].shape[2:]))
    assert not fed[1]["hints"].any()
