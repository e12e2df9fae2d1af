"""Learning rates: their shapes at hand-worked places, and each group's own peak."""

import itertools

import pytest
import torch

from photochrom.training.schedule import PEAK, factor, set_rates
from photochrom.training.settings import Optimizer


@pytest.mark.parametrize(
    ("progress", "expected"),
    [(0.0, 0.0), (0.05, 0.5 * 0.993844), (0.1, 0.975528), (0.5, 0.5), (0.75, 0.146447), (1.0, 0.0)],
)
def test_cosine_after_a_warm_up(progress: float, expected: float) -> None:
    assert factor(Optimizer(schedule="cosine", warmup=0.1), progress) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("progress", "expected"),
    [(0.0, 0.04), (0.125, 0.52), (0.25, 1.0), (0.625, 0.500005), (1.0, 1e-5)],
)
def test_one_cycle_rises_for_a_quarter(progress: float, expected: float) -> None:
    assert factor(Optimizer(schedule="one_cycle"), progress) == pytest.approx(expected, abs=1e-6)


def test_constant_stays_once_it_is_warm() -> None:
    settings = Optimizer(warmup=0.2)
    assert [factor(settings, x) for x in (0, 0.1, 0.2, 0.7, 1)] == [0, 0.5, 1, 1, 1]
    assert [factor(Optimizer(), x) for x in (0, 0.5, 1)] == [1, 1, 1]


def test_one_cycle_has_no_jump() -> None:
    values = [factor(Optimizer(schedule="one_cycle"), i / 1000) for i in range(1001)]
    assert max(abs(b - a) for a, b in itertools.pairwise(values)) < 0.007
    assert values.index(max(values)) == 250


def test_every_group_follows_from_its_own_peak() -> None:
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], PEAK: peak} for peak in (2.0, 0.3)]
    optimizer = torch.optim.SGD(groups, lr=1.0)
    for progress, scale in ((0.5, 0.5), (1.0, 0.0), (0.0, 1.0)):
        set_rates(optimizer, Optimizer(schedule="cosine"), progress)
        assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([2 * scale, 0.3 * scale])
