"""The columns of a table of results: how a figure is written, which is best, and which are worse than doing nothing."""

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
    """One column: a metric, or the parameters, time or training minutes of each row.

    `scores` is by row name; `best` are the models whose printed figure no other model beats (empty where there is only
    one), `ahead` the baselines that beat every model.
    """

    key: str
    name: str
    unit: str
    better: Better | None
    about: str
    scores: dict[str, Score]
    places: int | None
    """Decimals of every figure; None: three significant digits each, thousands as k and M if the unit is empty."""
    truth: float | None = None
    best: frozenset[str] = frozenset()
    ahead: frozenset[str] = frozenset()

    @property
    def direction(self) -> str:
        """Which way is better, in words with an arrow; empty where neither is."""
        return DIRECTIONS[self.better]

    def text(self, row: str) -> str:
        """The figure as printed; a dash where there is none."""
        return self._text(self.scores.get(row, Score(None)).value)

    def interval(self, row: str) -> str:
        """The 95 % interval as printed; nothing where there is none, or where every resample gives the same figure."""
        score = self.scores.get(row, Score(None))
        return (
            ""
            if score.low is None or score.high is None or score.low == score.high
            else span(self._text(score.low), self._text(score.high))
        )

    def why(self, row: str) -> str:
        """Why the figure or its interval is missing, if something says so."""
        return self.scores.get(row, Score(None)).why or ""

    def rank(self, row: str) -> float | None:
        """A number that is smaller the better the row is; None where it has no figure."""
        return _rank(self.scores.get(row, Score(None)).value, self.better, self.truth)

    def _text(self, value: float | None) -> str:
        if self.places is not None:
            return fixed(value, self.places)
        return significant(value) if self.unit else count(value)


def columns(results: Results) -> list[Column]:
    """Every metric of the table, then parameters, milliseconds and minutes of training where any row has them."""
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
    """Decimals that give the largest of `values` this many significant digits; at most 6."""
    largest = max((abs(value) for value in values if value is not None and math.isfinite(value)), default=0.0)
    return digits - 1 if largest == 0 else min(max(digits - 1 - math.floor(math.log10(largest)), 0), 6)


def fixed(value: float | None, places: int) -> str:
    """`value` with so many decimals, a real minus sign, ∞ for infinity and a dash for nothing."""
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:,.{places}f}"
    # A rounded −0.001 is 0, not "−0.00".
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text.replace("-", "−")


def significant(value: float | None, digits: int = 3) -> str:
    """`value` with so many significant digits; whole numbers are never rounded below the unit."""
    # 0.9996 in three digits is 1.00: it is rounded before its digits are counted.
    return fixed(value, decimals([None if value is None else float(f"{value:.{digits}g}")], digits))


def count(value: float | None) -> str:
    """A whole number in three digits: 512, 41.2 k, 2.93 M."""
    if value is None or abs(value) < 1000:
        return fixed(value, 0)
    return significant(value / 1e3) + " k" if abs(value) < 999_500 else significant(value / 1e6) + " M"


def span(low: str, high: str) -> str:
    """From `low` to `high`; an en dash beside a minus sign would be read as another."""
    return f"{low} to {high}" if "−" in low + high else f"{low}–{high}"


def no_difference(difference: Difference) -> bool:
    """Whether the interval holds 0, so that nothing was shown to differ."""
    return difference.low <= 0 <= difference.high


def difference_places(column: Column | None) -> int:
    """Decimals of a difference of two figures of `column`: one more than theirs, for it is smaller than they are."""
    return min(column.places + 1, 6) if column and column.places is not None else 4


def note_mark(index: int) -> str:
    """The mark of footnote number `index`: a to z, then aa, ab, and so on."""
    letter = chr(ord("a") + index % 26)
    return letter if index < 26 else note_mark(index // 26 - 1) + letter


def _rank(value: float | None, better: Better | None, truth: float | None) -> float | None:
    if value is None or math.isnan(value) or (better == "truth" and truth is None):
        return None
    if better == "truth" and truth is not None:
        return abs(value - truth)
    return -value if better == "higher" else value


def _marked(results: Results, column: Column) -> Column:
    """`column` with its best and those ahead of them, by the figures as printed: equal print is an equal rank."""
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
