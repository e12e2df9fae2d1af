"""What stands beside the name of a row, so that nobody takes the row for something else."""

from functools import cache

from photochrom.bench.figures import significant
from photochrom.bench.results import Row
from photochrom.engine.models import available

__all__ = ["recipe_note", "row_note"]

KINDS = {"baseline": "baseline", "truth": "truth", "pictures": "pictures given", "model": ""}


def row_note(row: Row) -> str:
    """What a row is, if it is no model or could be taken for another one; empty where its name says so already."""
    note = recipe_note(row) or KINDS[row.kind]
    return "" if note == row.name else note


def recipe_note(row: Row) -> str:
    """Of a recipe that was trained for the table and has the name of a model in the package: that it is the recipe."""
    if row.minutes is None or row.name not in _names_in_package():
        return ""
    minutes = significant(row.minutes, 2)
    if "." in minutes:
        minutes = minutes.rstrip("0").rstrip(".")
    return f"recipe, {minutes} minute{'' if minutes == '1' else 's'}"


@cache
def _names_in_package() -> frozenset[str]:
    return frozenset(info.name for info in available())
