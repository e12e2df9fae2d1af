"""What is in the page, without opening it."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from photochrom.bench.page import page
from photochrom.bench.results import Example, Results

VOID = {"meta", "link", "img", "input"}
HOSTILE = "<script>boom('&')</script>"


class Reader(HTMLParser):
    """Checks that elements nest, and keeps them with their attributes, and all text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag} says something twice: {names}"
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def text(results: Results) -> str:
    return page(results)


@pytest.fixture(scope="module")
def elements(text: str) -> list[tuple[str, dict[str, str | None]]]:
    return Reader(text).found


def test_ids_are_unique_and_what_is_pointed_at_exists(
    elements: list[tuple[str, dict[str, str | None]]],
) -> None:
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in elements:
        link = attributes.get("href") or ""
        pointed = [link[1:]] if link.startswith("#") else []
        pointed += (attributes.get("aria-labelledby") or "").split()
        pointed += (attributes.get("aria-describedby") or "").split()
        assert set(pointed) <= set(ids)


def test_nothing_is_loaded(elements: list[tuple[str, dict[str, str | None]]]) -> None:
    for _, attributes in elements:
        for name in ("src", "href", "action", "srcset"):
            assert re.match(r"data:|#|$", attributes.get(name) or ""), attributes


def test_policy_names_the_hashes_of_its_own_script_and_style(text: str) -> None:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.S)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.S)
    for kind, content in (("style", style), ("script", script)):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_names_are_text(text: str, elements: list[tuple[str, dict[str, str | None]]]) -> None:
    assert sum(tag == "script" for tag, _ in elements) == 2
    assert HOSTILE not in text
    assert Reader(text).text.count(HOSTILE) > 5
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    assert HOSTILE in [row["name"] for row in json.loads(data)["rows"]]


def test_every_picture_is_there_once(text: str, results: Results) -> None:
    for example in results.examples:
        for name, data in example.pictures.items():
            assert text.count(base64.b64encode(data).decode()) == 1, f"{example.name}, {name}"


def test_twenty_models_and_twelve_photos_stay_under_15_megabytes(make: Callable[..., Results]) -> None:
    results = make(models=20, photos=12)
    # 40 kB each: twice what a photo of 256 pixels takes. What follows a JPEG's end is not looked at.
    examples = [
        Example(item.name, {name: data.ljust(40_000, b"\0") for name, data in item.pictures.items()})
        for item in results.examples
    ]
    assert sum(len(item.pictures) for item in examples) == 22 * 12
    assert len(page(replace(results, examples=examples)).encode()) < 15e6


def test_a_sentence_for_each_metric_the_protocol_and_the_command(text: str, results: Results) -> None:
    read = Reader(text).text
    for said in [*(item.about for item in results.metrics), results.command, results.machine, results.date]:
        assert said in read
    for key, value in results.protocol.items():
        assert f"<dt>{key}</dt>\n<dd>{value}</dd>" in text


def test_a_bare_evaluation_has_no_empty_sections(results: Results) -> None:
    bare = replace(
        results, examples=[], differences=[], rows=[replace(row, curve=None) for row in results.rows]
    )
    found = {attributes.get("id") for tag, attributes in Reader(page(bare)).found if tag == "section"}
    assert found == {"table", "charts", "metrics", "method"}
