"""The Frechet distance against SciPy's matrix root, torchmetrics' FID and a case in one dimension."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.linalg import sqrtm
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from photochrom.metrics.frechet import FrechetDistance, frechet_distance


def by_scipy(one: NDArray[np.float64], two: NDArray[np.float64]) -> float:
    mean = one.mean(0) - two.mean(0)
    first, second = np.cov(one.T), np.cov(two.T)
    return float(mean @ mean + np.trace(first + second - 2 * np.real(sqrtm(first @ second))))


def samples(count: int, dimensions: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    mix = torch.randn(dimensions, dimensions, generator=generator, dtype=torch.float64)
    one = torch.randn(count, dimensions, generator=generator, dtype=torch.float64)
    two = torch.randn(count + 3, dimensions, generator=generator, dtype=torch.float64)
    return one @ mix, 0.7 * two + 0.5


@pytest.mark.parametrize(("count", "dimensions"), [(40, 6), (200, 30)])
def test_against_scipy(count: int, dimensions: int) -> None:
    one, two = samples(count, dimensions)
    assert float(frechet_distance(one, two)) == pytest.approx(by_scipy(one.numpy(), two.numpy()), rel=1e-8)
    assert float(frechet_distance(one, two)) == pytest.approx(float(frechet_distance(two, one)))


def test_in_one_dimension_it_is_distance_of_means_and_deviations() -> None:
    one, two = torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0], [7.0]])
    # Means 1 and 4; deviations (over N - 1) the roots of 2 and 18.
    assert float(frechet_distance(one, two)) == pytest.approx(9 + (18**0.5 - 2**0.5) ** 2)


def test_fewer_rows_than_dimensions_are_exact_too() -> None:
    one, two = samples(5, 12)
    # In a basis that spans all the rows the same samples have full rank of their own.
    joint = torch.cat([one, two]).T
    basis, _ = torch.linalg.qr(joint)
    expected = frechet_distance(one @ basis, two @ basis)
    assert float(frechet_distance(one, two)) == pytest.approx(float(expected), rel=1e-9)
    assert float(frechet_distance(one, one)) == pytest.approx(0, abs=1e-9)


class Features(nn.Module):
    """Means of the four quarters of each channel: 12 features."""

    num_features = 12

    def forward(self, rgb: Tensor) -> Tensor:
        return nn.functional.adaptive_avg_pool2d(rgb, 2).flatten(1)


def noise(count: int, seed: int) -> Tensor:
    return torch.rand(count, 3, 6, 6, generator=torch.Generator().manual_seed(seed))


def test_against_torchmetrics() -> None:
    net = Features()
    ours = FrechetDistance(lambda rgb: (net(rgb), net(rgb)))
    theirs = FrechetInceptionDistance(feature=net, normalize=True).set_dtype(torch.float64)
    prediction, truth = noise(40, 1), noise(40, 2) ** 2
    for part in (slice(0, 15), slice(15, 40)):
        ours.update(prediction[part], truth[part])
        theirs.update(prediction[part], real=False)
        theirs.update(truth[part], real=True)
    assert float(ours.compute()) == pytest.approx(float(theirs.compute()), rel=1e-4)
    assert float(ours.compute()) > 0.1


def test_too_few_photos_say_so() -> None:
    net = Features()
    metric = FrechetDistance(lambda rgb: (net(rgb), net(rgb)))
    metric.update(noise(12, 1), noise(12, 2))
    with pytest.raises(ValueError, match="12 features needs more than 12 photos, got 12"):
        metric.compute()
    metric.update(noise(1, 3), noise(1, 4))
    assert torch.isfinite(metric.compute())


@pytest.mark.parametrize("shapes", [((1, 3), (5, 3)), ((5, 3), (5, 4))])
def test_samples_that_do_not_fit_raise(shapes: tuple[tuple[int, int], tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="two samples of two rows or more"):
        frechet_distance(*(torch.zeros(shape) for shape in shapes))
