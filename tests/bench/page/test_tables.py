"""The tables of the page: notes, ranks, readings and filters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from photochrom.bench.figures import columns
from photochrom.bench.page.tables import differences, table
from photochrom.bench.results import Difference, Metric, Results, Row, Score


def test_notes_are_marked_in_the_order_in_which_they_are_met(results: Results) -> None:
    found = table(results, columns(results))
    assert found.notes == {"Equal pictures.": "a", "Fewer than 2,048 photos.": "b"}
    assert found.any_ahead  # grey has the best SSIM
    assert [found.note(row) for row in results.rows[:4]] == ["baseline", "", "recipe, 8 minutes", ""]


def test_ranks_are_numbers_that_javascript_reads() -> None:
    metric = Metric("psnr", "PSNR", "dB", "higher", "")
    rows = [
        Row("truth", "truth", {"psnr": Score(float("inf"))}),
        Row("m", "model", {"psnr": Score(20.5)}),
        Row("n", "model"),
    ]
    results = Results("", "", "", "", {}, [metric], rows)
    shown = columns(results)
    found = table(results, shown)
    assert [found.rank(row, shown[0]) for row in rows] == ["-Infinity", "-20.5", ""]


@pytest.mark.parametrize(
    ("better", "value", "low", "high", "reading"),
    [
        ("higher", 0.3, 0.1, 0.5, "a is better"),
        ("higher", -0.3, -0.5, -0.1, "b is better"),
        ("lower", 0.3, 0.1, 0.5, "b is better"),
        ("lower", -0.3, -0.5, -0.1, "a is better"),
        ("truth", 0.3, 0.1, 0.5, "a has more"),
        ("truth", -0.3, -0.5, -0.1, "b has more"),
        ("higher", 0.3, -0.1, 0.7, "no difference: the interval contains 0"),
    ],
)
def test_a_difference_is_read_out(better: str, value: float, low: float, high: float, reading: str) -> None:
    metric = Metric("m", "M", "", better, "")  # type: ignore[arg-type]
    rows = [Row(name, "model", {"m": Score(1.0)}) for name in "ab"]
    results = Results("", "", "", "", {}, [metric], rows, [Difference("m", "a", "b", value, low, high)])
    found = differences(results, columns(results))
    assert found is not None
    (row,) = found.rows
    assert (row.metric, row.reading, row.is_none) == ("M", reading, reading.startswith("no"))


def test_a_long_table_of_differences_begins_with_its_first_metric(results: Results) -> None:
    shown = columns(results)
    short = differences(results, shown)
    long = differences(replace(results, differences=results.differences * 7), shown)
    assert short is not None
    assert long is not None
    assert (short.first_metric, long.first_metric) == ("", "psnr")
    assert short.metrics == {"psnr": "PSNR", "ciede2000": "CIEDE2000", "colorfulness": "Colorfulness"}
    assert short.models == ["photochrom", "pix2pix-unet", results.rows[-2].name]
    assert differences(replace(results, differences=[]), shown) is None
