"""What the page's script draws: the points of the charts and the curves of training, as plain numbers."""

import math
from html import escape
from typing import Any

from photochrom.bench.figures import Column
from photochrom.bench.results import Curve, Results

CURVE_POINTS = 240
"""More cannot be told apart on a chart of this width; a day's log has a hundred times as many."""


def drawings(shown: list[Column]) -> str:
    """The frames of the three charts, with their selects; empty if no metric has a figure."""
    metrics = [column for column in shown if column.key not in ("parameters", "milliseconds", "minutes")]
    keys = {column.key for column in shown}
    if not metrics:
        return ""
    charts = []
    # Colour is what the models add, so a colour difference is asked for first.
    quality = (_find(metrics, "ciede2000", "2000") or metrics[0]).key
    if "milliseconds" in keys:
        charts.append(_chart("time", "Quality against time", metrics, quality, "milliseconds"))
    if "parameters" in keys:
        charts.append(_chart("size", "Quality against size", metrics, quality, "parameters"))
    y, x = _find(metrics, "colorful", "colourful"), _find(metrics, "ciede2000", "2000")
    if x and y:
        charts.append(
            _chart("colour", "Colourfulness against colour error", metrics, y.key, x.key, choose_x=True)
        )
    elif len(metrics) > 1:
        charts.append(
            _chart("colour", "Metric against metric", metrics, metrics[1].key, metrics[0].key, choose_x=True)
        )
    return (
        "<p>Bars are 95&nbsp;% intervals, dashed lines the references. The figures are those of the table.</p>\n"
        '<div class="charts scripted">\n' + "\n".join(charts) + "\n</div>"
    )


def curves(results: Results) -> str:
    """The frame of the training curves; empty if no row has one."""
    logs = {row.name: row.curve for row in results.rows if row.curve and row.curve.columns}
    if not logs:
        return ""
    names = dict.fromkeys(name for curve in logs.values() for name in curve.columns)
    # The first of them is shown first.
    names = dict.fromkeys(sorted(names, key=lambda name: "loss" not in name))
    options = "".join(f"<option>{escape(name)}</option>" for name in names)
    models = "".join(f"<option>{escape(name)}</option>" for name in logs)
    return (
        f"<p>What each model logged while it was trained, against minutes. A log of more than {CURVE_POINTS} records "
        "is drawn as the means of equal stretches of it. Losses of different recipes are different quantities: compare "
        "their course, not their height.</p>\n"
        '<figure class="chart scripted" id="training">\n<figcaption class="controls">\n'
        f'<label>Column <select id="curve-column">{options}</select></label>\n'
        f'<label>Emphasise <select id="curve-model"><option value="">none</option>{models}</select></label>\n'
        '</figcaption>\n<div class="plot"></div>\n<ul class="legend"></ul>\n</figure>'
    )


def points(results: Results, shown: list[Column]) -> dict[str, Any]:
    """Every number that the script needs, by column and row; nothing in it is not a number, a name or None."""
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


def _chart(name: str, title: str, metrics: list[Column], y: str, x: str, choose_x: bool = False) -> str:
    selects = _select("Vertical axis", "y", metrics, y) + (
        _select("Horizontal axis", "x", metrics, x) if choose_x else ""
    )
    return (
        f'<figure class="chart" id="chart-{name}" data-y="{escape(y)}" data-x="{escape(x)}">\n'
        f'<figcaption><h3>{escape(title)}</h3>\n<div class="controls">{selects}</div></figcaption>\n'
        '<div class="plot"></div>\n<ol class="legend"></ol>\n<p class="notes"></p>\n</figure>'
    )


def _select(label: str, axis: str, metrics: list[Column], chosen: str) -> str:
    options = "".join(
        f'<option value="{escape(item.key)}"{" selected" if item.key == chosen else ""}>{escape(item.name)}</option>'
        for item in metrics
    )
    return f'<label>{label} <select data-axis="{axis}">{options}</select></label>'


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
