"""Hints: read, drawn for the net, and met by the colours that follow them."""

import json
from typing import Any

import numpy as np
import pytest
from skimage.color import rgb2lab

from photochrom.engine.hints import MOST_HINTS, Hint, apply_hints, drawn, hints_to_json, parse_hints
from photochrom.engine.models import resolve
from photochrom.engine.options import Options
from photochrom.engine.predict import predict
from photochrom.engine.resize import resized
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
    ],
)
def test_what_is_no_hint_is_named(data: Any, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        parse_hints(data)


def test_options_take_no_more_hints_than_there_may_be() -> None:
    with pytest.raises(ValueError, match="at most"):
        Options(hints=(RED,) * (MOST_HINTS + 1))


def test_hints_are_drawn_as_whole_squares() -> None:
    plane = drawn([RED, Hint(1.0, 0.0, "#20c020"), BLUE], (128, 256))
    side = round(7 / 256 * (128 * 256) ** 0.5)
    assert plane.shape == (1, 3, 128, 256)
    assert plane[0, 2].sum() == 3 * side * side
    np.testing.assert_allclose(plane[0, :2, 64, 64], RED.ab)
    np.testing.assert_allclose(plane[0, :2, 64, 192], BLUE.ab)
    assert plane[0, 2, 0, 255] == 1  # at the corner, not beyond it
    assert (plane[0, :2, plane[0, 2] == 0] == 0).all()


def test_a_tiny_picture_has_room_for_a_hint() -> None:
    assert drawn([Hint(1, 1, "#ff0000")], (1, 1))[0, 2].sum() == 1


def test_colours_meet_hints_and_stay_elsewhere() -> None:
    luma = np.full((32, 64), 0.5, np.float32)
    luma[:, 32:] = 0.9
    ab = np.zeros((32, 64, 2), np.float32)
    moved = apply_hints(ab, luma, (RED,))
    np.testing.assert_allclose(moved[16, 16], RED.ab, atol=0.05 * np.abs(RED.ab).max())
    # Beyond the edge in luma little, and far away almost nothing.
    assert np.hypot(*moved[16, 40]) < 0.3 * np.hypot(*moved[16, 24])
    assert np.hypot(*moved[0, 63]) < 0.1 * np.hypot(*moved[16, 16])
    assert apply_hints(ab, luma, ()) is ab


def test_colours_follow_what_was_learned() -> None:
    """Two objects side by side that luma and colour do not tell apart."""
    luma, ab = np.full((32, 64), 0.5, np.float32), np.zeros((32, 64, 2), np.float32)
    affinity = np.zeros((32, 64, 4), np.float32)
    affinity[:, 32:, 1] = 20
    affinity[..., 3] = 1
    affinity[:8, :32, 3] = 0.5  # the first one's upper quarter is less in doubt
    moved = apply_hints(ab, luma, (RED,), affinity)
    assert np.hypot(*moved[16, 31]) > 0.8 * np.hypot(*moved[16, 16])
    assert np.hypot(*moved[16, 32]) < 0.02 * np.hypot(*moved[16, 16])
    assert np.hypot(*moved[7, 16]) == pytest.approx(0.5 * np.hypot(*moved[8, 16]), rel=0.03)
    # It is met where the net was sure as well.
    sure = apply_hints(ab, luma, (Hint(RED.x, 0.05, RED.color),), affinity)
    np.testing.assert_allclose(sure[1, 16], RED.ab, atol=0.05 * np.abs(RED.ab).max())


def test_hints_at_one_place_meet_in_the_middle() -> None:
    luma, ab = np.full((8, 8), 0.5, np.float32), np.zeros((8, 8, 2), np.float32)
    moved = apply_hints(ab, luma, (RED, Hint(RED.x, RED.y, BLUE.color)))
    np.testing.assert_allclose(moved[4, 2], (RED.ab + BLUE.ab) / 2, atol=1)


@pytest.mark.parametrize("quality", ["balanced", "best"])
def test_the_default_model_meets_hints(astronaut: np.ndarray, quality: Any) -> None:
    session = Session(resolve("photochrom"), threads=1)
    luma = np.ascontiguousarray(astronaut[::2, ::2] @ np.float32([0.299, 0.587, 0.114])) / np.float32(255)
    hints = (Hint(0.1, 0.8, "#207030"), Hint(0.85, 0.2, "#703080"))
    (plain,) = predict(session, luma, Options(quality=quality))
    for colours in predict(session, luma, Options(quality=quality, hints=hints, candidates=2)):
        for hint in hints:
            row, column = int(hint.y * colours.ab.shape[0]), int(hint.x * colours.ab.shape[1])
            assert np.hypot(*(plain.ab[row, column] - hint.ab)) > 10
            assert np.hypot(*(colours.ab[row, column] - hint.ab)) < 3


def test_a_net_without_affinity_follows_hints_all_the_same(astronaut: np.ndarray) -> None:
    session = Session(resolve("photochrom"), threads=1)
    luma = np.ascontiguousarray(astronaut[::4, ::4] @ np.float32([0.299, 0.587, 0.114])) / np.float32(255)
    (learned,) = predict(session, luma, Options(hints=(RED,)))
    session.has_affinity = False
    (colours,) = predict(session, luma, Options(hints=(RED,)))
    assert (learned.affinity is None, colours.affinity is None) == (False, True)
    assert np.abs(learned.ab - colours.ab).max() > 5
    (plain,) = predict(session, luma, Options())
    np.testing.assert_array_equal(colours.ab, apply_hints(plain.ab, resized(luma, plain.ab.shape), (RED,)))
    at = colours.ab[int(0.5 * colours.ab.shape[0]), int(0.25 * colours.ab.shape[1])]
    assert np.hypot(*(at - RED.ab)) < 3


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
