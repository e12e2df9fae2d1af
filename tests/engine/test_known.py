"""Known colours of one frame, and the other frames of its shot."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from skimage.color import rgb2lab

from photochrom.color.propagation import propagated
from photochrom.engine.hints import Hint
from photochrom.engine.known import Prediction, agreement, from_hints, from_picture, spread

RED = Hint(0.25, 0.5, "#c02020")


def prediction(swapped: bool = False, learned: bool = True) -> Prediction:
    """Two halves that neither look alike nor have alike coordinates; `swapped`, they have changed places."""
    half = np.repeat([0.0, 1.0] if not swapped else [1.0, 0.0], 16)
    plane = np.broadcast_to(half.astype(np.float32), (24, 32))
    ab = np.stack([10 - 20 * plane, np.full_like(plane, 5)], -1)
    affinity = np.stack([8 * plane, np.ones_like(plane)], -1) if learned else None
    return Prediction(ab, 0.3 + 0.4 * plane, affinity)


@pytest.mark.parametrize("learned", [True, False])
def test_in_its_own_frame_a_hint_spreads_to_all_that_is_like_its_place(learned: bool) -> None:
    hints = (RED, Hint(0.9, 0.1, "#2040c0"))
    frame = prediction(learned=learned)
    found = spread(frame, 7, [from_hints(7, frame, hints)], 0.9)
    ab, affinity = (None if x is None else x.transpose(2, 0, 1)[None] for x in (frame.ab, frame.affinity))
    at = np.array([[12 * 32 + 8, 2 * 32 + 28]])
    known = np.stack([hint.ab for hint in hints])[None]
    expected = propagated(ab, frame.luma[None, None], at, known, affinity)[0].transpose(1, 2, 0)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_what_has_moved_to_the_other_side_keeps_the_colour_of_the_hint() -> None:
    known = from_hints(0, prediction(), [RED])
    later = prediction(swapped=True)
    change = np.hypot(*np.moveaxis(spread(later, 40, [known], 0.9) - later.ab, -1, 0))
    wanted = float(np.hypot(*(RED.ab - prediction().ab[0, 0])))
    assert change[:, 16:].mean() > 0.9 * wanted
    assert change[:, :16].mean() < 0.2 * wanted


def test_without_known_colours_nothing_changes() -> None:
    frame = prediction()
    assert spread(frame, 0, [], 0.9) is frame.ab


def test_a_key_frame_gives_its_own_colours_where_it_shows_the_same() -> None:
    rgb = skimage.data.astronaut()[::4, ::4]
    luma = np.float32(rgb @ [0.299, 0.587, 0.114] / 255)
    frame = Prediction(np.zeros((128, 128, 2), np.float32), luma, None)
    other = rgb.copy()
    other[:, 64:] = 255 - other[:, 64:]
    known = from_picture(3, frame, other)
    assert known.picture is not None
    truth = rgb2lab(rgb)[..., 1:]
    np.testing.assert_allclose(known.picture[:, :64], truth[:, :64], atol=0.05)
    # Only mid greys have the same luma in the negative.
    same = np.abs(luma[:, 64:] - (1 - luma[:, 64:])) < 0.1
    assert np.all(known.picture[:, 64:][~same & (np.abs(2 * luma[:, 64:] - 1) > 0.15)] == 0)
    assert 128 <= len(known.known) < 256


def test_agreement_is_the_correlation_of_luma() -> None:
    rgb = skimage.data.astronaut()[::4, ::4]
    grey = np.rint(rgb @ [0.299, 0.587, 0.114]).astype(np.uint8)
    assert agreement(rgb, grey) > 0.999
    assert agreement(rgb, 255 - grey) < -0.999
    assert agreement(255 - rgb // 2, grey) < -0.99
    assert abs(agreement(skimage.data.coffee(), grey)) < 0.5
    assert agreement(np.zeros((9, 9, 3), np.uint8), grey) == 0
    expected = np.corrcoef(grey[::-1].reshape(-1), grey.reshape(-1))[0, 1]
    assert agreement(rgb[::-1], grey) == pytest.approx(expected, abs=0.01)
