"""The worked examples of the documentation, tried as a reader would."""

import re
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from photochrom.cli import app
from photochrom.nets import registry
from photochrom.training.recipe import load_recipe

DOCS = Path(__file__).parent.parent.parent / "docs"


def blocks(name: str, language: str) -> list[str]:
    text = (DOCS / name).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def call(*arguments: object) -> None:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exit_code == 0, result.output


@pytest.fixture
def photos(tmp_path: Path, astronaut: np.ndarray) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(12):
        Image.fromarray(astronaut[30 * i : 30 * i + 80, 20 * i : 20 * i + 90]).save(folder / f"{i}.png")
    return folder


def test_a_net_from_nothing(
    tmp_path: Path, photos: Path, grey_jpeg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, test = blocks("adding-a-net.md", "python")
    module = types.ModuleType("dilated_cnn")
    monkeypatch.setitem(sys.modules, "dilated_cnn", module)
    exec(source, module.__dict__)
    names: dict[str, Any] = dict(module.__dict__)
    exec(test, names)
    names["test_shape_count_and_reach"]()

    entries = re.findall(r'^    "(\w+)": (\w+),$', (DOCS / "adding-a-net.md").read_text(), flags=re.MULTILINE)
    assert [name for name, _ in entries] == ["dilated_cnn", "test_dilated_cnn"]
    for name, builder in entries:
        for nets in (registry.COLOR_NETS, registry.GENERATORS):
            monkeypatch.setitem(nets, name, module.__dict__[builder])
    recipe = tmp_path / "dilated.toml"
    recipe.write_text(
        'epochs = 1\n[net]\nname = "dilated_cnn"\n[[stages]]\nsize = 64\nbatch = 4\n'
        '[steps.train]\nkind = "regression"\n[data]\nsplit = "2"\n'
    )
    run, model = tmp_path / "run", tmp_path / "dilated.onnx"
    call("train", recipe, "--tiny", "--data", photos, "--steps", 3, "--out", run)
    call("export", run, "-o", model)
    call("colorize", grey_jpeg, "--model", model, "-o", tmp_path / "out.jpg")
    assert (tmp_path / "out.jpg").exists()


def test_a_recipe_from_nothing(tmp_path: Path, photos: Path, grey_jpeg: Path) -> None:
    (text,) = blocks("adding-a-recipe.md", "toml")
    recipe = tmp_path / "question.toml"
    recipe.write_text(text)
    assert [stage.step for stage in load_recipe(recipe).stages] == ["l1", "l1", "game"]
    run, model = tmp_path / "run", tmp_path / "question.onnx"
    call("train", recipe, "--tiny", "--data", photos, "--steps", 10, "--out", run, "--set", "data.split=2")
    steps = [row.split(",")[2] for row in (run / "log.csv").read_text().splitlines()[1:]]
    assert steps == ["l1", "game"]
    call("export", run, "-o", model)
    call("colorize", grey_jpeg, "--model", model, "-o", tmp_path / "out.jpg")
    assert (tmp_path / "out.jpg").exists()
