"""All metrics at once: whatever is asked of one of them is asked of every one."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchmetrics import MetricCollection

from photochrom.metrics.registry import METRICS, collection
from photochrom.metrics.statistics import interval

SIDE, COUNT = 176, 7


def network(rgb: Tensor) -> tuple[Tensor, Tensor]:
    features = rgb.mean(dim=(2, 3))
    return features, features


def backbone(rgb: Tensor) -> list[Tensor]:
    return [rgb[:, :1, ::4, ::4].expand(-1, width, -1, -1) for width in (64, 128, 256, 512, 512)]


def flow(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
    return np.zeros((*first.shape, 2), np.float32), np.ones(first.shape, np.float32)


GIVEN = {"network": network, "inception": network, "backbone": backbone, "labels": True}


def photos() -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    small = torch.rand(2, COUNT, 3, 11, 11, generator=generator).flatten(0, 1)
    both = torch.nn.functional.interpolate(small, size=(SIDE, SIDE), mode="bilinear")
    # Some truths are pale, for the figures of muted photos.
    both[COUNT + 2 :] = 0.95 * both[COUNT + 2 :].mean(dim=1, keepdim=True) + 0.05 * both[COUNT + 2 :]
    return both[:COUNT], both[COUNT:], torch.randint(3, (COUNT,), generator=generator)


def measured(order: list[list[int]]) -> MetricCollection:
    prediction, truth, labels = photos()
    metrics = collection(**GIVEN)
    for part in order:
        metrics.update(prediction[part], truth[part], labels=labels[part])
    return metrics


def test_no_figure_depends_on_batches_or_order() -> None:
    whole = measured([list(range(COUNT))]).compute()
    assert set(whole) == {name for name, entry in METRICS.items() if entry.of == "photos"}
    for order in ([[4, 1, 6], [0, 5], [2, 3]], [[6], [5], [4], [3], [2], [1], [0]]):
        again = measured(order).compute()
        for name, value in whole.items():
            assert torch.isfinite(value)
            assert value.dtype == torch.float64
            assert value.ndim == 0
            assert abs(float(value - again[name])) <= 1e-9, name


def test_ranks_add_up() -> None:
    whole = measured([list(range(COUNT))])
    first, second = measured([[0, 1, 2]]), measured([[3, 4], [5, 6]])
    for name, metric in first.items():
        metric.merge_state(second[name])
        assert float(metric.compute()) == pytest.approx(float(whole[name].compute()), abs=1e-9)
        # In any order: that of ranks is not that of photos.
        both = (x.rows[:, 0].sort().values for x in (metric, whole[name]))
        torch.testing.assert_close(*both)


def test_the_truth_is_better_than_something_else() -> None:
    _, truth, _ = photos()
    worse, best = measured([list(range(COUNT))]), collection(**GIVEN)
    # As the labels of the truth, what the network says of it: nothing is better.
    best.update(truth, truth, labels=network(truth)[0].argmax(dim=1))
    for name, metric in best.items():
        ours, other = float(metric.compute()), float(worse[name].compute())
        if METRICS[name].better == "higher":
            assert ours > other, name
        elif METRICS[name].better == "lower":
            assert other > ours == pytest.approx(0, abs=1e-9), name
        assert (
            metric.higher_is_better == {"higher": True, "lower": False, "truth": None}[METRICS[name].better]
        )


def test_every_metric_has_an_interval() -> None:
    for name, metric in measured([list(range(COUNT))]).items():
        low, high = interval(metric, resamples=20)[1:]
        assert -1e9 < low <= high < 1e9, name


@pytest.mark.filterwarnings("ignore:The ``compute`` method of metric")
def test_nothing_measured_is_said_and_not_nan() -> None:
    for name, metric in (*collection(**GIVEN).items(), *collection(of="films", flow=flow).items()):
        with pytest.raises(
            ValueError, match=r"needs (at least 1 (photos|films)|more than \d+ photos), got 0"
        ):
            metric.compute()
        assert name in METRICS


def test_what_is_not_given_is_left_out_or_said() -> None:
    few = collection()
    assert "psnr" in few
    assert not {"lpips", "top1", "frechet", "fid", "cdc"} & set(few.keys())
    assert set(collection(of="films").keys()) == {"cdc"}
    assert set(collection(of="films", flow=flow).keys()) == {"cdc", "warp"}
    assert {"frechet"} == set(collection(network=network).keys()) - set(few.keys())
    with pytest.raises(ValueError, match="top-1 needs network and labels"):
        collection(["psnr", "top1"])
    with pytest.raises(ValueError, match="FID needs inception"):
        collection(["fid"], network=network)
    with pytest.raises(ValueError, match="no metric 'pnsr'; there are mse, psnr"):
        collection(["pnsr"])


def test_every_entry_says_what_it_is() -> None:
    names = [entry.name for entry in METRICS.values()]
    assert len(set(names)) == len(names)
    for entry in METRICS.values():
        assert entry.about
        assert not entry.about.endswith(".")
        assert entry.digits >= 1
