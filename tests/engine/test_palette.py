"""What looks alike gets one colour, and nothing else changes."""

from __future__ import annotations

import numpy as np

from photochrom.engine.palette import precision, share_palette


def frame(colours: list[float], likeness: list[float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    ab = np.zeros((8, 8 * len(colours), 2), np.float32)
    affinity = np.ones((8, 8 * len(colours), 2), np.float32)
    for i, (colour, like) in enumerate(zip(colours, likeness, strict=True)):
        ab[:, 8 * i : 8 * i + 8, 0] = colour
        affinity[:, 8 * i : 8 * i + 8, 0] = like
    return ab, np.full(ab.shape[:2], 0.5, np.float32), affinity


def test_a_coat_that_drifts_is_drawn_together_and_a_lawn_stays() -> None:
    shared = share_palette({0: frame([20, -30], [0, 9]), 6: frame([28, -30], [0, 9])})
    coats = [float(shared[key][:, :8, 0].mean()) for key in (0, 6)]
    assert coats[1] - coats[0] < 4
    assert abs(sum(coats) / 2 - 24) < 0.5
    assert all(np.allclose(shared[key][:, 8:, 0], -30, atol=0.1) for key in (0, 6))


def test_one_flat_frame_stays_as_it_is() -> None:
    ab, luma, affinity = frame([15], [0])
    assert np.allclose(share_palette({0: (ab, luma, affinity)})[0], ab, atol=1e-3)


def test_unlike_things_of_like_colour_do_not_meet() -> None:
    shared = share_palette({0: frame([20], [0]), 6: frame([28], [9])})
    assert np.allclose(shared[0][..., 0], 20, atol=0.1)
    assert np.allclose(shared[6][..., 0], 28, atol=0.1)


def test_colours_that_the_model_is_sure_of_draw_the_others() -> None:
    sure, unsure = frame([20], [0]), frame([28], [0])
    sure[2][..., -1], unsure[2][..., -1] = 0.5, 2.0  # of four times the deviation: a sixteenth of the weight
    shared = share_palette({0: sure, 6: unsure})
    mean = (16 * 20 + 28) / 17
    assert float(shared[6][..., 0].mean()) < 28 - 0.6 * (28 - mean)
    assert abs(float(shared[0][..., 0].mean()) - 20) < 0.7 * (mean - 20) + 0.01
    assert share_palette({0: sure})[0].shape == (8, 8, 2)


def test_precision_is_the_inverse_of_the_variance_within_bounds() -> None:
    amplitude = np.float32([[0.0, 0.1, 1, 2, 100]])
    affinity = np.stack([np.zeros_like(amplitude), amplitude], -1)
    np.testing.assert_allclose(precision(affinity), [[20, 20, 1, 0.25, 0.05]])
