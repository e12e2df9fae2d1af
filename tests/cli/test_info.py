"""``photochrom info``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom._version import __version__

Put = Callable[..., Path]


def test_words(run: Any, put: Put) -> None:
    put("a.png")
    put("b.png", colour=True)
    result = run("info", "a.png", "b.png")
    assert result.exit_code == 0
    assert result.stdout == "a.png: PNG 64 x 48, 8 bit, grey\nb.png: PNG 64 x 48, 8 bit, in colour\n"


def test_colorized_photo_names_its_model(run: Any, put: Put) -> None:
    put("a.jpg")
    run("colorize", "a.jpg")
    result = run("info", "a.color.jpg")
    assert f"colorized by photochrom {__version__}: " in result.stdout
    (facts,) = json.loads(run("info", "--json", "a.color.jpg").stdout)
    assert (facts["colorized"], facts["model"], facts["version"]) == (True, "photochrom", __version__)


def test_json(run: Any, tmp_path: Path) -> None:
    deep = (np.mgrid[:20, :30][1] * 2000).astype(np.uint16)
    pages = [Image.fromarray(deep), Image.fromarray(deep[::-1].copy())]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:], dpi=(600, 600))
    (facts,) = json.loads(run("info", "a.tif", "--json").stdout)
    expected = {
        "input": "a.tif",
        "error": None,
        "format": "TIFF",
        "width": 30,
        "height": 20,
        "bits": 16,
        "pages": 2,
        "dpi": [600.0, 600.0],
        "colour": "grey",
        "colorized": False,
        "model": None,
    }
    assert {name: facts[name] for name in expected} == expected
    assert facts["bytes"] == (tmp_path / "a.tif").stat().st_size
    words = run("info", "a.tif").stdout
    assert words == "a.tif: TIFF 30 x 20, 16 bit, grey, 2 pages, 600 dpi\n"


def test_toned(run: Any, put: Put, tmp_path: Path) -> None:
    with Image.open(put("a.png")) as picture:
        grey = np.asarray(picture).astype(float)
    sepia = np.clip(np.stack([grey * 1.1 + 20, grey, grey * 0.8], axis=-1), 0, 255).astype(np.uint8)
    Image.fromarray(sepia).save(tmp_path / "sepia.png")
    assert "toned" in run("info", "sepia.png").stdout


def test_bad_file_among_good(run: Any, put: Put, tmp_path: Path) -> None:
    put("a.png")
    (tmp_path / "b.png").write_bytes(b"no picture")
    result = run("info", "b.png", "nowhere.png", "a.png")
    assert result.exit_code == 1
    assert result.stdout.startswith("a.png: ")
    assert [line.split(":")[1] for line in result.stderr.splitlines()] == [" b.png", " nowhere.png"]
    bad, missing, good = json.loads(run("info", "b.png", "nowhere.png", "a.png", "--json").stdout)
    assert bad["error"].startswith("b.png: ")
    assert missing["format"] is None
    assert good["error"] is None


@pytest.mark.parametrize(("limit", "code"), [(64 * 48 - 1, 1), (64 * 48, 0)])
def test_max_pixels(run: Any, put: Put, limit: int, code: int) -> None:
    put("a.png")
    assert run("info", "a.png", "--max-pixels", limit).exit_code == code
