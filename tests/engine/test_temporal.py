"""Averages along the flow, against weights written out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data

from photochrom.engine.temporal import Coherence, average_along_flow, certainty, flow_shape, is_key

GREY = skimage.data.camera()[::8, ::8].astype(np.uint8)


def flat(a: float, b: float = 0.0) -> np.ndarray:
    return np.broadcast_to(np.float32((a, b)), (16, 16, 2)).copy()


def test_still_frames_average_with_weights_that_fall_with_time() -> None:
    predicted = {0: flat(10), 2: flat(40, 5), 4: flat(-20)}
    found = average_along_flow([GREY] * 5, predicted, dict.fromkeys(predicted, 1.0), 0.5)
    for i, colours in enumerate(found):
        weights = np.array([0.5 ** abs(i - key) for key in predicted])
        expected = weights @ np.array([[10, 0], [40, 5], [-20, 0]]) / weights.sum()
        assert np.allclose(colours, expected, atol=1e-3)


def test_a_frame_that_counts_less_pulls_less() -> None:
    found = average_along_flow([GREY] * 2, {0: flat(10), 1: flat(30)}, {0: 1.0, 1: 0.1}, 0.5)
    # Frame 1: 0.5 of frame 0 and 0.1 of its own.
    assert np.allclose(found[1][..., 0], (0.5 * 10 + 0.1 * 30) / 0.6, atol=1e-3)


def test_colours_move_with_what_they_belong_to() -> None:
    big = skimage.data.camera()[::4, ::4].astype(np.uint8)
    frames = [np.ascontiguousarray(np.roll(big, 2 * i, axis=1)) for i in range(5)]
    ab = np.zeros((*big.shape, 2), np.float32)
    ab[:, 40:60, 0] = 50
    found = average_along_flow(frames, {0: ab}, {0: 1.0}, 0.9)
    # After four frames the stripe lies eight pixels further right.
    assert found[4][:, 52:64, 0].mean() > 45
    assert found[4][:, 36:44, 0].mean() < 5


def test_an_uncovered_place_takes_its_colour_from_the_frame_that_sees_it() -> None:
    covered = GREY.copy()
    covered[16:48, 16:48] = 255
    found = average_along_flow([covered, GREY], {0: flat(40), 1: flat(-40)}, {0: 1.0, 1: 1.0}, 0.9)
    inside, outside = found[1][24:40, 24:40, 0].mean(), found[1][:8, :8, 0].mean()
    assert inside < -35  # by itself, as the other frame shows something else here
    assert abs(outside - (0.9 * 40 - 40) / 1.9) < 3


def test_wanted_frames_alone_come_back() -> None:
    whole = average_along_flow([GREY] * 4, {0: flat(1), 3: flat(9)}, {0: 1.0, 3: 1.0}, 0.8)
    part = average_along_flow([GREY] * 4, {0: flat(1), 3: flat(9)}, {0: 1.0, 3: 1.0}, 0.8, range(1, 3))
    assert len(part) == 2
    assert all(np.array_equal(a, b) for a, b in zip(part, whole[1:3], strict=True))


def test_without_decay_frames_between_take_the_nearest_prediction() -> None:
    found = average_along_flow([GREY] * 4, {0: flat(1), 3: flat(9)}, {0: 1.0, 3: 1.0}, 0)
    assert [round(float(x[..., 0].mean())) for x in found] == [1, 1, 9, 9]


def test_a_prediction_may_count_differently_in_each_place() -> None:
    count = np.ones((8, 8), np.float32)
    count[:, 4:] = 3
    found = average_along_flow([GREY] * 2, {0: flat(0), 1: flat(8)}, {0: 1.0, 1: count}, 0.5)
    # Frame 0: its own prediction counts 1, and the next frame's half of its count.
    left, right = found[0][:, :4, 0].mean(), found[0][:, -4:, 0].mean()
    assert left == pytest.approx(8 * 0.5 / 1.5, abs=0.05)
    assert right == pytest.approx(8 * 1.5 / 2.5, abs=0.05)


def test_no_prediction_is_an_error() -> None:
    with pytest.raises(ValueError, match="no frame has a prediction"):
        average_along_flow([GREY], {}, {}, 0.9)


def test_black_frames_count_almost_nothing() -> None:
    assert certainty(np.zeros((8, 8), np.uint8)) == 0.001
    assert certainty(GREY) == 1
    assert 0.001 < certainty((GREY // 8).astype(np.uint8)) < 1


def test_key_frames() -> None:
    assert [i for i in range(10) if is_key(i, 4)] == [0, 4, 8]
    assert all(is_key(i, 1) for i in range(5))


def test_flow_is_found_at_about_the_side_and_never_enlarged() -> None:
    height, width = flow_shape((1080, 1920), 128)
    assert abs(height * width - 128 * 128) < 300
    assert abs(width / height - 16 / 9) < 0.03
    assert flow_shape((48, 64), 128) == (48, 64)


@pytest.mark.parametrize(
    ("name", "value"), [("every", 0), ("every", 25), ("decay", 1.0), ("margin", -1), ("side", 8)]
)
def test_settings_out_of_range(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be between"):
        Coherence(**{name: value})  # type: ignore[arg-type]
