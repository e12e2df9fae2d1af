"""How the command says things."""

from __future__ import annotations

import pytest

from photochrom.cli.words import plain, reason, sentence
from photochrom.errors import AlreadyColorError, PhotoError, Remedy


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.jpg", "a.jpg"),
        ("a\x1b[31mred.jpg", "a\\x1b[31mred.jpg"),
        ("two\nlines\tand\u2028more", "two lines and more"),
        ("\u202egpj.exe", "\\x202egpj.exe"),
        ("Großmutter 祖母.jpg", "Großmutter 祖母.jpg"),
        ("a\x07\x9b.jpg", "a\\x07\\x9b.jpg"),
    ],
)
def test_no_name_moves_the_cursor(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_sentences_and_reasons() -> None:
    error = PhotoError("a.jpg", "has 9 megapixels", Remedy.RAISE_MAX_PIXELS)
    assert sentence(error) == "a.jpg: has 9 megapixels; allow it with --max-pixels"
    color = AlreadyColorError("a.jpg", "is in colour already", Remedy.FORCE)
    assert reason(color, "box/a.jpg", []) == "box/a.jpg: is in colour already; --force colorizes it anew"
    assert reason(None, "a.jpg", ["b.jpg"]) == "a.jpg: already done (b.jpg); --overwrite makes it anew"
    assert reason(None, "a.jpg", []) is None
