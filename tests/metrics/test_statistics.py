"""Bootstrap intervals against theory, a plain loop, and what pairing is for."""

import numpy as np
import pytest
import torch
from scipy.stats import norm
from torch import Tensor

from photochrom.metrics.auc import AuC, BalancedAuC
from photochrom.metrics.colorfulness import DifferenceOfMeans
from photochrom.metrics.frechet import FrechetDistance
from photochrom.metrics.metric import PhotoMetric
from photochrom.metrics.pixel import PSNR
from photochrom.metrics.statistics import difference, interval


def normal(count: int, seed: int) -> Tensor:
    return torch.randn(count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_of_a_mean_against_theory() -> None:
    values = 5 + 2 * normal(400, 1)
    got = interval(values)
    half = norm.ppf(0.975) * float(values.std()) / 20
    assert got.value == pytest.approx(float(values.mean()))
    assert got.low == pytest.approx(got.value - half, abs=0.1 * half)
    assert got.high == pytest.approx(got.value + half, abs=0.1 * half)
    narrow = interval(values, level=0.5)
    assert narrow.high - narrow.low == pytest.approx(2 * half * norm.ppf(0.75) / norm.ppf(0.975), rel=0.1)


def test_it_holds_the_true_mean_as_often_as_it_says() -> None:
    held = [interval(normal(40, seed), resamples=400, level=0.8) for seed in range(300)]
    share = np.mean([x.low <= 0 <= x.high for x in held])
    # Three standard errors of a share of 300, and the little that bootstrap lacks for 40 photos.
    assert 0.8 - 0.09 < share < 0.8 + 0.07


def test_a_seed_gives_the_same_and_another_another() -> None:
    values = normal(30, 1)
    assert interval(values) == interval(values)
    assert interval(values, seed=1) != interval(values)


def test_pairing_sees_a_small_difference_among_hard_and_easy_photos() -> None:
    hardness = 10 * normal(200, 1)
    ours, theirs = hardness + 0.2 + 0.5 * normal(200, 2), hardness
    paired = difference(ours, theirs)
    assert paired.value == pytest.approx(float((ours - theirs).mean()))
    assert paired.excludes_zero
    assert paired.high - paired.low < 0.1 * (interval(ours).high - interval(ours).low)
    assert not difference(ours, ours).excludes_zero


def features(rgb: Tensor) -> tuple[Tensor, Tensor]:
    both = torch.cat([rgb.mean(dim=(2, 3)), rgb[:, :1].std(dim=(2, 3))], dim=1)
    return both, both


@pytest.mark.parametrize("kind", [PSNR, DifferenceOfMeans, AuC, lambda: FrechetDistance(features)])
def test_metrics_resample_photos(kind: type[PhotoMetric]) -> None:
    generator = torch.Generator().manual_seed(1)
    truth = torch.rand(12, 3, 6, 6, generator=generator)
    prediction = (truth + 0.1 * torch.rand(12, 3, 6, 6, generator=generator)).clamp(0, 1)
    metric = kind()
    metric.update(prediction, truth)
    picks = torch.randint(12, (5, 12), generator=generator)
    expected = []
    for pick in picks:
        again = kind()
        again.update(prediction[pick], truth[pick])
        expected.append(float(again.compute()))
    if isinstance(metric, FrechetDistance):
        shift = float(metric.compute()) - np.mean(expected)
        expected = [x + shift for x in expected]
    np.testing.assert_allclose(metric.resampled(picks).numpy(), expected, rtol=1e-9)
    got = interval(metric, resamples=50)
    assert got.low <= got.value < got.high


def test_balanced_auc_keeps_the_weights_of_all_photos(prediction: Tensor, truth: Tensor) -> None:
    whole = BalancedAuC()
    whole.update(prediction, truth)
    picks = torch.tensor([[0, 0, 1, 1, 2], [0, 1, 2, 3, 4]])
    prior = whole._prior_of(whole.rows.mean(dim=0))
    known = BalancedAuC(prior)
    known.update(prediction[picks[0]], truth[picks[0]])
    np.testing.assert_allclose(whole.resampled(picks).numpy(), [known.compute(), whole.compute()], rtol=1e-6)


def test_metrics_differ_photo_by_photo(prediction: Tensor, truth: Tensor) -> None:
    grey = truth.mean(dim=1, keepdim=True).expand_as(truth)
    ours, theirs = PSNR(), PSNR()
    ours.update(prediction, truth)
    theirs.update(grey, truth)
    got = difference(ours, theirs)
    by_values = difference(ours.values, theirs.values)
    np.testing.assert_allclose(got, by_values, rtol=1e-9)
    assert got.value == pytest.approx(float(ours.compute() - theirs.compute()))


def test_wrong_use_raises() -> None:
    with pytest.raises(ValueError, match="at least 2 photos, got 1"):
        interval(torch.ones(1))
    with pytest.raises(ValueError, match="the same photos, got 3 and 4"):
        difference(torch.ones(3), torch.ones(4))
    with pytest.raises(ValueError, match="between 0 and 1, got 95"):
        interval(torch.ones(3), level=95)
