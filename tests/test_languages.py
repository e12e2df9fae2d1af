"""The texts of the page and of the bot: one JSON file per language, with the same keys and the same placeholders."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from photochrom.bot.texts import LANGUAGES

PAGE = Path(str(files("photochrom.studio").joinpath("page")))
BOT = Path(str(files("photochrom.bot").joinpath("languages")))
FOLDERS = {"page": PAGE, "bot": BOT}
EVERY = [(name, language) for name in FOLDERS for language in LANGUAGES]


def read(folder: str, language: str) -> dict[str, Any]:
    found = json.loads((FOLDERS[folder] / f"{language}.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def placeholders(text: str | dict[str, str]) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", str(text)))


def test_page_and_bot_speak_the_same_languages() -> None:
    scripts = (PAGE / "texts.js").read_text(encoding="utf-8")
    (named,) = re.findall(r"LANGUAGES = \[(.*)\]", scripts)
    assert re.findall(r'"(\w+)"', named) == list(LANGUAGES)
    for folder in FOLDERS.values():
        assert {path.stem for path in folder.glob("*.json")} == set(LANGUAGES)


@pytest.mark.parametrize(("folder", "language"), EVERY)
def test_every_language_has_every_text(folder: str, language: str) -> None:
    english, texts = read(folder, "en"), read(folder, language)
    assert list(texts) == list(english)
    assert {key for key in texts if type(texts[key]) is not type(english[key])} == set()
    assert {key for key in texts if placeholders(texts[key]) != placeholders(english[key])} == set()
    if language != "en":
        # Names, formats and words that are the same in both languages may stay.
        same = {key for key in texts if texts[key] == english[key]}
        assert len(same) < 20, same


@pytest.mark.parametrize(("folder", "language"), EVERY)
def test_texts_are_ready_for_translators(folder: str, language: str) -> None:
    for key, text in read(folder, language).items():
        forms = list(text.values()) if isinstance(text, dict) else [text]
        assert all(isinstance(form, str) and form.strip() == form != "" for form in forms), key
        if isinstance(text, dict):
            assert set(text) == {"one", "other"}, key
            assert all("{n}" in form for form in forms), key
