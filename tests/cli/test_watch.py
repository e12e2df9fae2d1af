"""``photochrom watch``."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Put = Callable[..., Path]
ONCE = ("--once", "--interval", 0.01)


def test_once(run: Any, put: Put, files: Any) -> None:
    put("in/a.png")
    put("in/sub/b.jpg")
    result = run("watch", "in", "-o", "out", "-r", *ONCE)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1] == "stopped with 2 done, 0 skipped, 0 failed"
    assert files("out") == ["a.png", "sub/b.jpg"]
    again = run("watch", "in", "-o", "out", "-r", *ONCE)
    assert again.stderr.splitlines()[-1] == "stopped with 0 done, 2 skipped, 0 failed"


def test_once_with_a_bad_file(run: Any, put: Put, files: Any) -> None:
    put("in/a.png")
    put("in/b.png").write_bytes(b"no picture")
    result = run("watch", "in", "-o", "out", "--quiet", *ONCE)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"photochrom: {Path('in/b.png')}: ")
    assert result.stderr.count("\n") == 1
    assert files("out") == ["a.png"]


def test_output_inside_the_watched_folder(run: Any, put: Put, files: Any) -> None:
    put("in/a.png")
    for _ in range(2):
        assert run("watch", "in", "-o", "in/colour", "-r", *ONCE).exit_code == 0
    assert files("in") == ["a.png", "colour/a.png"]


@pytest.mark.parametrize(
    ("folder", "out", "words"),
    [
        ("nowhere", "out", "no such folder"),
        ("in", "in/.", "is the watched folder"),
        ("in", "in/a.png", "is a file"),
    ],
)
def test_usage(run: Any, put: Put, folder: str, out: str, words: str) -> None:
    put("in/a.png")
    result = run("watch", folder, "-o", out, *ONCE)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_live(popen: Any, put: Put, tmp_path: Path, files: Any) -> None:
    """Photos that arrive while it runs are done, a bad one is reported once and again only when it changes."""
    (tmp_path / "in").mkdir()

    def arrive(name: str) -> None:
        # Whole at once: on a busy machine a half-written file may rest for two looks.
        os.replace(put(name), tmp_path / "in" / name)

    (tmp_path / "in/bad.png").write_bytes(b"no picture")
    watcher = popen("watch", "in", "-o", "out", "--interval", "0.02")
    try:
        arrive("a.png")
        _wait_for(tmp_path / "out/a.png", watcher)
        arrive("b.jpg")
        _wait_for(tmp_path / "out/b.jpg", watcher)
        arrive("bad.png")
        _wait_for(tmp_path / "out/bad.png", watcher)
    finally:
        watcher.send_signal(signal.SIGINT)
        _, stderr = watcher.communicate()
    assert watcher.returncode == 0
    lines = stderr.decode().splitlines()
    (complaint,) = (line for line in lines if line.startswith("photochrom: "))
    assert "bad.png" in complaint
    assert lines[-1] == "stopped with 3 done, 0 skipped, 1 failed"
    assert files("out") == ["a.png", "b.jpg", "bad.png"]


def _wait_for(path: Path, process: Any) -> None:
    while not path.exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
