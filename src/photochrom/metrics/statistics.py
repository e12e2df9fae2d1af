"""How sure a figure is: bootstrap intervals, for one model and for the difference of two on the same photos."""

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor

from photochrom.metrics.metric import PhotoMetric

Sample: TypeAlias = PhotoMetric | Tensor
"""A metric that has been updated, or one number a photo ``(N,)``, whose mean is meant."""

_AT_ONCE = 4_000_000


class Interval(NamedTuple):
    """A figure and the interval that holds its true value with the probability that was asked for."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """For a difference: whether the two differ."""
        return self.low > 0 or self.high < 0


def interval(of: Sample, *, resamples: int | None = None, level: float = 0.95, seed: int = 0) -> Interval:
    """Percentile bootstrap interval (Efron 1979): photos are drawn with replacement, as many as there are.

    It says how much the figure depends on which photos happened to be in the set; not how much on a model's seed.

    Parameters
    ----------
    of : metric or (N,)
    resamples : int or None
        None is 2000, or what the metric says.
    level : float between 0 and 1

    Raises
    ------
    ValueError
        If there are fewer than two photos, or the metric needs more.
    """
    return _interval(_figure(of), _resampled(of, resamples, seed), level)


def difference(
    ours: Sample, theirs: Sample, *, resamples: int | None = None, level: float = 0.95, seed: int = 0
) -> Interval:
    """``ours - theirs`` with its interval: both are resampled alike, photo by photo.

    What makes a photo hard is hard for both, so this is far narrower than what two intervals say.

    Raises
    ------
    ValueError
        As `interval`, and if the two have different numbers of photos. They must be the same ones in the same order.
    """
    counts = [_count(x) for x in (ours, theirs)]
    if counts[0] != counts[1]:
        raise ValueError(f"a paired difference needs the same photos, got {counts[0]} and {counts[1]}")
    figures = _resampled(ours, resamples, seed) - _resampled(theirs, resamples, seed)
    return _interval(_figure(ours) - _figure(theirs), figures, level)


def _interval(value: float, figures: Tensor, level: float) -> Interval:
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    tail = (1 - level) / 2
    low, high = np.quantile(figures.cpu().numpy(), [tail, 1 - tail])
    # A figure that cannot be negative and is nearly 0 is exceeded by almost all resamples.
    return Interval(value, min(value, float(low)), max(value, float(high)))


def _count(of: Sample) -> int:
    return len(of.rows) if isinstance(of, PhotoMetric) else len(of)


def _figure(of: Sample) -> float:
    return float(of.compute() if isinstance(of, PhotoMetric) else of.to(torch.float64).mean())


def _resampled(of: Sample, resamples: int | None, seed: int) -> Tensor:
    count = _count(of)
    if count < 2:
        raise ValueError(f"an interval needs at least 2 photos, got {count}")
    if isinstance(of, PhotoMetric):
        device = of.rows.device
        parts = [of.resampled(picks.to(device)) for picks in _draws(count, resamples or of.resamples, seed)]
    else:
        values = of.to(torch.float64)
        draws = _draws(count, resamples or PhotoMetric.resamples, seed)
        parts = [values[picks.to(values.device)].mean(dim=1) for picks in draws]
    return torch.cat(parts)


def _draws(count: int, resamples: int, seed: int) -> Iterator[Tensor]:
    """Numbers of the drawn photos, ``(r, count)`` at a time: the same for every metric of as many photos."""
    generator = np.random.default_rng(seed)
    left = resamples
    while left:
        now = min(left, max(1, _AT_ONCE // count))
        yield torch.from_numpy(generator.integers(count, size=(now, count)))
        left -= now
