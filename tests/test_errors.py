"""One tree of errors."""

from __future__ import annotations

import pickle

import pytest

from photochrom import errors
from photochrom.errors import OptionError, PhotochromError, PhotoError, Remedy, TooLargeError


def test_the_sentence_is_one_line_and_the_words_are_the_interfaces() -> None:
    error = TooLargeError("a\nb.jpg", "has 9 megapixels", Remedy.RAISE_MAX_PIXELS)
    assert str(error) == "a b.jpg: has 9 megapixels; raise max_pixels to open it"
    assert error.sentence({Remedy.RAISE_MAX_PIXELS: "use --max-pixels"}, path="x") == (
        "x: has 9 megapixels; use --max-pixels"
    )
    assert str(PhotochromError("", "nothing works")) == "nothing works"
    assert str(OptionError("strength", "must be 1")) == "strength must be 1"
    assert isinstance(OptionError("a", "b"), ValueError)


def test_errors_cross_processes() -> None:
    error = PhotoError("a.jpg", "is odd", Remedy.COPY_AGAIN, code="odd")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.code, again.remedy) == (
        PhotoError,
        str(error),
        "odd",
        Remedy.COPY_AGAIN,
    )


@pytest.mark.parametrize("name", [name for name in errors.__all__ if name != "Remedy"])
def test_every_error_has_a_code_and_stands_in_the_docstring(name: str) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, PhotochromError)
    assert kind.code
    assert name in (errors.__doc__ or "")


def test_remedies_are_sentences_without_end() -> None:
    for remedy in Remedy:
        assert not remedy.value.endswith(".")
    names = [remedy.name for remedy in Remedy if remedy is not Remedy.NONE]
    assert names == sorted(names)
