"""Sentences of the bot: captions, errors in words for a chat, and their lengths."""

from __future__ import annotations

import pytest

from photochrom.bot import texts
from photochrom.errors import AlreadyColorError, PhotoError, Remedy, TooLargeError, UnsupportedError


def test_a_caption_has_number_and_notes_within_telegrams_limit() -> None:
    words = "The colours were inferred by m; they are not a record of the original colours."
    assert texts.inferred("m") == words
    assert texts.inferred("m", number=2, of=3) == f"Version 2 of 3. {words}"
    assert texts.inferred("m", notes=["One.", "Two."]) == f"{words} Note: One. Two."
    assert len(texts.inferred("m", notes=["n" * 5000])) == texts.MAX_CAPTION == 1024


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            AlreadyColorError("x", "is in colour", Remedy.FORCE),
            "a.jpg: is in colour; reply /force to it, and",
        ),
        (PhotoError("x", "ends early", Remedy.SALVAGE), "a.jpg: ends early; reply /force to it, and"),
        (TooLargeError("x", "is large", Remedy.RAISE_MAX_PIXELS), "a.jpg: is large; make it smaller, or"),
        (TooLargeError("x", "needs memory", Remedy.FEWER_AT_ONCE), "a.jpg: needs memory; send it smaller"),
        (
            UnsupportedError("x", "needs more", Remedy.INSTALL_PHOTO),
            "a.jpg: needs more; I cannot read it; convert",
        ),
    ],
)
def test_remedies_make_sense_in_a_chat(error: PhotoError, words: str) -> None:
    sentence = texts.trouble(error, "a.jpg")
    assert sentence.startswith(words)
    assert sentence.endswith(".")
    assert not any(word in sentence for word in ("=True", "pip ", "max_pixels"))


def test_long_texts_are_cut() -> None:
    assert texts.cut("abcdef", 6) == "abcdef"
    assert texts.cut("abcdefg", 6) == "abcde…"
    assert len(texts.trouble(PhotoError("x", "w" * 9000), "a.jpg")) == texts.MAX_TEXT == 4096
