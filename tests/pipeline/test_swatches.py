"""The colours that a person can choose from are the same on the page and in the bot."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from photochrom.engine.hints import COLOUR
from photochrom.pipeline.swatches import SWATCHES


@pytest.mark.parametrize(("group", "name"), [("skin", "SKIN"), ("cloth", "CLOTH")])
def test_the_page_has_the_same(group: str, name: str) -> None:
    script = files("photochrom.studio").joinpath("page", "palette.js").read_text(encoding="utf-8")
    (listed,) = re.findall(rf"const {name} = \[(.*)\]", script)
    assert tuple(re.findall(r'"(#\w+)"', listed)) == SWATCHES[group]


def test_each_is_a_colour_of_its_own() -> None:
    colors = [color for group in SWATCHES.values() for color in group]
    assert all(COLOUR.fullmatch(color) for color in colors)
    assert len(set(colors)) == len(colors)
