"""Chroma figures against scikit-image's Lab and plain NumPy, and their limits on plain colours."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage.color import lab2rgb, rgb2lab
from torch import Tensor

from photochrom.metrics.chroma import BrownShare, ChromaRatio, MeanChroma, MutedChromaRatio, NearlyGreyShare
from photochrom.metrics.metric import PhotoMetric
from photochrom.metrics.statistics import bootstrap, interval


def chromas(photos: Tensor) -> NDArray[np.float64]:
    """Mean chroma of each photo, by scikit-image."""
    labs = [rgb2lab(photo.permute(1, 2, 0).double().numpy()) for photo in photos]
    return np.array([np.sqrt(lab[..., 1] ** 2 + lab[..., 2] ** 2).mean() for lab in labs])


def is_brown(photo: Tensor) -> bool:
    """The definition of issue 13 in complex numbers, by scikit-image."""
    lab = rgb2lab(photo.permute(1, 2, 0).double().numpy())
    mean = complex(lab[..., 1].mean(), lab[..., 2].mean())
    return abs(mean) > 3 and 40 <= np.angle(mean, deg=True) <= 105


def plain(*colors: tuple[float, float]) -> Tensor:
    """Photos of one colour each, ``(a, b)`` at L* 60: ``(B, 3, 4, 4)``."""
    lab = np.array([[60.0, a, b] for a, b in colors]).reshape(-1, 1, 1, 3)
    rgb = lab2rgb(np.broadcast_to(lab, (len(colors), 4, 4, 3)))
    return torch.from_numpy(rgb).permute(0, 3, 1, 2)


def polar(*colors: tuple[float, float]) -> Tensor:
    """As `plain`, of chroma and hue in degrees."""
    return plain(*((c * np.cos(np.deg2rad(hue)), c * np.sin(np.deg2rad(hue))) for c, hue in colors))


def updated(metric: PhotoMetric, prediction: Tensor, truth: Tensor) -> PhotoMetric:
    """The metric of these photos in two batches."""
    for part in (slice(0, 2), slice(2, None)):
        if len(truth[part]):
            metric.update(prediction[part], truth[part])
    return metric


def figure(metric: PhotoMetric, prediction: Tensor, truth: Tensor) -> float:
    return float(updated(metric, prediction, truth).compute())


def test_chroma_against_scikit_image(prediction: Tensor, truth: Tensor) -> None:
    ours, true = chromas(prediction), chromas(truth)
    metric = MeanChroma()
    metric.update(prediction, truth)
    np.testing.assert_allclose(metric.values.numpy(), ours, rtol=1e-4)
    assert float(metric.compute()) == pytest.approx(ours.mean(), rel=1e-4)
    assert figure(ChromaRatio(), prediction, truth) == pytest.approx(ours.sum() / true.sum(), rel=1e-4)


def test_muted_against_scikit_image(prediction: Tensor, truth: Tensor) -> None:
    # Two photos of five are washed out until they are muted.
    pale = truth.clone()
    pale[1:3] = 0.9 * pale[1:3].mean(dim=1, keepdim=True) + 0.1 * pale[1:3]
    ours, true = chromas(prediction), chromas(pale)
    assert (true < 8).sum() == 2
    expected = ours[true < 8].sum() / true[true < 8].sum()
    assert figure(MutedChromaRatio(), prediction, pale) == pytest.approx(expected, rel=1e-3)


def test_shares_against_scikit_image(prediction: Tensor, truth: Tensor) -> None:
    pale = 0.7 * truth.mean(dim=1, keepdim=True) + 0.3 * truth
    for ours, true in ((truth, prediction), (pale, truth), (prediction, pale)):
        browns, greys = (
            [100 * np.mean([f(x) for x in xs]) for xs in (ours, true)]
            for f in (is_brown, lambda photo: chromas(photo[None])[0] < 4)
        )
        assert figure(BrownShare(), ours, true) == pytest.approx(browns[0])
        assert figure(BrownShare(less_truth=True), ours, true) == pytest.approx(browns[0] - browns[1])
        assert figure(NearlyGreyShare(), ours, true) == pytest.approx(greys[0])
        assert figure(NearlyGreyShare(less_truth=True), ours, true) == pytest.approx(greys[0] - greys[1])


@pytest.mark.parametrize(
    ("chroma", "hue", "expected"),
    [
        (20, 41, 100),
        (20, 39, 0),
        (20, 104, 100),
        (20, 106, 0),
        (20, 250, 0),
        (3.1, 70, 100),
        (2.9, 70, 0),
    ],
)
def test_limits_of_brown(chroma: float, hue: float, expected: float) -> None:
    photo = polar((chroma, hue))
    assert figure(BrownShare(), photo, photo) == expected


def test_brown_is_of_the_mean_colour_and_grey_of_the_mean_chroma() -> None:
    # Orange and its opposite, side by side: the mean colour is grey, the mean chroma is 30.
    photo = torch.cat([polar((30, 70)), polar((30, 250))], dim=3)
    assert figure(BrownShare(), photo, photo) == 0
    assert figure(NearlyGreyShare(), photo, photo) == 0
    assert figure(MeanChroma(), photo, photo) == pytest.approx(30, abs=0.01)


def test_limit_of_nearly_grey() -> None:
    photos = polar((3.9, 200), (4.1, 200), (0, 0), (30, 10))
    assert figure(NearlyGreyShare(), photos, photos) == 50


def test_ratios_are_of_sums_over_photos() -> None:
    truth = polar((2, 100), (6, 100), (40, 100))
    prediction = polar((4, 0), (6, 0), (10, 0))
    assert figure(ChromaRatio(), prediction, truth) == pytest.approx(20 / 48, rel=1e-3)
    assert figure(MutedChromaRatio(), prediction, truth) == pytest.approx(10 / 8, rel=1e-3)


@pytest.mark.filterwarnings("ignore:The ``compute`` method of metric")
def test_a_ratio_without_anything_to_divide_by_says_so() -> None:
    greys = torch.linspace(0.1, 0.9, 3).view(3, 1, 1, 1).expand(3, 3, 4, 4)
    vivid = polar((40, 100), (40, 10), (40, 250))
    with pytest.raises(
        ValueError, match="ChromaRatio needs true photos that are not grey, and there are none"
    ):
        figure(ChromaRatio(), vivid, greys)
    for truth in (vivid, greys):
        with pytest.raises(ValueError, match="needs true photos of a mean chroma below 8 that are not grey"):
            figure(MutedChromaRatio(), vivid, truth)


def test_too_few_muted_photos_have_a_figure_but_no_interval() -> None:
    truth = polar((5, 100), (40, 10), (40, 250))
    metric = updated(MutedChromaRatio(), truth, truth)
    assert float(metric.compute()) == pytest.approx(1)
    with pytest.raises(ValueError, match="an interval needs more true photos of a mean chroma below 8"):
        bootstrap(metric)


def test_the_excess_has_the_interval_of_a_paired_difference() -> None:
    # Ten photos, five of them brown in both: shares are unsure, their difference is exactly 0.
    photos = polar(*[(20, 70), (20, 200)] * 5)
    share, excess = (interval(updated(BrownShare(less), photos, photos)) for less in (False, True))
    assert share.low < 50 < share.high
    assert tuple(excess) == (0, 0, 0)
