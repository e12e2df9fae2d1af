"""The base of all metrics: rows of photos, and what is computed of them, against plain loops."""

import numpy as np
import pytest
import torch
from torch import Tensor

from photochrom.metrics import metric as module
from photochrom.metrics.metric import MeanOverPhotos, OfMeans, PhotoMetric, photo_mean
from photochrom.metrics.photos import Photos


class Gap(MeanOverPhotos):
    """The mean difference of a photo's levels; 1 more with a label."""

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        return photo_mean(truth.rgb - prediction.rgb) + (0 if labels is None else labels)


class Ratio(OfMeans):
    """A figure of two means, which is not the mean of the photos' own ratios."""

    least = 2
    counted = "pairs"

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        return torch.stack([photo_mean(prediction.rgb), photo_mean(truth.rgb)], dim=1)

    def of_means(self, means: Tensor) -> Tensor:
        return means[..., 0] / means[..., 1]


class Median(PhotoMetric):
    """A figure that is no function of means."""

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        return photo_mean(prediction.rgb)

    def summary(self, rows: Tensor) -> Tensor:
        return rows[:, 0].median()


def levels(photos: Tensor) -> np.ndarray:
    return np.array([photo.double().mean().item() for photo in photos])


@pytest.mark.parametrize("cut", [[5], [1, 4], [2, 1, 2]])
def test_a_figure_does_not_depend_on_the_batches(prediction: Tensor, truth: Tensor, cut: list[int]) -> None:
    gap, ratio = Gap(), Ratio()
    for ours, true in zip(prediction.split(cut), truth.split(cut), strict=True):
        gap.update(ours, true)
        ratio.update(ours, true)
    np.testing.assert_allclose(gap.values.numpy(), levels(truth) - levels(prediction), atol=1e-6)
    assert float(ratio.compute()) == pytest.approx(levels(prediction).mean() / levels(truth).mean(), rel=1e-6)
    assert ratio.rows.dtype == torch.float64


def test_labels_go_to_their_photos(truth: Tensor) -> None:
    gap = Gap()
    gap.update(truth, truth, torch.arange(5))
    assert gap.values.tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match=r"expected 5 labels, got shape \(4,\)"):
        gap.update(truth, truth, torch.arange(4))
    assert len(gap.rows) == 5


def test_too_few_photos_are_a_sentence(truth: Tensor) -> None:
    ratio = Ratio()
    ratio.update(truth[:1], truth[:1])
    with pytest.raises(ValueError, match="Ratio needs at least 2 pairs, got 1"):
        ratio.compute()


@pytest.mark.parametrize("per_matmul", [1, 11, 4_000_000])
def test_resampled_figures_are_those_of_the_drawn_photos(
    prediction: Tensor, truth: Tensor, per_matmul: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PER_MATMUL", per_matmul)
    picks = torch.randint(5, (7, 5), generator=torch.Generator().manual_seed(0))
    ours, true = levels(prediction), levels(truth)
    for metric, expected in (
        (Gap(), [(true - ours)[pick].mean() for pick in picks.numpy()]),
        (Ratio(), [ours[pick].mean() / true[pick].mean() for pick in picks.numpy()]),
        (Median(), [np.median(ours[pick]) for pick in picks.numpy()]),
    ):
        metric.update(prediction, truth)
        np.testing.assert_allclose(metric.resampled(picks).numpy(), expected, atol=1e-6)


def test_photo_mean_adds_up_in_float64() -> None:
    # Added up in float32, 100,000 times 0.1 is off by more than 1e-9 of its value.
    x = torch.full((2, 1000, 100), 0.1)
    assert photo_mean(x).dtype == torch.float64
    assert photo_mean(x).tolist() == pytest.approx([float(np.float32(0.1))] * 2, rel=1e-12)
