"""``photochrom colorize --hints``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Put = Callable[..., Path]
GREEN = {"x": 0.5, "y": 0.5, "color": "#208030"}


def write(tmp_path: Path, data: Any) -> None:
    (tmp_path / "hints.json").write_text(data if isinstance(data, str) else json.dumps(data))


def test_the_photo_follows_and_keeps_its_luma(run: Any, put: Put, tmp_path: Path) -> None:
    put("a.png")
    write(tmp_path, {"hints": [GREEN]})
    assert run("colorize", "a.png", "--hints", "hints.json").exit_code == 0
    rgb = np.asarray(Image.open(tmp_path / "a.color.png").convert("RGB")).astype(int)
    red, green, blue = rgb[rgb.shape[0] // 2, rgb.shape[1] // 2]
    assert green > red
    assert green > blue
    before, after = (
        np.asarray(Image.open(tmp_path / n).convert("L")).astype(int) for n in ("a.png", "a.color.png")
    )
    assert np.abs(before - after).max() <= 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("{", "hints.json"),
        ([{"x": 2, "y": 0, "color": "#000000"}], "hint 1: a hint's x and y must be between 0 and 1"),
        (None, "there is no such file"),
    ],
)
def test_what_cannot_be_read_is_said(
    run: Any, put: Put, tmp_path: Path, files: Any, data: Any, words: str
) -> None:
    put("a.png")
    if data is not None:
        write(tmp_path, data)
    result = run("colorize", "a.png", "--hints", "hints.json")
    assert result.exit_code == 2
    assert words in result.stderr
    assert "a.color.png" not in files()


def test_hints_are_of_one_photo(run: Any, put: Put, tmp_path: Path, files: Any) -> None:
    put("a.png")
    put("b.png")
    write(tmp_path, [GREEN])
    result = run("colorize", "a.png", "b.png", "--hints", "hints.json")
    assert result.exit_code == 2
    assert "belong to one photo, and there are 2" in result.stderr
    assert files() == ["a.png", "b.png", "hints.json"]
