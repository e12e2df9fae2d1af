"""`Texts`: every sentence that the bot says, in the language of a person.

The words are in `languages/`, one JSON file per language, in the form of the page's: "{name}" stands for a value, and
an entry with "one" and "other" is chosen by the number `n`. A translator adds NAME.json, and its name to `LANGUAGES`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from photochrom.errors import PhotochromError, Remedy
from photochrom.pipeline.looks import LOOKS

__all__ = ["COMMANDS", "LANGUAGES", "MAX_CAPTION", "MAX_TEXT", "Texts", "cut", "language_of", "texts_in"]

LANGUAGES = ("en", "de", "fr")
"""The first one is for everyone whose own language is not there."""

# What Telegram takes, in characters.
MAX_TEXT, MAX_CAPTION = 4096, 1024

COMMANDS = ("look", "strength", "candidates", "help")
"""The commands of the menu."""


class Texts:
    """The sentences in one language.

    Parameters
    ----------
    language : one of `LANGUAGES`
    """

    def __init__(self, language: str) -> None:
        self.language = language
        path = files("photochrom.bot").joinpath("languages", f"{language}.json")
        self._words: dict[str, str | dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
        self._remedies = {
            remedy: words
            for remedy in Remedy
            if isinstance(words := self._words.get(f"remedy.{remedy.name.lower()}"), str)
        }

    def __call__(self, key: str, **values: object) -> str:
        """The text `key` with `values` in their places. `n` chooses between "one" and "other"."""
        words = self._words[key]
        if isinstance(words, dict):
            words = words[self._form(int(str(values["n"])))]
        return words.format(**values)

    def has(self, key: str) -> bool:
        """Whether there is a text `key`."""
        return key in self._words

    def number(self, value: float) -> str:
        """A number as people write it: 0.7 or 0,7."""
        plain = f"{value:g}"
        return plain if self.language == "en" else plain.replace(".", ",")

    def looks(self) -> str:
        """The names of all looks, as /look takes them."""
        return ", ".join(LOOKS)

    def inferred(self, model: str, *, number: int = 1, of: int = 1, notes: Sequence[str] = ()) -> str:
        """The caption of a picture in colour, with its number if there are several, and with `notes`."""
        words = [
            *([self("result.version", number=number, of=of)] if of > 1 else []),
            self("result.inferred", model=model),
            *([self("result.note", notes=" ".join(notes))] if notes else []),
        ]
        return cut(" ".join(words), MAX_CAPTION)

    def trouble(self, error: PhotochromError, name: str) -> str:
        """The error about the photo called `name`, with the remedy for a chat.

        A translation has other words for the common errors, found by their code. If the error says more than the
        English text of that code, its own words are kept.
        """
        key, what = f"what.{error.code}", error.what
        if self.has(key) and texts_in(LANGUAGES[0])(key, what=what) == what:
            what = self(key, what=what)
        told = PhotochromError(name, what, error.remedy)
        return cut(told.sentence(self._remedies), MAX_TEXT - 1) + "."

    def not_today(self, daily: int, chat: int) -> str:
        """The answer to what the chat may not ask for. The number lets the operator allow the chat."""
        if daily == 0:
            return self("limit.list", chat=chat)
        return self("limit.used", n=daily, chat=chat)

    def _form(self, n: int) -> str:
        # The rules of Unicode's CLDR for whole numbers; in French 0 is singular too.
        singular = n in (0, 1) if self.language == "fr" else n == 1
        return "one" if singular else "other"


@cache
def texts_in(language: str) -> Texts:
    """The sentences in `language`, read once."""
    return Texts(language)


def language_of(code: str | None) -> str:
    """The language of a person whose Telegram says `code`, an IETF tag such as "de-AT"."""
    language = (code or "").lower().partition("-")[0]
    return language if language in LANGUAGES else LANGUAGES[0]


def cut(text: str, most: int) -> str:
    """`text` with at most `most` characters."""
    return text if len(text) <= most else text[: most - 1] + "…"
