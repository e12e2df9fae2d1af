"""Which charts are drawn, and the points in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from photochrom.bench.figures import columns
from photochrom.bench.page.drawings import CURVE_POINTS, charts, curves, points
from photochrom.bench.results import Curve, Results


def test_the_charts_of_an_evaluation_begin_with_the_colour_difference(results: Results) -> None:
    found = charts(columns(results))
    assert found is not None
    assert [(frame.name, frame.y, frame.x, frame.choose_x) for frame in found.frames] == [
        ("time", "ciede2000", "milliseconds", False),
        ("size", "ciede2000", "parameters", False),
        ("colour", "colorfulness", "ciede2000", True),
    ]
    assert [metric.key for metric in found.metrics] == [metric.key for metric in results.metrics]


def test_there_are_no_charts_of_what_was_not_measured(results: Results) -> None:
    timeless = [replace(row, milliseconds=None, parameters=None) for row in results.rows]
    two = replace(results, metrics=results.metrics[:2], rows=timeless)
    found = charts(columns(two))
    assert found is not None
    assert [(frame.name, frame.y, frame.x) for frame in found.frames] == [("colour", "ssim", "psnr")]
    assert charts(columns(replace(results, metrics=[]))) is None


def test_losses_are_the_first_of_the_curves(make: Callable[..., Results]) -> None:
    results = make(models=2)
    log = Curve([1.0, 2.0], {"psnr": [1.0, 2.0], "loss": [3.0, 4.0]})
    found = curves(replace(results, rows=[replace(results.rows[2], curve=log)]))
    assert found is not None
    assert (found.columns, found.models) == (["loss", "psnr"], [results.rows[2].name])
    assert curves(replace(results, rows=results.rows[:2])) is None


def test_a_long_log_becomes_means_of_equal_stretches(results: Results) -> None:
    steps = CURVE_POINTS * 3
    log = Curve([60.0 * step for step in range(steps)], {"loss": [float(step) for step in range(steps)]})
    rows = [replace(row, curve=log) for row in results.rows[2:3]]
    (row,) = points(replace(results, rows=rows), [])["rows"]
    # Means of 0, 1, 2, then of 3, 4, 5, ...
    assert row["curve"]["loss"] == [[3.0 * index + 1, 3.0 * index + 1] for index in range(CURVE_POINTS)]


def test_gaps_in_a_log_are_left_out(results: Results) -> None:
    log = Curve([0.0, 60.0, 120.0, 180.0], {"psnr": [None, 20.0, float("nan"), 21.0]})
    (row,) = points(replace(results, rows=[replace(results.rows[2], curve=log)]), [])["rows"]
    assert row["curve"]["psnr"] == [[1.0, 20.0], [3.0, 21.0]]
