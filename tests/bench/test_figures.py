"""How figures are written and ranked."""

import math
from dataclasses import replace

import pytest

from photochrom.bench.figures import columns, count, decimals, fixed, note_mark, significant, span
from photochrom.bench.results import Metric, Results, Row, Score


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (22.8, 2, "22.80"),
        (-0.5, 1, "−0.5"),
        (-0.001, 2, "0.00"),
        (1234.5, 1, "1,234.5"),
        (math.inf, 2, "∞"),
        (math.nan, 2, "–"),
        (None, 2, "–"),
    ],
)
def test_fixed(value: float | None, places: int, text: str) -> None:
    assert fixed(value, places) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (512, "512"),
        (41_230, "41.2 k"),
        (999_499, "999 k"),
        (999_600, "1.00 M"),
        (2_930_000, "2.93 M"),
        (None, "–"),
    ],
)
def test_count(value: float | None, text: str) -> None:
    assert count(value) == text


def test_decimals_give_the_largest_four_digits() -> None:
    assert [decimals([value]) for value in (152.3, 22.8, 0.93, 0.0057, 0.0, None, math.inf)] == [
        1,
        2,
        4,
        6,
        3,
        3,
        3,
    ]
    assert significant(0.04567) == "0.0457"
    assert significant(1234) == "1,234"


def test_span_keeps_a_minus_apart_from_the_dash() -> None:
    assert span("1", "2") == "1–2"
    assert span("−1", "2") == "−1 to 2"


def test_note_marks_go_on_after_z() -> None:
    assert [note_mark(index) for index in (0, 25, 26, 27, 52)] == ["a", "z", "aa", "ab", "ba"]


def ranked(better: str, **values: float | None) -> Results:
    kinds = {"grey": "baseline", "truth": "truth"}
    rows = [
        Row(name, kinds.get(name, "model"), {"m": Score(value)})  # type: ignore[arg-type]
        for name, value in values.items()
    ]
    metric = Metric("m", "M", "", better, "")  # type: ignore[arg-type]
    return Results("", "", "", "", {}, [metric], rows)


@pytest.mark.parametrize(
    ("better", "values", "best", "ahead"),
    [
        ("higher", {"grey": 1.0, "a": 2.0, "b": 3.0}, {"b"}, set()),
        ("lower", {"grey": 1.0, "a": 2.0, "b": 3.0}, {"a"}, {"grey"}),
        ("truth", {"grey": 0.0, "truth": 40.0, "a": 30.0, "b": 51.0}, {"a"}, set()),
        ("truth", {"grey": 0.0, "a": 30.0, "b": 51.0}, set(), set()),
        ("higher", {"a": 2.0}, set(), set()),
        ("higher", {"grey": 3.0, "a": 2.0}, set(), {"grey"}),
        ("higher", {"a": 22.801, "b": 22.799, "c": 21.0}, {"a", "b"}, set()),
        ("higher", {"a": None, "b": math.nan, "c": 1.0, "d": 2.0}, {"d"}, set()),
        ("higher", {"truth": math.inf, "a": 1.0, "b": 2.0}, {"b"}, set()),
    ],
)
def test_best_and_ahead(better: str, values: dict[str, float], best: set[str], ahead: set[str]) -> None:
    (column,) = columns(ranked(better, **values))
    assert column.best == best
    assert column.ahead == ahead


def test_a_failed_model_is_never_the_best() -> None:
    results = ranked("higher", a=1.0, b=2.0, c=3.0)
    rows = [*results.rows[:2], replace(results.rows[2], error="no memory")]
    (column,) = columns(replace(results, rows=rows))
    assert column.best == {"b"}


def test_columns_of_cost_are_there_where_a_row_has_them(results: Results) -> None:
    keys = [column.key for column in columns(results)]
    assert keys[-3:] == ["parameters", "milliseconds", "minutes"]
    bare = replace(results, rows=[replace(row, minutes=None) for row in results.rows])
    assert "minutes" not in [column.key for column in columns(bare)]


def test_an_interval_of_one_figure_is_not_printed() -> None:
    results = ranked("higher", a=1.0, b=2.0)
    exact = replace(results.rows[0], scores={"m": Score(1.0, 1.0, 1.0)})
    wide = replace(results.rows[1], scores={"m": Score(2.0, 1.5, 2.5)})
    (column,) = columns(replace(results, rows=[exact, wide]))
    assert [column.interval("a"), column.interval("b"), column.interval("c")] == ["", "1.500–2.500", ""]
