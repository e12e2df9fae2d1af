"""stdin to stdout, and what a pipe refuses."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Put = Callable[..., Path]


@pytest.mark.parametrize(("suffix", "format"), [("jpg", "JPEG"), ("png", "PNG"), ("tif", "TIFF")])
def test_stdin_to_stdout(run: Any, put: Put, files: Any, suffix: str, format: str) -> None:
    path = put(f"a.{suffix}")
    result = run("colorize", "-", input=path.read_bytes())
    assert (result.exit_code, result.stderr) == (0, "")
    with Image.open(io.BytesIO(result.stdout_bytes)) as picture:
        assert (picture.format, picture.size) == (format, (64, 48))
        rgb = np.asarray(picture.convert("RGB")).astype(int)
    assert np.abs(rgb - rgb[..., :1]).max() > 2
    assert files() == [f"a.{suffix}"]


def test_a_real_pipe(spawn: Any, put: Put) -> None:
    ran = spawn("colorize", "-", "--format", "png", input=put("a.jpg").read_bytes())
    assert (ran.returncode, ran.stderr) == (0, b"")
    with Image.open(io.BytesIO(ran.stdout)) as picture:
        assert picture.format == "PNG"


def test_file_to_stdout(run: Any, put: Put, files: Any) -> None:
    put("a.jpg")
    result = run("colorize", "a.jpg", "-o", "-")
    assert result.stdout_bytes.startswith(b"\xff\xd8")
    assert files() == ["a.jpg"]


def test_stdin_to_file(run: Any, put: Put, tmp_path: Path, files: Any, outcomes: Any) -> None:
    data = put("a.jpg").read_bytes()
    result = run("colorize", "-", "-o", "new/b.png", "--json", "--side-by-side", input=data)
    (outcome,) = outcomes(result)
    assert (outcome["input"], outcome["status"]) == ("stdin", "done")
    assert files() == ["a.jpg", "new/b.compare.jpg", "new/b.png"]
    with Image.open(tmp_path / "new/b.png") as picture:
        assert picture.format == "PNG"


def test_photo_in_colour_is_an_error(run: Any, put: Put) -> None:
    data = put("a.png", colour=True).read_bytes()
    result = run("colorize", "-", input=data)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "stdin: is in colour already; --force" in result.stderr
    assert run("colorize", "-", "--force", input=data).stdout_bytes.startswith(b"\x89PNG")


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff\xe0"])
def test_bad_bytes(run: Any, data: bytes) -> None:
    result = run("colorize", "-", input=data)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("photochrom: stdin: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-", "a.jpg"), "give it alone"),
        (("-", "--json"), "stdout holds one picture"),
        (("-", "--candidates", 2), "stdout holds one picture"),
        (("-", "--side-by-side"), "stdout holds one picture"),
        (("-", "-o", "out/"), "has no name"),
    ],
)
def test_usage(run: Any, put: Put, arguments: tuple[object, ...], words: str) -> None:
    result = run("colorize", *arguments, input=put("a.jpg").read_bytes())
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_stdout_that_is_full(spawn: Any, put: Put) -> None:
    put("a.jpg")
    for arguments in (("colorize", "a.jpg", "-o", "-"), ("info", "--json", "a.jpg")):
        with open("/dev/full", "wb") as full:
            ran = spawn(*arguments, stdout=full, stderr=-1)
        assert ran.returncode == 1
        assert ran.stderr.decode().startswith("photochrom: stdout: ")
        assert ran.stderr.count(b"\n") == 1
