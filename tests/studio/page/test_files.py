"""The page's files: small, of this host alone, nothing inline, and every text in one place."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from photochrom.pipeline.looks import LOOKS

PAGE = Path(str(files("photochrom.studio").joinpath("page")))
SOURCES = sorted(path for path in PAGE.iterdir() if path.suffix in {".html", ".css", ".js", ".json"})
TEXTS = json.loads((PAGE / "en.json").read_text(encoding="utf-8"))
HTML = (PAGE / "index.html").read_text(encoding="utf-8")
LANGUAGES = re.findall(
    r'"(\w+)"', re.findall(r"LANGUAGES = \[(.*)\]", (PAGE / "texts.js").read_text(encoding="utf-8"))[0]
)
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in SOURCES if path.suffix == ".js"}


def test_it_weighs_little() -> None:
    # A browser fetches one language, and the sample (59 KB) only when it is asked for. All together are under 300 KB.
    others = {f"{name}.json" for name in LANGUAGES} - {"en.json"}
    assert sum(path.stat().st_size for path in SOURCES if path.name not in others) < 200_000


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_nothing_comes_from_elsewhere(path: Path) -> None:
    assert re.findall(r"(?:https?:)?//[\w-]+\.\w+|@import|url\(", path.read_text(encoding="utf-8")) == []


def test_the_sample_is_one_of_the_examples() -> None:
    # Its terms are in examples/README.md.
    examples = Path(__file__).parents[3] / "examples"
    assert (PAGE / "sample.jpg").read_bytes() == (examples / "astronaut.jpg").read_bytes()


def test_nothing_is_inline() -> None:
    # The server's policy forbids it; a browser would leave it out without a word.
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", HTML) == []
    assert not [
        name for name, text in SCRIPTS.items() if re.search(r"innerHTML|insertAdjacentHTML|eval\(", text)
    ]


def test_every_file_is_used() -> None:
    named = set(re.findall(r'static/([\w.-]+)"', HTML))
    named |= {name for text in SCRIPTS.values() for name in re.findall(r'from "\./([\w.-]+)"', text)}
    # Texts are fetched by the name of their language.
    assert named | {"index.html", *(f"{name}.json" for name in LANGUAGES)} == {path.name for path in SOURCES}


def used() -> set[str]:
    keys = set(re.findall(r'data-(?:text|label|title|alt)="([\w.-]+)"', HTML))
    for text in SCRIPTS.values():
        # A key may be chosen by a condition within the call, or be made of a name of `colors.js`.
        keys |= set(re.findall(r'"([a-z]+\.[a-z-]+)"', text))
    keys |= {f"look.{name}" for name in LOOKS}
    keys |= {f"color.{name}" for name in re.findall(r'"([a-z]+)"\]', SCRIPTS["colors.js"])}
    return keys | {"color.grey", "color.brown", "color.olive"}


def test_every_text_is_there_and_used() -> None:
    assert used() - {
        "photochrom.token",
        "photochrom.jobs",
        "photochrom.looks",
        "photochrom.zip",
        "photochrom.colors",
    } == set(TEXTS)


def test_no_words_stand_in_the_html() -> None:
    body = re.sub(r"<noscript>.*?</noscript>|<svg.*?</svg>", "", HTML.split("<body", 1)[1], flags=re.S)
    words = re.findall(r">\s*([^<>\s][^<>]*)<", body)
    assert words == ["Photochrom"]
