"""Named looks that can be told apart, and looks in files."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import photochrom
from photochrom.color.difference import ciede2000
from photochrom.color.lab import rgb_to_lab
from photochrom.engine.options import Options
from photochrom.engine.preview import Preview
from photochrom.errors import OptionError
from photochrom.media import photo as media
from photochrom.pipeline.looks import LOOKS, Look, find_look, look_values, parse_look
from photochrom.pipeline.python import Colorizer

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_looks_can_be_told_apart() -> None:
    """2.3 units were the least difference that people notice in patches (Mahy et al. 1994, for CIE76)."""
    assert len(LOOKS) <= 6
    colorizer = Colorizer(threads=1)
    previews = [
        Preview(colorizer, media.open(EXAMPLES / name), pixels=40_000)
        for name in ("astronaut.jpg", "chelsea.jpg", "coffee.jpg", "rocket.jpg")
    ]
    seen = {
        name: [rgb_to_lab(each.view(Options(**look_values(name))) / 255) for each in previews]
        for name in LOOKS
    }
    for one, other in itertools.combinations(LOOKS, 2):
        apart = [float(ciede2000(a, b).mean()) for a, b in zip(seen[one], seen[other], strict=True)]
        assert np.mean(apart) > 2.3, (one, other, apart)


def test_natural_is_the_automatic_result() -> None:
    assert Options(**look_values("natural")) == Options() == Options(**look_values(None))


def test_what_is_given_beside_a_look_counts_more() -> None:
    values = look_values("warmer", strength=0.3, colorfulness=None, warmth=None)
    assert values == {"strength": 0.3, "colorfulness": 1.0, "warmth": LOOKS["warmer"].warmth}
    assert look_values("fuller", strength=1.0)["strength"] == 1


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], str]:
    """Writes a file and gives its path."""

    def make(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return make


def test_a_look_in_a_file(write: Any) -> None:
    mine = Look(strength=1.2, warmth=-0.25)
    assert find_look(write("my.toml", "version = 1\nstrength = 1.2  # more\nwarmth = -0.25\n")) == mine
    assert find_look(write("My.JSON", "\ufeff" + json.dumps(mine.to_json()))) == mine
    assert [parse_look(look.to_json()) for look in LOOKS.values()] == list(LOOKS.values())


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.toml", "version = 2\nstrength = 1", "is of version 2, and this program reads version 1"),
        ("a.toml", "strength = 1", "has no version, and this program reads version 1"),
        ("a.json", '{"version": true}', "is of version True"),
        ("a.toml", "version = 1\ncolour = 1", "has 'colour', which no look has; known are colorfulness, "),
        ("a.toml", "version = 1\nstrength = 'much'", "has a strength that is not a number"),
        ("a.toml", "version = 1\nwarmth = 3", "has a wrong value: warmth must be between -1 and 1, got 3"),
        ("a.json", '{"version": 1, "strength": NaN}', "has a wrong value: strength must be between"),
        ("a.toml", "version = ", "is not a TOML file"),
        ("a.json", "[" * 9000, "is not a JSON file"),
        ("a.json", "[1]", "must be a table such as"),
    ],
)
def test_a_wrong_file_is_one_sentence(write: Any, name: str, text: str, words: str) -> None:
    path = write(name, text)
    with pytest.raises(OptionError) as caught:
        find_look(path)
    assert str(caught.value).startswith(f"look {path} {words}")
    assert "\n" not in str(caught.value)


def test_an_unknown_look_names_the_known(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"look 'vivid' is not known; choose from natural, fuller, .*toml"):
        find_look("vivid")
    with pytest.raises(OptionError, match=r"cannot be read \(there is no such file or folder\)"):
        find_look(str(tmp_path / "gone.toml"))
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(OptionError, match=r"cannot be read \(it is a folder\)"):
        find_look(str(tmp_path / "folder.json"))
    binary = tmp_path / "photo.json"
    binary.write_bytes(bytes(range(256)))
    with pytest.raises(OptionError, match="is not a JSON file"):
        find_look(str(binary))


def test_from_python(astronaut: np.ndarray, write: Any) -> None:
    grey = astronaut[::4, ::4, 0]
    usual, warm = (photochrom.colorize(grey, look=look).astype(int) for look in (None, "warmer"))
    assert (warm - usual)[..., 0].mean() > 2
    assert (warm - usual)[..., 2].mean() < -2
    mine = write("mine.toml", "version = 1\nstrength = 0\n")
    assert np.ptp(photochrom.colorize(grey, look=mine), axis=2).max() == 0
    assert np.ptp(photochrom.colorize(grey, look=mine, strength=1.0), axis=2).max() > 5
    with pytest.raises(OptionError, match="is not known"):
        photochrom.colorize(grey, look="vivid")
