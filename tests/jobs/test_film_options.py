"""What may be asked of a film: the ranges, and their sentences."""

from typing import Any

import pytest

from photochrom.engine.hints import MOST_HINTS, Hint
from photochrom.errors import OptionError
from photochrom.jobs.film_known import TimedHint
from photochrom.jobs.film_options import FilmOptions


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"crf": 64}, "crf must be between 0 and 63, got 64"),
        ({"crf": -1}, "crf must be between 0 and 63, got -1"),
        ({"preview": (3.0, 3.0)}, "a preview must end after it begins, got 3-3"),
        ({"preview": (-1.0, 3.0)}, "a preview must end after it begins, got -1-3"),
    ],
)
def test_a_value_out_of_range_is_a_sentence(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        FilmOptions(**given)


def test_too_many_hints_are_refused() -> None:
    hint = TimedHint(0.0, Hint(0.5, 0.5, "#2040a0"))
    assert len(FilmOptions(hints=(hint,) * MOST_HINTS).hints) == MOST_HINTS
    with pytest.raises(OptionError, match=f"at most {MOST_HINTS} are taken, got {MOST_HINTS + 1}"):
        FilmOptions(hints=(hint,) * (MOST_HINTS + 1))
