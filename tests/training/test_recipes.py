"""Every recipe on disk: two steps, export, and a photo through the product's own command."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from photochrom.cli import app
from photochrom.training.checkpoint import load_checkpoint
from photochrom.training.recipe import load_recipe
from photochrom.training.recipe_files import recipe_names

NAMES = [
    "cnn4-hsl-1",
    "cnn4-hsl-2",
    "cnn4-hsl-3",
    "cnn4-rgb",
    "custom-residual-gan",
    "cwgan-residual-unet",
    "eccv16",
    "lab-gan-noisy-labels",
    "nazeri-dcgan",
    "nogan-resnet34",
    "photochrom",
    "photochrom-adversarial",
    "photochrom-affinity",
    "photochrom-broad",
    "photochrom-finish",
    "photochrom-tune",
    "pix2pix-rgb",
    "pix2pix-unet",
    "resnet18-gan-lambda1",
    "resnet18-pretrained-gan",
    "resnet34-pretrained-gan",
    "siggraph17",
    "unet-l1-then-gan",
]


def call(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def folder(tmp_path: Path, chelsea: np.ndarray, astronaut: np.ndarray) -> Path:
    """Six crops of real photographs."""
    box = tmp_path / "photos"
    box.mkdir()
    for i in range(3):
        Image.fromarray(chelsea[30 * i : 30 * i + 130, 90 * i : 90 * i + 150]).save(box / f"cat{i}.png")
        Image.fromarray(astronaut[60 * i : 60 * i + 130, 90 * i : 90 * i + 150]).save(box / f"woman{i}.png")
    return box


def test_all_that_was_promised_is_there() -> None:
    assert recipe_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_says_where_it_comes_from(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.title
    assert recipe.source
    assert recipe.reports


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_trains_exports_and_colorizes(
    name: str, folder: Path, tmp_path: Path, grey_jpeg: Path
) -> None:
    run, model, out = tmp_path / "run", tmp_path / "model.onnx", tmp_path / "out.png"
    recipe = load_recipe(name)
    steps = 2 * len(recipe.stages)
    shares = [f"--set=stages.{i}.share={1 / len(recipe.stages)}" for i in range(len(recipe.stages))]
    split = "--set=data.split=2"
    call("train", name, "--tiny", "--data", folder, "--out", run, "--steps", steps, split, *shares)

    weights, metadata = load_checkpoint(run / "last.safetensors")
    # A last stage that is limited to a share of the data may end it earlier.
    assert json.loads(metadata["position"])["step"] in (
        range(steps - 1, steps + 1) if recipe.stages[-1].passes else [steps]
    )
    assert all(np.isfinite(v.numpy()).all() for k, v in weights.items() if v.is_floating_point())

    call("export", run, "-o", model)
    call("colorize", grey_jpeg, "--model", model, "-o", out, "--format", "png")
    result, grey = Image.open(out).convert("RGB"), Image.open(grey_jpeg)
    assert result.size == grey.size
    difference = np.abs(np.asarray(result.convert("L"), int) - np.asarray(grey, int))
    assert difference.max() <= 1
