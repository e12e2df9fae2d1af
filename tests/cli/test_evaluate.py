"""``photochrom evaluate``: its table and its files. What is measured is tested with the bench."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.metrics
import torch
from PIL import Image
from safetensors.torch import save_file

from photochrom.cli.evaluate import backbone, command_line, inception_of, network

Put = Callable[..., Path]


@pytest.fixture
def photos(put: Put) -> list[Path]:
    """Three photos in colour of 64 by 64 pixels, so that nothing is cropped or made smaller."""
    paths = [put(f"photos/{number}.png", colour=True, width=64, height=64) for number in range(3)]
    for number, path in enumerate(paths):
        with Image.open(path) as picture:
            turned = picture.rotate(90 * number)
        turned.save(path)
    return paths


def test_the_figures_of_grey_are_those_of_another_library(
    run: Any, photos: list[Path], tmp_path: Path
) -> None:
    result = run("evaluate", "--data", "photos", "--size", 64, "-o", "out")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == (tmp_path / "out" / "results.md").read_text(encoding="utf-8")
    assert (tmp_path / "out" / "index.html").is_file()
    rows = json.loads((tmp_path / "out" / "results.json").read_text())["rows"]
    assert [row["name"] for row in rows] == ["grey", "truth"]
    expected = []
    for path in photos:
        with Image.open(path) as picture:
            rgb, grey = np.asarray(picture), np.asarray(picture.convert("L").convert("RGB"))
        expected.append(skimage.metrics.peak_signal_noise_ratio(rgb, grey))
    assert rows[0]["scores"]["psnr"]["value"] == pytest.approx(np.mean(expected), abs=0.01)


def test_pictures_of_another_tool_need_a_name(run: Any, photos: list[Path]) -> None:
    result = run("evaluate", "--data", "photos", "--pictures", "theirs")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "photochrom: --pictures theirs: write NAME=FOLDER\n"


def test_a_network_that_is_not_given_is_none() -> None:
    assert (network(None), inception_of(None), backbone(None)) == (None, None, None)


def test_weights_of_another_network_are_refused_by_the_name_of_their_file(tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match=r"other\.safetensors: not VGG-16 with its ImageNet weights"):
        backbone(tmp_path / "other.safetensors")


def test_the_command_can_be_typed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/photochrom", "evaluate", "--data", "my photos"])
    assert command_line() == "photochrom evaluate --data 'my photos'"
