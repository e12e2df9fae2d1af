"""``--look``: the same in every command that colorizes."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom.cli import colorize
from photochrom.media import photo as media
from photochrom.media import provenance
from photochrom.pipeline.looks import LOOKS


def test_a_look_of_the_package_and_one_of_a_file(run: Any, put: Any, tmp_path: Path) -> None:
    put("a.png", width=96, height=72)
    (tmp_path / "my.toml").write_text("version = 1\nstrength = 0.5\nwarmth = 0.5\n")
    for look, name in (("warmer", "w.png"), ("cooler", "c.png"), ("my.toml", "m.png")):
        assert run("colorize", "a.png", "--look", look, "-o", name).exit_code == 0
    red, blue = (
        {name: np.asarray(Image.open(tmp_path / f"{name}.png"))[..., channel].mean() for name in "wc"}
        for channel in (0, 2)
    )
    assert red["w"] > red["c"] + 3
    assert blue["w"] < blue["c"] - 3
    # The options of the look are recorded as if they had been given one by one.
    assert run("colorize", "a.png", "--strength", 0.5, "--warmth", 0.5, "-o", "n.png").exit_code == 0
    marks = [provenance.read(media.open(tmp_path / name)) for name in ("m.png", "n.png")]
    assert marks[0] is not None
    assert marks[1] is not None
    assert marks[0].options == marks[1].options
    assert np.array_equal(*(np.asarray(Image.open(tmp_path / name)) for name in ("m.png", "n.png")))


def test_an_option_counts_more_than_the_look(run: Any, put: Any, tmp_path: Path) -> None:
    put("a.png")
    assert run("colorize", "a.png", "--look", "fuller", "--strength", 0).exit_code == 0
    assert np.ptp(np.asarray(Image.open(tmp_path / "a.color.png")), axis=2).max() == 0


def test_a_batch_and_a_watched_folder_take_it(run: Any, put: Any, tmp_path: Path) -> None:
    put("in/a.png")
    put("in/b.png")
    (tmp_path / "grey.json").write_text('{"version": 1, "strength": 0}')
    assert run("colorize", "in", "-o", "out", "--look", "grey.json").exit_code == 0
    assert run("watch", "in", "-o", "seen", "--once", "--look", "grey.json").exit_code == 0
    for path in (*tmp_path.glob("out/*"), *tmp_path.glob("seen/*")):
        assert np.ptp(np.asarray(Image.open(path)), axis=2).max() == 0
    assert len([*tmp_path.glob("out/*"), *tmp_path.glob("seen/*")]) == 4


@pytest.mark.parametrize("command", [("colorize", "a.png"), ("watch", ".", "-o", "out"), ("film", "a.mp4")])
def test_a_look_that_is_none_is_one_line(run: Any, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "old.toml").write_text("version = 7\n")
    for look, words in (
        ("vivid", "look 'vivid' is not known"),
        ("old.toml", "look old.toml is of version 7"),
    ):
        result = run(*command, "--look", look)
        assert result.exit_code == 2
        assert result.stderr.startswith(f"photochrom: {words}")
        assert result.stderr.count("\n") == 1


def test_the_help_names_every_look() -> None:
    (option,) = colorize.Look.__metadata__  # type: ignore[attr-defined]
    assert option.help.split(", or a")[0] == ", ".join(LOOKS)
    assert "look" in inspect.signature(colorize.colorize).parameters
