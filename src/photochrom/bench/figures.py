"""The columns of a table of results: how figures are written, which are best, and which are worse than grey."""

import math
from dataclasses import dataclass
from typing import Literal

from photochrom.bench.results import Difference, Results, Score

Better = Literal["higher", "lower", "truth"]

DIRECTIONS: dict[Better | None, str] = {
    "higher": "↑ higher is better",
    "lower": "↓ lower is better",
    "truth": "≈ nearer to the truth is better",
    None: "",
}
MISSING = "–"


@dataclass(frozen=True)
class Column:
    """One column: a metric, or each row's parameters, milliseconds or training minutes.

    `scores` is by row name. `best` are the models whose printed figure no other model beats; it is empty for a single
    model. `ahead` are the baselines that beat every model.
    """

    key: str
    name: str
    unit: str
    better: Better | None
    about: str
    scores: dict[str, Score]
    places: int | None
    """The decimals of every figure. None gives three significant digits, and k and M if the unit is empty."""
    truth: float | None = None
    best: frozenset[str] = frozenset()
    ahead: frozenset[str] = frozenset()

    @property
    def direction(self) -> str:
        """Say which way is better, with an arrow. Empty if neither is."""
        return DIRECTIONS[self.better]

    def text(self, row: str) -> str:
        """Return the figure as printed, or a dash if there is none."""
        return self._text(self.scores.get(row, Score(None)).value)

    def interval(self, row: str) -> str:
        """Return the 95 % interval as printed. Empty if there is none, or if all resampled figures are equal."""
        score = self.scores.get(row, Score(None))
        return (
            ""
            if score.low is None or score.high is None or score.low == score.high
            else span(self._text(score.low), self._text(score.high))
        )

    def why(self, row: str) -> str:
        """Return why the figure or its interval is missing, if the score says so."""
        return self.scores.get(row, Score(None)).why or ""

    def rank(self, row: str) -> float | None:
        """Return a number that is smaller for a better row, or None if the row has no figure."""
        return _rank(self.scores.get(row, Score(None)).value, self.better, self.truth)

    def _text(self, value: float | None) -> str:
        if self.places is not None:
            return fixed(value, self.places)
        return significant(value) if self.unit else count(value)


def columns(results: Results) -> list[Column]:
    """Return the columns: every metric, then parameters, milliseconds and minutes if any row has them."""
    found = []
    truths = [row for row in results.rows if row.kind == "truth"]
    for metric in results.metrics:
        scores = {row.name: row.scores[metric.key] for row in results.rows if metric.key in row.scores}
        truth = next((scores[row.name].value for row in truths if row.name in scores), None)
        values = [
            scores[row.name].value for row in results.rows if row.kind != "truth" and row.name in scores
        ]
        found.append(
            _marked(
                results,
                Column(
                    metric.key,
                    metric.name,
                    metric.unit,
                    metric.better,
                    metric.about,
                    scores,
                    decimals([*values, truth] if metric.better == "truth" else values),
                    truth,
                ),
            )
        )
    extra: list[tuple[str, str, str, Better | None, str]] = [
        ("parameters", "Parameters", "", "lower", "Numbers that training sets: the size of the model."),
        (
            "milliseconds",
            "Time",
            "ms",
            "lower",
            "Median time that one photo takes, on the machine named here.",
        ),
        ("minutes", "Training", "min", None, "Minutes that the model was trained for."),
    ]
    for key, name, unit, better, about in extra:
        scores = {row.name: Score(value) for row in results.rows if (value := getattr(row, key)) is not None}
        if scores:
            found.append(_marked(results, Column(key, name, unit, better, about, scores, None)))
    return found


def decimals(values: list[float | None], digits: int = 4) -> int:
    """Return the decimals that give the largest of `values` this many significant digits, at most 6."""
    largest = max((abs(value) for value in values if value is not None and math.isfinite(value)), default=0.0)
    return digits - 1 if largest == 0 else min(max(digits - 1 - math.floor(math.log10(largest)), 0), 6)


def fixed(value: float | None, places: int) -> str:
    """Write `value` with so many decimals, a real minus sign, ∞ for infinity and a dash for None."""
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:,.{places}f}"
    # A rounded −0.001 is 0, not "−0.00".
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text.replace("-", "−")


def significant(value: float | None, digits: int = 3) -> str:
    """Write `value` with so many significant digits. All digits before the point are kept."""
    # 0.9996 in three digits is 1.00: it is rounded before its digits are counted.
    return fixed(value, decimals([None if value is None else float(f"{value:.{digits}g}")], digits))


def count(value: float | None) -> str:
    """Write a whole number in three digits: 512, 41.2 k, 2.93 M."""
    if value is None or abs(value) < 1000:
        return fixed(value, 0)
    return significant(value / 1e3) + " k" if abs(value) < 999_500 else significant(value / 1e6) + " M"


def span(low: str, high: str) -> str:
    """Write a range from `low` to `high`. Negative numbers get "to", because an en dash looks like a minus sign."""
    return f"{low} to {high}" if "−" in low + high else f"{low}–{high}"


def no_difference(difference: Difference) -> bool:
    """Return whether the interval contains 0, so that it shows no difference."""
    return difference.low <= 0 <= difference.high


def difference_places(column: Column | None) -> int:
    """Return the decimals for a difference in `column`: one more than for figures, because differences are smaller."""
    return min(column.places + 1, 6) if column and column.places is not None else 4


def note_mark(index: int) -> str:
    """Return the mark of footnote number `index`: a to z, then aa, ab, and so on."""
    letter = chr(ord("a") + index % 26)
    return letter if index < 26 else note_mark(index // 26 - 1) + letter


def _rank(value: float | None, better: Better | None, truth: float | None) -> float | None:
    if value is None or math.isnan(value) or (better == "truth" and truth is None):
        return None
    if better == "truth" and truth is not None:
        return abs(value - truth)
    return -value if better == "higher" else value


def _marked(results: Results, column: Column) -> Column:
    """Fill in `best` and `ahead` of `column`. Figures that are printed alike have the same rank."""
    if column.better is None:
        return column
    printed: dict[str, float] = {}
    for row in results.rows:
        rank = column.rank(row.name)
        if rank is not None and row.error is None:
            printed[row.name] = rank if column.places is None else round(rank, column.places)
    competitors = {row.name for row in results.rows if row.kind in ("model", "pictures")} & printed.keys()
    if not competitors:
        return column
    top = min(printed[name] for name in competitors)
    best = {name for name in competitors if printed[name] == top} if len(competitors) > 1 else set()
    ahead = {row.name for row in results.rows if row.kind == "baseline" and printed.get(row.name, top) < top}
    return Column(**{**vars(column), "best": frozenset(best), "ahead": frozenset(ahead)})
