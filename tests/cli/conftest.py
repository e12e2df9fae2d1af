"""Small photographs, and two ways to run the command: in this process, and as a user would."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from photochrom.cli import app, colorize

# Python with warnings as errors, on the package under test wherever it was imported from.
COMMAND = [sys.executable, "-W", "error", "-m", "photochrom"]

Run = Callable[..., Result]
Spawn = Callable[..., "subprocess.CompletedProcess[bytes]"]


def grey_pixels(width: int = 64, height: int = 48) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A soft pattern (H, W) uint8: JPEG keeps it, and no two rows are alike."""
    y, x = np.mgrid[:height, :width]
    return np.rint(127 + 60 * np.sin(x / 9) + 60 * np.cos(y / 7 + x / 31)).astype(np.uint8)


def colour_pixels(width: int = 64, height: int = 48) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Three patterns that have nothing to do with each other: (H, W, 3) uint8 in plain colour."""
    grey = grey_pixels(width, height)
    return np.stack([grey, grey[::-1], 255 - grey[:, ::-1]], axis=-1)


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small grey photograph (or, with `colour`, one in colour) at a path below `tmp_path`."""

    def write(name: str, *, colour: bool = False, width: int = 64, height: int = 48) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((colour_pixels if colour else grey_pixels)(width, height)).save(path)
        return path

    return write


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``photochrom ARGUMENTS`` in this process and in `tmp_path`; each network is loaded once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(colorize, "load", _load_once)

    def invoke(*arguments: object, **keywords: Any) -> Result:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], **keywords)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception  # a traceback for the user is a failure of every test
        return result

    return invoke


@functools.cache
def _load_once(model: str, device: str, threads: int | None) -> Any:
    return _load(model, device, threads)


_load = colorize.load


@pytest.fixture
def spawn(tmp_path: Path) -> Spawn:
    """Runs ``python -m photochrom ARGUMENTS`` in `tmp_path`."""

    def start(*arguments: object, prefix: list[str] = COMMAND, **keywords: Any) -> Any:
        return subprocess.run(
            [*prefix, *map(str, arguments)],
            cwd=tmp_path,
            capture_output="stdout" not in keywords,
            env=environment(),
            check=False,
            timeout=120,
            **keywords,
        )

    return start


def environment() -> dict[str, str]:
    """For a spawned command, which runs elsewhere: a relative PYTHONPATH would mean another folder there."""
    paths = [os.path.abspath(path) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


@pytest.fixture
def popen(tmp_path: Path) -> Callable[..., subprocess.Popen[bytes]]:
    """Starts ``python -m photochrom ARGUMENTS`` in `tmp_path` and does not wait for it."""

    def start(*arguments: object, stderr: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=stderr,
        )

    return start


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., list[str]]:
    """Every file below a folder of `tmp_path`, hidden ones too, as sorted relative names."""

    def listing(folder: str = ".") -> list[str]:
        root = tmp_path / folder
        return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())

    return listing


@pytest.fixture
def outcomes() -> Callable[[Result], list[dict[str, Any]]]:
    """The JSON document on stdout, which must be all that is there."""

    def parse(result: Result) -> list[dict[str, Any]]:
        document = json.loads(result.stdout)
        assert isinstance(document, list)
        return document

    return parse
