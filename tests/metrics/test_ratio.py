"""Sums of predictions by sums of truths."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from photochrom.metrics.photos import Photos
from photochrom.metrics.ratio import RatioToTruth


class Reds(RatioToTruth):
    """Mean red, of photos whose truth is not black."""

    wanted = "true photos with red"

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        ours, true = (photos.rgb[:, 0].double().mean(dim=(1, 2)) for photos in (prediction, truth))
        counts = (true > 0).double()
        return torch.stack([ours * counts, true * counts, counts], dim=1)


def photos(*reds: float) -> Tensor:
    return torch.tensor(reds)[:, None, None, None].expand(-1, 3, 4, 4).contiguous()


def test_sums_and_not_the_mean_of_ratios() -> None:
    metric = Reds()
    metric.update(photos(0.2, 0.9), photos(0.1, 0.8))
    metric.update(photos(0.7), photos(0.0))  # does not count
    assert metric.compute() == pytest.approx((0.2 + 0.9) / (0.1 + 0.8), rel=1e-6)


def test_nothing_to_divide_by() -> None:
    metric = Reds()
    metric.update(photos(0.7), photos(0.0))
    with pytest.raises(ValueError, match="Reds needs true photos with red, and there are none"):
        metric.compute()


def test_a_resample_without_any_has_no_interval() -> None:
    metric = Reds()
    metric.update(photos(0.2, 0.7), photos(0.1, 0.0))
    assert metric.resampled(torch.tensor([[0, 0], [0, 1]])).tolist() == pytest.approx([2, 2], rel=1e-6)
    with pytest.raises(ValueError, match="an interval needs more true photos with red"):
        metric.resampled(torch.tensor([[1, 1]]))
