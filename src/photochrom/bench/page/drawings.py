"""What the page's script draws: the frames of the charts, and the points in them as plain numbers."""

import math
from dataclasses import dataclass
from typing import Any

from photochrom.bench.figures import Column
from photochrom.bench.results import Curve, Results

CURVE_POINTS = 240
"""A chart of this width cannot show more points; the log of a day has a hundred times as many."""


@dataclass(frozen=True)
class Chart:
    """The frame of one chart: the keys of the columns that it shows at first, and whether x can be chosen too."""

    name: str
    title: str
    y: str
    x: str
    choose_x: bool = False


@dataclass(frozen=True)
class Charts:
    """The frames, and the metrics that can be chosen for their axes."""

    frames: list[Chart]
    metrics: list[Column]


@dataclass(frozen=True)
class Curves:
    """The columns and models of the training curves."""

    columns: list[str]
    models: list[str]
    most_points: int = CURVE_POINTS


def charts(shown: list[Column]) -> Charts | None:
    """The frames of the three charts; None if no metric has a figure."""
    metrics = [column for column in shown if column.key not in ("parameters", "milliseconds", "minutes")]
    keys = {column.key for column in shown}
    if not metrics:
        return None
    frames = []
    # Models add colour, so the colour difference comes first.
    quality = (_find(metrics, "ciede2000", "2000") or metrics[0]).key
    if "milliseconds" in keys:
        frames.append(Chart("time", "Quality against time", quality, "milliseconds"))
    if "parameters" in keys:
        frames.append(Chart("size", "Quality against size", quality, "parameters"))
    y, x = _find(metrics, "colorful", "colourful"), _find(metrics, "ciede2000", "2000")
    if x and y:
        frames.append(Chart("colour", "Colourfulness against colour error", y.key, x.key, choose_x=True))
    elif len(metrics) > 1:
        frames.append(Chart("colour", "Metric against metric", metrics[1].key, metrics[0].key, choose_x=True))
    return Charts(frames, metrics)


def curves(results: Results) -> Curves | None:
    """What the training curves can show, losses first; None if no row has a curve."""
    logs = {row.name: row.curve for row in results.rows if row.curve and row.curve.columns}
    if not logs:
        return None
    names = dict.fromkeys(name for curve in logs.values() for name in curve.columns)
    return Curves(sorted(names, key=lambda name: "loss" not in name), list(logs))


def points(results: Results, shown: list[Column]) -> dict[str, Any]:
    """Every number that the script needs, by column and row. All values are numbers, names or None."""
    return {
        "columns": [
            {
                "key": item.key,
                "name": item.name,
                "unit": item.unit,
                "better": item.better,
                "direction": item.direction,
            }
            for item in shown
        ],
        "rows": [
            {
                "name": row.name,
                "kind": row.kind,
                "failed": row.error is not None,
                "scores": {
                    item.key: [_finite(score.value), _finite(score.low), _finite(score.high)]
                    for item in shown
                    if (score := item.scores.get(row.name)) is not None
                },
                "curve": {name: _thin(row.curve, name) for name in row.curve.columns} if row.curve else None,
            }
            for row in results.rows
        ],
    }


def _find(metrics: list[Column], *parts: str) -> Column | None:
    """The first metric whose key or name holds one of `parts`."""
    return next(
        (item for item in metrics if any(part in f"{item.key} {item.name}".casefold() for part in parts)),
        None,
    )


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")


def _thin(curve: Curve, name: str) -> list[list[float]]:
    """[minutes, value] of a column without its gaps, as at most CURVE_POINTS means of equal stretches."""
    pairs = [
        (seconds / 60, value)
        for seconds, value in zip(curve.seconds, curve.columns[name], strict=True)
        if value is not None and math.isfinite(value)
    ]
    stretch = math.ceil(len(pairs) / CURVE_POINTS) or 1
    means = []
    for start in range(0, len(pairs), stretch):
        part = pairs[start : start + stretch]
        means.append([float(f"{sum(values) / len(part):.5g}") for values in zip(*part, strict=True)])
    return means
