"""``photochrom recipes``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from photochrom.training import recipe_files

FOLDER = Path(recipe_files.RECIPES)


def test_every_recipe_is_a_line_with_its_title(run: Any) -> None:
    result = run("recipes")
    assert (result.exit_code, result.stderr) == (0, "")
    listed = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert listed == {
        path.stem: tomllib.loads(path.read_text(encoding="utf-8"))["title"] for path in FOLDER.glob("*.toml")
    }


def test_one_recipe_is_printed_as_its_file_is(run: Any) -> None:
    assert run("recipes", "cnn4-rgb").stdout == (FOLDER / "cnn4-rgb.toml").read_text(encoding="utf-8")


def test_a_typo_is_a_sentence(run: Any) -> None:
    result = run("recipes", "cnn4-rbg")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("photochrom: cnn4-rbg: no such recipe (did you mean cnn4-rgb")
    assert result.stderr.count("\n") == 1
