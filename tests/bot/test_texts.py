"""Sentences of the bot: captions, errors in words for a chat, and their lengths."""

from __future__ import annotations

import pytest

from photochrom.bot.buttons import color_of
from photochrom.bot.texts import COMMANDS, LANGUAGES, MAX_CAPTION, MAX_TEXT, cut, language_of, texts_in
from photochrom.errors import AlreadyColorError, PhotoError, Remedy, TooLargeError, UnsupportedError
from photochrom.pipeline.looks import LOOKS
from photochrom.pipeline.swatches import SWATCHES

EN = texts_in("en")


def test_a_caption_has_number_and_notes_within_telegrams_limit() -> None:
    words = "The colours were inferred by m; they are not a record of the original colours."
    assert EN.inferred("m") == words
    assert EN.inferred("m", number=2, of=3) == f"Version 2 of 3. {words}"
    assert EN.inferred("m", notes=["One.", "Two."]) == f"{words} Note: One. Two."
    assert len(EN.inferred("m", notes=["n" * 5000])) == MAX_CAPTION == 1024


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
    sentence = EN.trouble(error, "a.jpg")
    assert sentence.startswith(words)
    assert sentence.endswith(".")
    assert not any(word in sentence for word in ("=True", "pip ", "max_pixels"))


def test_long_texts_are_cut() -> None:
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abcde…"
    assert len(EN.trouble(PhotoError("x", "w" * 9000), "a.jpg")) == MAX_TEXT == 4096


@pytest.mark.parametrize(
    ("code", "language"),
    [("de", "de"), ("de-AT", "de"), ("FR", "fr"), ("pt-br", "en"), ("", "en"), (None, "en")],
)
def test_the_language_is_that_of_the_person(code: str | None, language: str) -> None:
    assert language_of(code) == language


# The plural rules of Unicode's CLDR.
@pytest.mark.parametrize(
    ("language", "n", "words"),
    [
        ("en", 0, "0 photos"),
        ("en", 1, "1 photo "),
        ("de", 1, "1 Foto "),
        ("de", 2, "2 Fotos"),
        ("fr", 0, "0 photo "),
        ("fr", 1, "1 photo "),
        ("fr", 2, "2 photos"),
    ],
)
def test_plurals(language: str, n: int, words: str) -> None:
    assert words in texts_in(language)("stopping", n=n)


def test_common_errors_are_translated_and_others_keep_their_words() -> None:
    error = AlreadyColorError("x", "is in colour already", Remedy.FORCE)
    assert (
        texts_in("de").trouble(error, "a.jpg").startswith("a.jpg: ist schon farbig; antworten Sie mit /force")
    )
    part = AlreadyColorError("x", "is in colour in part already (2 of 3 photos on the page)", Remedy.FORCE)
    assert "(2 of 3 photos on the page); antworten" in texts_in("de").trouble(part, "a.jpg")
    cut_off = PhotoError("x", "the file ends early", Remedy.SALVAGE, code="incomplete")
    words = texts_in("fr").trouble(cut_off, "a.jpg")
    assert words.startswith("a.jpg: il manque une partie de l’image (the file ends early); répondez-y /force")
    assert EN.trouble(cut_off, "a.jpg").startswith("a.jpg: the file ends early; reply /force")


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_words_for_every_command_look_and_colour(language: str) -> None:
    texts = texts_in(language)
    names = [f"color.{group}-{i}" for group, colors in SWATCHES.items() for i in range(1, len(colors) + 1)]
    names += [f"look.{name}" for name in LOOKS] + [f"command.{name}" for name in COMMANDS]
    assert [name for name in names if not texts.has(name)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_fit_where_telegram_shows_them(language: str) -> None:
    texts = texts_in(language)
    taps = ["tap.working", "tap.drawing", "tap.forgotten", "tap.no-cell"]
    assert max(len(texts(name)) for name in taps) <= 200
    assert len(texts("help", looks=texts.looks())) <= MAX_TEXT
    assert all(len(texts(f"command.{name}", looks=texts.looks())) <= 256 for name in COMMANDS)


def test_a_number_is_written_as_people_write_it() -> None:
    assert [texts_in(language).number(0.75) for language in LANGUAGES] == ["0.75", "0,75", "0,75"]


def test_names_of_colours() -> None:
    assert color_of("skin-1") == "#e8c4ae"
    assert [color_of(name) for name in ("skin-0", "skin-6", "sky-1", "skin", "")] == [None] * 5
