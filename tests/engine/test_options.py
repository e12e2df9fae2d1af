"""What may be asked: ranges, and the sentence about a value that is out of range."""

from __future__ import annotations

import pytest

from photochrom.engine.hints import MOST_HINTS, Hint
from photochrom.engine.options import Options
from photochrom.errors import OptionError


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"strength": 1.6}, "strength"),
        ({"strength": float("nan")}, "strength"),
        ({"size": 8}, "size"),
        ({"quality": "ultra"}, "quality"),
        ({"colorfulness": -0.1}, "colorfulness"),
        ({"candidates": 0}, "candidates"),
        ({"seed": -1}, "seed"),
    ],
)
def test_options_name_what_is_wrong(wrong: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Options(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"strength": -0.1}, "strength must be between 0 and 1.5, got -0.1"),
        ({"size": 2049}, "size must be between 32 and 2048 pixels, got 2049"),
        ({"colorfulness": 2.5}, "colorfulness must be between 0 and 2, got 2.5"),
        ({"candidates": 17}, "candidates must be between 1 and 16, got 17"),
        ({"seed": -3}, "seed must not be negative, got -3"),
    ],
)
def test_the_sentence_says_the_range_and_the_value(given: dict[str, float], words: str) -> None:
    with pytest.raises(OptionError) as caught:
        Options(**given)  # type: ignore[arg-type]
    assert words in str(caught.value).replace(":", "")


@pytest.mark.parametrize("strength", [0, 1.5])
@pytest.mark.parametrize("size", [None, 32, 2048])
@pytest.mark.parametrize("candidates", [1, 16])
def test_the_ends_of_the_ranges_are_taken(strength: float, size: int | None, candidates: int) -> None:
    options = Options(strength=strength, size=size, candidates=candidates, colorfulness=2.0)
    assert (options.strength, options.size, options.candidates) == (strength, size, candidates)


def test_too_many_hints() -> None:
    hint = Hint(0.5, 0.5, "#c81e1e")
    assert len(Options(hints=(hint,) * MOST_HINTS).hints) == MOST_HINTS
    with pytest.raises(OptionError, match=f"at most {MOST_HINTS} are taken, got {MOST_HINTS + 1}"):
        Options(hints=(hint,) * (MOST_HINTS + 1))
