"""``photochrom colorize --reference``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Put = Callable[..., Path]


def test_photos_take_colours_and_a_second_run_knows(
    run: Any, tmp_path: Path, astronaut: np.ndarray, files: Any
) -> None:
    Image.fromarray(astronaut[:256, :256]).save(tmp_path / "colour.png")
    for name in ("a.png", "b.png"):
        Image.fromarray(astronaut[:256, :256]).convert("L").save(tmp_path / name)
    command = ("colorize", "a.png", "b.png", "--reference", "colour.png")
    assert run(*command).exit_code == 0
    found = np.asarray(Image.open(tmp_path / "a.color.png").convert("RGB")).astype(int)
    assert np.abs(found - astronaut[:256, :256]).mean() < 6
    assert "0 done, 2 skipped" in run(*command).stderr
    # Without the reference it is another result.
    assert "2 done, 0 skipped" in run("colorize", "a.png", "b.png").stderr
    assert files() == ["a.color.png", "a.png", "b.color.png", "b.png", "colour.png"]


@pytest.mark.parametrize("kind", ["grey", "broken", "missing"])
def test_what_is_no_reference_stops_the_command(
    run: Any, put: Put, tmp_path: Path, files: Any, kind: str
) -> None:
    put("a.png")
    if kind == "grey":
        put("r.png")
    if kind == "broken":
        (tmp_path / "r.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    before = files()
    result = run("colorize", "a.png", "--reference", "r.png")
    assert result.exit_code == 2
    assert "--reference r.png" in result.stderr
    assert ("not in colour" in result.stderr) is (kind == "grey")
    assert files() == before
