"""Shots: the guide of a frame, which frames are predicted, and how a shot is divided."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data

from photochrom.color.ycbcr import BT601, Range
from photochrom.engine.models import resolve
from photochrom.engine.options import Options
from photochrom.engine.session import Session
from photochrom.engine.shots import ShotColorizer, guide_of, pieces
from photochrom.engine.temporal import Coherence, flow_shape

GREY = skimage.data.camera()[::4, ::4].astype(np.uint8)


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(resolve("photochrom"), threads=1)


@pytest.mark.parametrize("held", [Range(8, True), Range(8), Range(10), Range(12, True)])
def test_a_guide_is_in_full_range_whatever_the_film_holds(held: Range) -> None:
    levels = np.linspace(0, 255, 256).reshape(16, 16)
    # ITU-R BT.601: black at 16 and white at 235 of 8 bits, or all levels.
    scale = 2 ** (held.bits - 8)
    limited = (16 + levels / 255 * 219) * scale
    luma = levels / 255 * (2**held.bits - 1) if held.full else limited
    guide = guide_of(np.rint(luma).astype(held.dtype), held)
    assert guide.dtype == np.uint8
    assert np.abs(guide - levels).max() <= 1


def test_a_guide_is_reduced_and_levels_outside_are_cut_off() -> None:
    luma = np.zeros((400, 900), np.uint8)
    luma[:, 450:] = 255
    guide = guide_of(luma, Range(8), 60)
    assert guide.shape == (40, 90)
    assert (guide[0, 0], guide[0, -1]) == (0, 255)


@pytest.mark.parametrize(("start", "stop", "most"), [(0, 1, 5), (3, 20, 5), (7, 107, 48), (0, 10, 10)])
def test_pieces_cover_a_shot_once_and_are_nearly_equal(start: int, stop: int, most: int) -> None:
    found = list(pieces(start, stop, most))
    assert [i for first, last in found for i in range(first, last)] == list(range(start, stop))
    sizes = [last - first for first, last in found]
    assert max(sizes) <= most
    assert max(sizes) - min(sizes) <= 1
    assert len(sizes) == -(-(stop - start) // most)


def test_key_frames_alone_are_predicted_and_each_once(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    coherence = Coherence(every=3)
    shots = ShotColorizer(session, Options(size=64), coherence, BT601)
    runs = []
    whole = session.run
    monkeypatch.setattr(session, "run", lambda *given, **more: runs.append(1) or whole(*given, **more))
    guides = [GREY] * 7
    found = shots.colors("a", guides, 0, range(7))
    assert len(runs) == 3  # frames 0, 3 and 6
    assert [colors.shape for colors in found] == [(*flow_shape(GREY.shape, coherence.side), 2)] * 7
    assert all(np.abs(colors).max() <= 0.5 for colors in found)
    # Still frames of one prediction have one colour.
    assert max(float(np.abs(colors - found[0]).max()) for colors in found) < 1e-3
    shots.colors("a", guides[:4], 3, range(4))  # frames 3 to 6: both are known
    assert len(runs) == 3
    shots.colors("b", guides[:1], 0, range(1))
    assert len(runs) == 4


def test_coefficients_of_one_chroma_give_it_back(session: Session) -> None:
    shots = ShotColorizer(session, Options(size=64), Coherence(), BT601)
    chroma = np.broadcast_to(np.float32([0.1, -0.2]), (32, 32, 2)).copy()
    coefficients = shots.coefficients(chroma, GREY)
    assert coefficients.shape[0] == 4
    # A constant is fitted without the luma: slopes of 0, and the constant itself.
    ends = sorted(float(plane.mean()) for plane in coefficients)
    np.testing.assert_allclose(ends, [-0.2, 0, 0, 0.1], atol=1e-4)
    assert max(float(np.ptp(plane)) for plane in coefficients) < 1e-3
