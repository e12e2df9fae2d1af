"""What stands beside a row's name."""

from __future__ import annotations

import pytest

from photochrom.bench.results import Row
from photochrom.bench.row_notes import recipe_note, row_note


@pytest.mark.parametrize(
    ("row", "note"),
    [
        (Row("grey", "baseline"), "baseline"),
        (Row("truth", "truth"), ""),  # "truth truth" would say it twice
        (Row("other", "pictures"), "pictures given"),
        (Row("eccv16", "model", minutes=8.0), ""),
        # A model in the package, and the recipe of its name, trained for half a minute.
        (Row("photochrom", "model"), ""),
        (Row("photochrom", "model", minutes=0.5), "recipe, 0.5 minutes"),
        (Row("photochrom", "model", minutes=8.04), "recipe, 8 minutes"),
        (Row("photochrom", "model", minutes=1.0), "recipe, 1 minute"),
        (Row("photochrom", "model", minutes=123.4), "recipe, 123 minutes"),
    ],
)
def test_a_row_says_what_its_name_does_not(row: Row, note: str) -> None:
    assert row_note(row) == note
    assert recipe_note(row) == (note if note.startswith("recipe") else "")
