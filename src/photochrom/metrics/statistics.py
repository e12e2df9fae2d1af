"""Bootstrap intervals of figures, for one model and for the difference of two models on the same photos."""

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor

from photochrom.metrics.metric import PhotoMetric

_AT_ONCE = 4_000_000


class Bootstrap(NamedTuple):
    """A figure of `photos` photos, and its values ``(R,)`` on the resampled sets."""

    value: float
    figures: Tensor
    photos: int


Sample: TypeAlias = PhotoMetric | Tensor | Bootstrap
"""An updated metric, or one number per photo ``(N,)`` for their mean, or the result of `bootstrap`."""


class Interval(NamedTuple):
    """A figure, and the interval that contains its true value with the requested probability."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """For a difference: whether the interval shows that the two differ."""
        return self.low > 0 or self.high < 0


def interval(of: Sample, *, resamples: int | None = None, level: float = 0.95, seed: int = 0) -> Interval:
    """Return the percentile bootstrap interval (Efron 1979). Photos are drawn with replacement, as many as there are.

    It says how much the figure depends on the choice of photos. It does not say how much it depends on a model's seed.

    Parameters
    ----------
    of : metric or (N,)
    resamples : int or None
        None takes the metric's own number, which is 2000 by default.
    level : float between 0 and 1

    Raises
    ------
    ValueError
        If there are fewer than two photos, or the metric needs more.
    """
    drawn = bootstrap(of, resamples=resamples, seed=seed)
    return _interval(drawn.value, drawn.figures, level)


def difference(
    ours: Sample, theirs: Sample, *, resamples: int | None = None, level: float = 0.95, seed: int = 0
) -> Interval:
    """Return ``ours - theirs`` with its interval. Both are resampled with the same photos.

    A hard photo is hard for both, so this interval is much narrower than the two single intervals suggest.

    Raises
    ------
    ValueError
        As `interval`, and if the numbers of photos differ. The photos must be the same in the same order.
    """
    one, two = (bootstrap(of, resamples=resamples, seed=seed) for of in (ours, theirs))
    if one.photos != two.photos:
        raise ValueError(f"a paired difference needs the same photos, got {one.photos} and {two.photos}")
    return _interval(one.value - two.value, one.figures - two.figures, level)


def bootstrap(of: Sample, *, resamples: int | None = None, seed: int = 0) -> Bootstrap:
    """Compute the figure on sets of photos drawn with replacement, once for an interval and all differences.

    Raises
    ------
    ValueError
        As `interval`.
    """
    if isinstance(of, Bootstrap):
        return of
    count = len(of.rows) if isinstance(of, PhotoMetric) else len(of)
    if count < 2:
        raise ValueError(f"an interval needs at least 2 photos, got {count}")
    if isinstance(of, PhotoMetric):
        device = of.rows.device
        parts = [of.resampled(picks.to(device)) for picks in _draws(count, resamples or of.resamples, seed)]
        return Bootstrap(float(of.compute()), torch.cat(parts), count)
    values = of.to(torch.float64)
    draws = _draws(count, resamples or PhotoMetric.resamples, seed)
    parts = [values[picks.to(values.device)].mean(dim=1) for picks in draws]
    return Bootstrap(float(values.mean()), torch.cat(parts), count)


def _interval(value: float, figures: Tensor, level: float) -> Interval:
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    tail = (1 - level) / 2
    low, high = np.quantile(figures.cpu().numpy(), [tail, 1 - tail])
    # If a figure is nearly 0 and cannot be negative, almost all resampled figures are larger.
    return Interval(value, min(value, float(low)), max(value, float(high)))


def _draws(count: int, resamples: int, seed: int) -> Iterator[Tensor]:
    """Yield the numbers of the drawn photos, ``(r, count)`` at a time. They are the same for all metrics."""
    generator = np.random.default_rng(seed)
    left = resamples
    while left:
        now = min(left, max(1, _AT_ONCE // count))
        yield torch.from_numpy(generator.integers(count, size=(now, count)))
        left -= now
