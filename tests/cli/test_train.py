"""``photochrom train``: what its options mean. What a run leaves is tested with the training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from photochrom.training.checkpoint import LAST

Put = Callable[..., Path]
RECIPE = """
title = "A net of four filters"
[net]
name = "test_cnn4"
[data]
space = "lab"
split = "2"
[[stages]]
size = 32
batch = 2
[steps.train]
kind = "regression"
"""


@pytest.fixture
def train(run: Any, put: Put, tmp_path: Path) -> Callable[..., Any]:
    """Trains a small recipe on six photos."""
    for number in range(6):
        put(f"photos/{number}.png", colour=True, width=64 + number)
    (tmp_path / "mine.toml").write_text(RECIPE)
    return lambda *arguments: run("train", "mine.toml", *arguments, "--device", "cpu")


@pytest.mark.parametrize("photos", [["photos"], ["--data", "photos"]])
def test_a_run_is_named_after_its_recipe(
    train: Callable[..., Any], photos: list[str], tmp_path: Path
) -> None:
    result = train(*photos, "--steps", 1)
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "runs" / "mine" / LAST).is_file()


def test_a_run_that_is_there_is_not_written_over(train: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / LAST).write_bytes(b"trained before")
    result = train("photos", "--steps", 1, "-o", "run")
    assert result.exit_code == 2
    assert result.stderr == (
        "photochrom: run: has a run already; --resume goes on with it, --out names another folder\n"
    )
    assert (tmp_path / "run" / LAST).read_bytes() == b"trained before"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "no photos; give --data FOLDER or --data FILE.tar"),
        (["photos", "--set", "data.space"], 1, "write key=value"),
        (["photos", "--minutes", "1", "--steps", "2"], 1, "give one of minutes, steps and epochs"),
        (["photos", "--steps", "0"], 1, "the budget must be more than 0"),
        (["nowhere", "--steps", "1"], 1, "nowhere"),
    ],
)
def test_wrong_options_are_one_line(
    train: Callable[..., Any], tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    result = train(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert words in result.stderr.splitlines()[-1]
    assert not (tmp_path / "runs").exists()


def test_verbose_names_the_grey_photos_that_are_left_out(train: Callable[..., Any], put: Put) -> None:
    put("photos/grandmother.png")
    result = train("photos", "--steps", 1, "-v")
    assert result.exit_code == 0, result.stderr
    assert "left out: 1 grey" in result.stderr
    assert "left out, grey: grandmother" in result.stderr
    assert "left out, grey" not in train("photos", "--steps", 1, "-o", "other").stderr


@pytest.mark.parametrize(
    ("device", "words"),
    [
        (
            "cuda",
            "--device cuda is not on this machine, and this PyTorch is a build without CUDA; train with --device cpu",
        ),
        ("mps", "--device mps is not on this machine; train with --device cpu"),
        ("tpu", "--device tpu is not known; choose from auto, cpu, cuda, gpu, mps"),
    ],
)
def test_a_device_that_is_not_there_names_the_remedy(
    run: Any, monkeypatch: pytest.MonkeyPatch, device: str, words: str
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    monkeypatch.setattr("torch.version.cuda", None)
    result = run("train", "pix2pix-unet", "photos", "--device", device)
    assert (result.exit_code, result.stderr) == (2, f"photochrom: {words}\n")
