"""What the templates of the two tables need: all figures, and the paired differences."""

from dataclasses import dataclass

from photochrom.bench.figures import Column, difference_places, fixed, no_difference, note_mark, span
from photochrom.bench.results import Difference, Results, Row
from photochrom.bench.row_notes import row_note

WHOLE = 24
"""A table of so many differences is shown whole at first, a longer one by its first metric."""


@dataclass(frozen=True)
class Table:
    """The table of all figures: models by columns.

    `notes` has the mark of each reason why a figure or its interval is missing.
    """

    columns: list[Column]
    notes: dict[str, str]

    @property
    def any_ahead(self) -> bool:
        """Whether a baseline is better than every model, in any column."""
        return any(column.ahead for column in self.columns)

    def note(self, row: Row) -> str:
        """What stands beside the name of a row."""
        return row_note(row)

    def rank(self, row: Row, column: Column) -> str:
        """A number that JavaScript reads, smaller the better the row is; nothing if it has no figure."""
        rank = column.rank(row.name)
        return "" if rank is None else str(rank).replace("inf", "Infinity")


@dataclass(frozen=True)
class DifferenceRow:
    """One paired difference as it is printed, and the exact one that it is sorted by."""

    key: str
    metric: str
    first: str
    second: str
    value: str
    interval: str
    reading: str
    is_none: bool
    exact: Difference


@dataclass(frozen=True)
class Differences:
    """All paired differences, and what they can be filtered by: metrics (name by key) and models."""

    rows: list[DifferenceRow]
    metrics: dict[str, str]
    models: list[str]
    first_metric: str


def table(results: Results, shown: list[Column]) -> Table:
    """The columns, and the notes in the order in which a reader meets them."""
    notes: dict[str, str] = {}
    for row in results.rows:
        for column in shown if row.error is None else ():
            if why := column.why(row.name):
                notes.setdefault(why, note_mark(len(notes)))
    return Table(shown, notes)


def differences(results: Results, shown: list[Column]) -> Differences | None:
    """First minus second on the same photos; None if the results have none."""
    if not results.differences:
        return None
    by_key = {column.key: column for column in shown}
    metrics = {
        item.metric: by_key[item.metric].name if item.metric in by_key else item.metric
        for item in results.differences
    }
    models = dict.fromkeys(name for item in results.differences for name in (item.first, item.second))
    rows = [_difference(item, by_key.get(item.metric)) for item in results.differences]
    return Differences(rows, metrics, list(models), "" if len(rows) <= WHOLE else next(iter(metrics)))


def _difference(item: Difference, column: Column | None) -> DifferenceRow:
    places = difference_places(column)
    none = no_difference(item)
    return DifferenceRow(
        key=item.metric,
        metric=column.name if column else item.metric,
        first=item.first,
        second=item.second,
        value=fixed(item.value, places),
        interval=span(fixed(item.low, places), fixed(item.high, places)),
        # An interval that contains 0 says that no difference was shown.
        reading="no difference: the interval contains 0" if none else _reading(item, column),
        is_none=none,
        exact=item,
    )


def _reading(item: Difference, column: Column | None) -> str:
    """Which model is better. Where nearer to the truth is better, a difference alone cannot say so."""
    more, less = (item.first, item.second) if item.value > 0 else (item.second, item.first)
    if column is None or column.better in (None, "truth"):
        return f"{more} has more"
    return f"{more if column.better == 'higher' else less} is better"
