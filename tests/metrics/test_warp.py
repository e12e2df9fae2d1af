"""The warp error of pictures whose change is known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage.color import rgb2lab

from photochrom.metrics.warp import WarpError, chroma_warp_error

AB = ndimage.gaussian_filter(np.random.default_rng(0).normal(0, 400, (40, 50, 2)), (4, 4, 0)).astype(
    np.float32
)
STILL = np.zeros((40, 50, 2), np.float32)


def test_still_colours_have_none() -> None:
    assert chroma_warp_error(AB, AB, STILL) == 0


def test_a_change_is_its_distance_in_lab_units() -> None:
    assert chroma_warp_error(AB, AB + np.float32((3, 4)), STILL) == pytest.approx(5, abs=1e-4)


def test_what_moves_along_the_flow_has_none() -> None:
    moved = np.stack([ndimage.shift(AB[..., i], (2, -3), mode="nearest", order=1) for i in range(2)], -1)
    flow = np.broadcast_to(np.float32((-3, 2)), STILL.shape).copy()
    trust = np.zeros((40, 50), np.float32)
    trust[5:-5, 5:-5] = 1
    assert chroma_warp_error(AB, moved, flow, trust) < 1e-3
    assert chroma_warp_error(AB, moved, STILL, trust) > 1


def test_half_a_pixel_is_the_mean_of_two() -> None:
    """Against scipy's spline of order 1."""
    flow = np.broadcast_to(np.float32((0.5, 0.25)), STILL.shape).copy()
    seen = np.stack([ndimage.shift(AB[..., i], (-0.25, -0.5), mode="nearest", order=1) for i in range(2)], -1)
    expected = np.hypot(*np.moveaxis(seen - AB, -1, 0)).mean()
    assert chroma_warp_error(AB, AB, flow) == pytest.approx(expected, rel=0.01)


def test_what_is_not_trusted_does_not_count() -> None:
    trust = np.zeros((40, 50), np.float32)
    assert chroma_warp_error(AB, AB + 10, STILL, trust) == 0
    trust[0, 0] = 0.5
    assert chroma_warp_error(AB, AB + np.float32((10, 0)), STILL, trust) == pytest.approx(10, abs=1e-4)


def whole_pixels(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The flow of a camera that moves one pixel to the right; the last column is not trusted."""
    flow = np.zeros((*first.shape, 2), np.float32)
    flow[..., 0] = -1
    trust = np.ones(first.shape, np.float32)
    trust[:, 0] = 0
    assert first.dtype == second.dtype == np.uint8
    return flow, trust


def frames(count: int, seed: int) -> torch.Tensor:
    wide = torch.rand(3, 12, 16 + count, generator=torch.Generator().manual_seed(seed))
    return torch.stack([wide[..., i : i + 16] for i in range(count)])


def test_a_films_figure_is_the_mean_of_its_pairs_of_frames_and_the_set_s_that_of_its_films() -> None:
    metric = WarpError(whole_pixels)
    pan, other = frames(4, 0), frames(3, 1)
    flicker = other.clone()
    flicker[1] = flicker[1].flip(0)
    metric.update(pan[:2], pan[:2], film=0)
    metric.update(pan[2:], pan[2:], film=0)
    metric.update(flicker, other, film=5)
    labs = [rgb2lab(frame.movedim(0, -1).numpy())[..., 1:] for frame in flicker]
    apart = [np.hypot(*np.moveaxis(b[:, :-1] - a[:, 1:], -1, 0)).mean() for a, b in pairwise(labs)]
    np.testing.assert_allclose(metric.values.numpy(), [0, np.mean(apart)], atol=1e-3)
    assert float(metric.compute()) == pytest.approx(np.mean(apart) / 2, abs=1e-3)
    metric.reset()
    metric.update(flicker[1:], other[1:], film=5)
    assert len(metric.values) == 1


def test_frames_of_another_size_than_the_truth_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        WarpError(whole_pixels).update(frames(2, 0), frames(2, 0)[..., :8])
