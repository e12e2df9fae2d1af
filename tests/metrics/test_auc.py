"""AuC against a sweep of thresholds, and its class-balanced form against a sum over pixels."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage.color import rgb2lab
from torch import Tensor

from photochrom.color.quantize import ab_bins
from photochrom.metrics.auc import AuC, BalancedAuC


def ab(photos: Tensor) -> NDArray[np.float64]:
    return rgb2lab(photos.permute(0, 2, 3, 1).double().numpy())[..., 1:]


def curve(error: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Mean over the thresholds 0, 1, ... 150 of the weighted share of errors within it, in percent."""
    return float(np.mean([100 * np.average(error <= threshold, weights=weights) for threshold in range(151)]))


def bins_of(colors: NDArray[np.float64]) -> NDArray[np.int64]:
    distances = ((colors[..., None, :] - ab_bins()) ** 2).sum(-1)
    return distances.argmin(-1)


def smoothed_histogram(colors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Every pixel's bin gives its weight away to all bins by a Gaussian of 5 units."""
    prior = np.zeros(len(ab_bins()))
    for bin_ in bins_of(colors).ravel():
        gift = np.exp(-((ab_bins() - ab_bins()[bin_]) ** 2).sum(-1) / 50)
        prior += gift / gift.sum()
    return prior / prior.sum()


def test_raw_against_a_sweep(prediction: Tensor, truth: Tensor) -> None:
    metric = AuC()
    metric.update(prediction.double(), truth.double())
    error = np.sqrt(((ab(prediction) - ab(truth)) ** 2).sum(-1))
    expected = [curve(e, np.ones_like(e)) for e in error]
    np.testing.assert_allclose(metric.values.numpy(), expected, atol=0.01)
    assert 70 < float(metric.compute()) < 95


@pytest.mark.parametrize("given", [True, False])
def test_balanced_against_a_sum_over_pixels(given: bool, prediction: Tensor, truth: Tensor) -> None:
    colors = ab(truth)
    prior = np.linspace(1, 5, len(ab_bins())) if given else smoothed_histogram(colors)
    error = np.sqrt(((ab(prediction) - colors) ** 2).sum(-1))
    expected = curve(error, 1 / prior[bins_of(colors)])
    metric = BalancedAuC(torch.from_numpy(prior) if given else None)
    metric.update(prediction.double()[:2], truth.double()[:2])
    metric.update(prediction.double()[2:], truth.double()[2:])
    assert float(metric.compute()) == pytest.approx(expected, abs=0.01)
    assert abs(float(metric.compute()) - curve(error, np.ones_like(error))) > 0.5


def test_balanced_lets_the_rare_color_count() -> None:
    # 99 grey pixels and a red one, all predicted grey: raw AuC hardly sees the red one, balanced AuC half.
    truth = torch.full((1, 3, 10, 10), 0.5)
    truth[0, :, 0, 0] = torch.tensor([1.0, 0.0, 0.0])
    prediction = torch.full((1, 3, 10, 10), 0.5)
    raw, balanced = AuC(), BalancedAuC()
    raw.update(prediction, truth)
    balanced.update(prediction, truth)
    # Pure red is 104.55 from the neutral axis: right from threshold 105 on, which is 46 of 151. Its bin, at the tip of
    # the gamut, has no bins around it to give weight to; grey has 8.
    assert float(raw.compute()) == pytest.approx(99 + 46 / 151, abs=0.01)
    kept_of_red, kept_of_grey = (_kept(x) for x in ((80.0, 70.0), (0.0, 0.0)))
    weights = np.array([99 / (99 * kept_of_grey), 1 / kept_of_red])
    expected = 100 * (weights[0] + weights[1] * 46 / 151) / weights.sum()
    assert float(balanced.compute()) == pytest.approx(expected, abs=0.01)


def _kept(centre: tuple[float, float]) -> float:
    """The share of a bin's weight that stays there when the histogram is smoothed."""
    return float(1 / np.exp(-((ab_bins() - centre) ** 2).sum(-1) / 50).sum())


def test_a_copy_has_all(truth: Tensor) -> None:
    for metric in (AuC(), BalancedAuC()):
        metric.update(truth, truth)
        assert float(metric.compute()) == pytest.approx(100)


def test_colors_of_the_whole_cube_have_bins() -> None:
    level = torch.linspace(0, 1, 12)
    cube = torch.cartesian_prod(level, level, level).T.reshape(1, 3, 36, 48)
    metric = BalancedAuC()
    metric.update(cube, cube)
    present = metric.rows[0, : metric.count].numpy()
    expected = np.bincount(bins_of(ab(cube)).ravel(), minlength=metric.count) / (36 * 48)
    np.testing.assert_allclose(present, expected, atol=1e-9)


@pytest.mark.parametrize("prior", [torch.ones(5), torch.zeros(261)])
def test_a_prior_that_does_not_fit_raises(prior: Tensor) -> None:
    with pytest.raises(ValueError, match="261 numbers above 0"):
        BalancedAuC(prior)
