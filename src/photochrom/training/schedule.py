"""Schedules of the learning rate: constant, cosine, or one cycle, after a warm-up."""

import math

import torch

from photochrom.training.settings import Optimizer

PEAK = "peak"
"""The key under which a parameter group stores its highest rate."""


def factor(settings: Optimizer, progress: float) -> float:
    """Return the factor of the peak rates at `progress` in [0, 1].

    "cosine" falls to 0 (Loshchilov and Hutter 2017). "one_cycle" rises for a quarter of the time from 1/25 and falls
    to nearly 0 (Smith and Topin 2018, with fastai's shape). The momentum does not change.
    """
    warm = min(1.0, progress / settings.warmup) if settings.warmup else 1.0
    if settings.schedule == "cosine":
        return warm * _fall(progress)
    if settings.schedule == "one_cycle":
        if progress < 0.25:
            return warm * (1 / 25 + (1 - 1 / 25) * (1 - _fall(progress / 0.25)))
        return warm * (1e-5 + (1 - 1e-5) * _fall((progress - 0.25) / 0.75))
    return warm


def set_rates(optimizer: torch.optim.Optimizer, settings: Optimizer, progress: float) -> None:
    """Set the rate of every parameter group at `progress` of its step."""
    scale = factor(settings, progress)
    for group in optimizer.param_groups:
        group["lr"] = group[PEAK] * scale


def _fall(x: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * x))
