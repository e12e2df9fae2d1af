"""CDC against SciPy's Jensen-Shannon distance, frame by frame."""

import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from torch import Tensor

from photochrom.metrics.consistency import CDC, divergence


def film(frames: int, seed: int) -> Tensor:
    """Noise that slowly becomes brighter."""
    generator = torch.Generator().manual_seed(seed)
    levels = torch.rand(frames, 3, 8, 9, generator=generator) ** torch.linspace(2, 1, frames).view(
        -1, 1, 1, 1
    )
    return (levels * 255).round() / 255


def by_scipy(frames: Tensor) -> float:
    levels = (frames * 255).round().long().numpy()
    histograms = [[np.bincount(c.ravel(), minlength=256) / c.size for c in frame] for frame in levels]
    apart = []
    for step in (1, 2, 4):
        pairs = zip(histograms, histograms[step:], strict=False)
        apart.append(np.mean([jensenshannon(p[c], q[c]) ** 2 for p, q in pairs for c in range(3)]))
    return float(np.mean(apart))


def test_against_scipy() -> None:
    films = [film(7, 1), film(5, 2)]
    expected = [by_scipy(x) for x in films]
    metric = CDC()
    # In pieces, one film between the pieces of another.
    metric.update(films[0][:3], film=0)
    metric.update(films[1], film=8)
    metric.update(films[0][3:], film=0)
    np.testing.assert_allclose(metric.values.numpy(), expected, rtol=1e-9)
    assert float(metric.compute()) == pytest.approx(np.mean(expected))


def test_a_still_has_none_and_a_cut_the_most() -> None:
    still = film(1, 1).expand(6, -1, -1, -1)
    metric = CDC()
    metric.update(still)
    assert float(metric.compute()) == pytest.approx(0, abs=1e-12)
    # Black to white: no level in common, one cut; log 2 in 1 of 4, 2 of 3 and 1 of 1 pairs.
    cut = torch.cat([torch.zeros(2, 3, 4, 4), torch.ones(3, 3, 4, 4)])
    metric.reset()
    metric.update(cut)
    assert float(metric.compute()) == pytest.approx(math.log(2) * (1 / 4 + 2 / 3 + 1) / 3)


def test_divergence_is_symmetric_and_bounded() -> None:
    p, q = torch.tensor([0.5, 0.5, 0.0, 0.0]), torch.tensor([0.0, 0.5, 0.5, 0.0])
    assert float(divergence(p, q)) == pytest.approx(0.5 * math.log(2))
    assert float(divergence(q, p)) == pytest.approx(0.5 * math.log(2))


def test_a_film_of_four_frames_says_so() -> None:
    metric = CDC()
    metric.update(film(4, 1), film=3)
    with pytest.raises(ValueError, match="at least 5 frames, film 3 has 4"):
        metric.compute()
