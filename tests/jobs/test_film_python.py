"""Films and frames from Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data

from photochrom.engine.hints import Hint
from photochrom.jobs.film_python import colorize_film, colorize_frames

GREY = skimage.data.camera()[::8, ::8].astype(np.uint8)


def test_a_film(films: Any, tmp_path: Path) -> None:
    source = films.make("in.mp4", "-c:v", "libx264", size="64x48", frames=3)
    assert colorize_film(source, tmp_path / "out.mkv", preset="ultrafast") == tmp_path / "out.mkv"
    assert films.stream(tmp_path / "out.mkv")["nb_read_frames"] == "3"
    hint, sheet = (0.08, Hint(0.5, 0.5, "#c02020")), tmp_path / "hint.sheet.jpg"
    colorize_film(source, tmp_path / "hint.mkv", preset="ultrafast", hints=[hint], sheet=True)
    assert films.packets(tmp_path / "hint.mkv", "v:0") != films.packets(tmp_path / "out.mkv", "v:0")
    assert sheet.is_file()
    with pytest.raises(ValueError, match="strength must be between"):
        colorize_film(source, strength=7)
    with pytest.raises(ValueError, match=r"hint 1 is for 0:09, and .* ends at 0:00\.1"):
        colorize_film(source, tmp_path / "b.mkv", hints=[(9, hint[1])])
    with pytest.raises(ValueError, match="candidates of photos do not fit films"):
        colorize_film(source, candidates=3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("count", [1, 2, 90])
def test_frames_come_back_in_order_with_their_luma(count: int, dtype: type) -> None:
    scale = 257 if dtype == np.uint16 else 1
    frames = [np.roll(GREY, i, axis=1).astype(dtype) * dtype(scale) for i in range(count)]
    found = list(colorize_frames(iter(frames), every=24))
    assert len(found) == count
    for frame, rgb in zip(frames, found, strict=True):
        assert rgb.dtype == dtype
        luma = rgb.astype(float) @ (0.299, 0.587, 0.114)
        assert np.abs(luma - frame).max() <= 1
    assert max(float(np.ptp(rgb.astype(int), axis=-1).max()) for rgb in found) > 5 * scale


def test_frames_are_given_back_while_others_still_come() -> None:
    taken = []

    def endless() -> Any:
        for i in range(1000):
            taken.append(i)
            yield GREY

    next(colorize_frames(endless(), every=24))
    assert len(taken) < 80


def test_nothing_flows_across_a_cut() -> None:
    other = np.ascontiguousarray(255 - GREY[::-1])
    alone = list(colorize_frames([GREY] * 12))
    cut = list(colorize_frames([GREY] * 12 + [other] * 12))
    assert all(np.array_equal(a, b) for a, b in zip(alone, cut[:12], strict=True))


def test_no_frames() -> None:
    assert list(colorize_frames([])) == []


def test_frames_of_another_kind() -> None:
    with pytest.raises(ValueError, match=r"give \(H, W\) of uint8 or uint16"):
        next(colorize_frames([np.zeros((4, 4, 3), np.uint8)]))
    with pytest.raises(ValueError, match="after one of"):
        list(colorize_frames([GREY, GREY[:5]]))
