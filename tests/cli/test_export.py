"""``photochrom export --weights``: smaller files that the product takes, and one line for whatever goes wrong."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from photochrom.modelfile.onnx_file import restated
from photochrom.pipeline.python import Colorizer
from photochrom.training.checkpoint import LAST, save_checkpoint
from photochrom.training.export import export, load_trained
from photochrom.training.networks import build_generator
from photochrom.training.recipe import Recipe

Put = Callable[..., Path]

SETTINGS: dict[str, dict[str, Any]] = {
    "test_photochrom": {"steps": {"train": {"kind": "classification"}}},
    "test_cnn4": {"data": {"space": "rgb"}, "steps": {"train": {"kind": "regression"}}},
}


def save_run(folder: Path, net: str) -> None:
    """A run of a net that has learned nothing."""
    torch.manual_seed(0)
    recipe = Recipe.model_validate(
        {"net": {"name": net}, "stages": [{"size": 64, "batch": 2}]} | SETTINGS[net]
    )
    generator, _ = build_generator(recipe)
    folder.mkdir()
    tensors = {f"net.{key}": value for key, value in generator.state_dict().items()}
    save_checkpoint(folder / LAST, tensors, {"recipe": recipe.model_dump_json(), "name": "mine"})


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default net with a tiny decoder, as `photochrom export` writes it."""
    folder = tmp_path_factory.mktemp("export")
    save_run(folder / "run", "test_photochrom")
    export(load_trained(folder / "run"), folder / "model.onnx")
    return folder / "model.onnx"


@pytest.fixture
def workplace(tmp_path: Path, exported: Path, put: Put) -> Path:
    """A folder with ``model.onnx`` and six photos in ``photos``."""
    shutil.copy(exported, tmp_path / "model.onnx")
    for i in range(6):
        put(f"photos/{i}.png", colour=True, width=64 + 8 * i)
    return tmp_path


@pytest.mark.parametrize(
    ("weights", "data", "where", "share"),
    [
        ("fp16", [], "16 invented pictures", 0.6),
        ("fp16", ["--data", "photos"], "6 photos", 0.6),
        ("w8", ["--data", "photos"], "2 photos", 0.4),
        ("int8", ["--data", "photos"], "2 photos", 0.6),
    ],
)
def test_a_quantized_model_is_smaller_and_colorizes_as_before(
    run: Any, workplace: Path, put: Put, weights: str, data: list[str], where: str, share: float
) -> None:
    result = run("export", "model.onnx", "-o", "small.onnx", "--weights", weights, *data)
    assert result.exit_code == 0, result.stderr
    said = rf"small\.onnx: \d\.\d MB; its colours are the fp32 file's to CIEDE2000 (\S+) on {where}\n"
    (apart,) = re.fullmatch(said, result.stderr).groups()  # type: ignore[union-attr]
    assert 0 < float(apart) < 1
    before, after = Colorizer(workplace / "model.onnx"), Colorizer(workplace / "small.onnx")
    assert after.metadata == before.metadata | {"weights": weights}
    assert after.info.bytes < share * before.info.bytes
    grey = np.array(np.tile(np.arange(40, 200, 2, dtype=np.uint8), (64, 1)))
    pictures = [colorizer.colorize(grey).astype(int) for colorizer in (before, after)]
    assert np.abs(pictures[0] - pictures[1]).mean() < 2
    assert sorted(path.name for path in workplace.iterdir()) == ["model.onnx", "photos", "small.onnx"]


def test_a_run_is_quantized_at_once(run: Any, tmp_path: Path) -> None:
    save_run(tmp_path / "run", "test_cnn4")
    (tmp_path / "card.json").write_text('{"licence": "CC0-1.0"}')
    result = run("export", "run", "-o", "half.onnx", "--weights", "fp16", "--card", "card.json")
    assert result.exit_code == 0, result.stderr
    metadata = Colorizer(tmp_path / "half.onnx").metadata
    assert [metadata[key] for key in ("name", "licence", "weights")] == ["mine", "CC0-1.0", "fp16"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card.json", "half.onnx", "run"]


def test_a_card_restates_a_model(run: Any, workplace: Path) -> None:
    (workplace / "card.json").write_text('{"licence": "CC0-1.0", "temperature": 0.25}')
    result = run("export", "model.onnx", "-o", "other.onnx", "--card", "card.json")
    assert result.exit_code == 0, result.stderr
    before, after = (Colorizer(workplace / f"{name}.onnx").metadata for name in ("model", "other"))
    assert after == before | {"licence": "CC0-1.0", "temperature": 0.25}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["model.onnx", "--weights", "w8"], 2, "--weights w8 is calibrated on photos; give --data FOLDER"),
        (
            ["model.onnx", "--weights", "int8"],
            2,
            "--weights int8 is calibrated on photos; give --data FOLDER",
        ),
        (["none.onnx", "--weights", "fp16"], 1, "none.onnx: there is no such file"),
        (["photos/0.png", "--weights", "fp16"], 1, "0.png: not a whole checkpoint"),
        (["text.onnx", "--weights", "fp16"], 1, "text.onnx: not an ONNX file"),
        (
            ["model.onnx", "--weights", "w8", "--data", "none"],
            1,
            "none: neither a folder of photos nor a .tar",
        ),
        (["model.onnx", "--weights", "w8", "--data", "one"], 1, "one: one photo is too few to calibrate on"),
        (["small.onnx", "--weights", "fp16"], 1, "quantized already, w8; give the fp32"),
    ],
)
def test_what_goes_wrong_is_one_line(
    run: Any, workplace: Path, put: Put, arguments: list[str], code: int, message: str
) -> None:
    (workplace / "text.onnx").write_text("no model")
    (workplace / "small.onnx").write_bytes(restated((workplace / "model.onnx").read_bytes(), weights="w8"))
    put("one/0.png", colour=True)
    (workplace / "out.onnx").write_bytes(b"the one before")
    result = run("export", *arguments, "-o", "out.onnx")
    assert result.exit_code == code
    (line,) = result.stderr.splitlines()
    assert line.startswith("photochrom: ")
    assert message in line
    assert (workplace / "out.onnx").read_bytes() == b"the one before"
