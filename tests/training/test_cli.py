"""The laboratory's commands: what they leave, and that whatever goes wrong is one line and an exit code."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from click.testing import Result
from PIL import Image
from safetensors.torch import save_file
from typer.testing import CliRunner

import photochrom
from photochrom.cli import app
from photochrom.data.dataset import PhotoDataset
from photochrom.nets.eccv16 import test_eccv16 as tiny_eccv16
from photochrom.nets.registry import DISTRIBUTION_NETS
from photochrom.nets.resnet import test_resnet as tiny_resnet
from photochrom.training.checkpoint import LAST, load_checkpoint, save_checkpoint
from photochrom.training.recipe import load_recipe
from photochrom.training.recipe_files import RECIPES, recipe_names

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

Call = Callable[..., Result]


@pytest.fixture
def workplace(tmp_path: Path, photos: PhotoDataset, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with eight photos in ``photos`` and the recipe ``mine.toml``."""
    (tmp_path / "photos").mkdir()
    for i in range(8):
        Image.fromarray(photos[i]).save(tmp_path / "photos" / f"{i}.png")
    (tmp_path / "mine.toml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(workplace: Path) -> Call:
    """Runs ``photochrom ARGUMENTS`` in `workplace`."""

    def invoke(*arguments: object) -> Result:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception  # a traceback for the user is a failure of every test
        return result

    return invoke


@pytest.fixture
def train(call: Call) -> Call:
    """Runs ``photochrom train mine.toml --data photos --out run ...`` on the CPU."""
    return lambda *more: call(
        "train", "mine.toml", "--data", "photos", "--out", "run", "--device", "cpu", *more
    )


def step_of(run: str) -> int:
    return int(json.loads(load_checkpoint(Path(run, LAST))[1]["position"])["step"])


def fails(result: Result, code: int, message: str) -> None:
    """The command gave up with this exit code and one line that says why."""
    complaints = [line for line in result.stderr.splitlines() if line.startswith("photochrom: ")]
    assert len(complaints) == 1, result.stderr
    assert re.search(message, complaints[0]), complaints[0]
    assert result.stderr.splitlines()[-1] == complaints[0]
    assert "Traceback" not in result.output
    assert result.exit_code == code


def test_recipes_are_listed_and_printed(call: Call) -> None:
    listed = call("recipes")
    assert listed.exit_code == 0
    lines = listed.stdout.splitlines()
    assert [line.split()[0] for line in lines] == recipe_names()
    assert all(load_recipe(line.split()[0]).title in line for line in lines)
    printed = call("recipes", "eccv16")
    assert printed.stdout == (RECIPES / "eccv16.toml").read_text(encoding="utf-8")
    fails(call("recipes", "ecv16"), 1, r"ecv16: no such recipe \(did you mean eccv16\?\)")


def test_trains_and_goes_on(train: Call, workplace: Path) -> None:
    first = train("--steps", 2, "--licence", "CC0-1.0")
    assert first.exit_code == 0
    said = first.stderr.splitlines()
    parameters = 40 + 2 * 148 + 74
    assert said[0] == f"A net of four filters: {parameters:,} parameters, on cpu"
    assert re.match(r"6 photos in .*; left out: 0 grey, 0 unreadable; 2 more for validation", said[1])
    assert said[-1] == "run: trained; try it with: photochrom export run -o run.onnx"
    assert sorted(p.name for p in (workplace / "run").iterdir()) == [
        "best.safetensors",
        LAST,
        "log.csv",
        "tensorboard",
    ]
    _, metadata = load_checkpoint(workplace / "run" / LAST)
    assert (metadata["name"], metadata["licence"]) == ("mine", "CC0-1.0")
    assert step_of("run") == 2
    assert train("--steps", 3, "--resume").exit_code == 0
    assert step_of("run") == 3
    less = train("--steps", 2, "--resume")
    assert less.stderr.splitlines()[-1].startswith(
        "run: has 3 steps already, which is all that was asked for"
    )
    assert step_of("run") == 3


def test_options_reach_the_run(call: Call, workplace: Path) -> None:
    options = ["--size", 64, "--set", "data.limit=5", "--set", "data.space=rgb", "--stream", "--epochs", 1]
    assert call("train", "mine.toml", "photos", "--device", "cpu", *options).exit_code == 0
    # Three photos are left to train on, two a step; the folder is called after the recipe.
    assert step_of("runs/mine") == 2
    recipe = json.loads(load_checkpoint(workplace / "runs" / "mine" / LAST)[1]["recipe"])
    assert recipe["stages"][0]["size"] == 64
    assert (recipe["data"]["limit"], recipe["data"]["space"]) == (5, "rgb")


def test_weights_for_encoder_and_features_are_read(call: Call, workplace: Path) -> None:
    torch.manual_seed(0)
    torch.save(tiny_resnet(3, 1000).state_dict(), workplace / "encoder.pth")
    arguments = ["train", "resnet34-pretrained-gan", "--tiny", "--data", "photos", "--device", "cpu"]
    quick = ["--steps", 1, "--set", "data.split=2", "--out", "run"]
    without = call(*arguments, *quick)
    assert "the encoder starts from noise; --encoder FILE gives it ImageNet weights" in without.stderr
    given = call(*arguments, *quick[:-1], "run2", "--encoder", "encoder.pth")
    assert given.exit_code == 0
    assert "from noise" not in given.stderr
    save_file({"a": torch.zeros(1)}, workplace / "other.safetensors")
    for option, file, message in (
        ("--encoder", "other.safetensors", "not the ImageNet weights of this ResNet"),
        ("--encoder", "none.pth", r"none\.pth: there is no such file"),
        ("--features", "mine.toml", r"mine\.toml: not a readable file of weights"),
    ):
        fails(call(*arguments, *quick[:-1], "run3", option, file), 1, message)
    fails(call("train", "mine.toml", "photos", "--encoder", "encoder.pth"), 1, "has no pretrained encoder")


def test_a_run_begins_where_another_ended(call: Call, train: Call, workplace: Path) -> None:
    train("--steps", 2)
    again = ["train", "mine.toml", "photos", "--device", "cpu", "--out", "tuned", "--start", "run"]
    begun = call(*again, "--steps", 1)
    assert begun.exit_code == 0
    assert "begins with the generator of run" in begun.stderr.splitlines()
    told = json.loads(load_checkpoint(workplace / "tuned" / LAST)[1]["start"])
    assert (told["file"], told["name"], json.loads(told["position"])["step"]) == ("run", "mine", 2)
    # The same command goes on, also where the other run is gone.
    (workplace / "run").rename(workplace / "gone")
    on = call(*again, "--steps", 2, "--resume")
    assert on.exit_code == 0
    assert "begins" not in on.stderr
    assert step_of("tuned") == 2

    other = ["train", "mine.toml", "none", "--device", "cpu", "--steps", 1, "--start"]
    # All of this is found before a photo is read.
    fails(call(*other, "run"), 1, "run: there is no such checkpoint")
    fails(call(*other, "mine.toml"), 1, r"mine\.toml: not a whole checkpoint")
    fails(call(*other, "gone", "--set", "data.space=rgb"), 1, r"gone: was trained with another data\.space")
    wrong = call(*other, "gone", "--set", "net.name=test_residual_flat")
    fails(wrong, 1, "gone: holds test_cnn4, and the recipe trains test_residual_flat")


def test_export_and_its_card(call: Call, train: Call, workplace: Path) -> None:
    train("--steps", 2)
    (workplace / "card.json").write_text('{"name": "a card\'s name", "size": 96}')
    result = call("export", "run", "-o", "model.onnx", "--card", "card.json")
    assert result.exit_code == 0
    assert re.match(r"model\.onnx: 0\.\d MB; its colours differ from torch's by \S+ Lab units", result.stderr)
    (entry,) = onnx.load(workplace / "model.onnx").metadata_props
    about = json.loads(entry.value)
    assert (about["name"], about["size"]) == ("a card's name", 96)

    (workplace / "list.json").write_text("[1]")
    (workplace / "half.json").write_text('{"name": ')
    fails(call("export", "run", "-o", "model.pt"), 2, r"model\.pt: name a file that ends in \.onnx")
    fails(call("export", "none", "-o", "model.onnx"), 1, "none: there is no such checkpoint")
    fails(
        call("export", "run", "-o", "m.onnx", "--card", "none.json"), 1, r"none\.json: there is no such file"
    )
    fails(call("export", "run", "-o", "m.onnx", "--card", "list.json"), 1, r"list\.json: must hold one JSON")
    fails(call("export", "run", "-o", "m.onnx", "--card", "half.json"), 1, r"half\.json")
    fails(call("export", "photos/0.png", "-o", "m.onnx"), 1, r"0\.png: not a whole checkpoint")


def test_a_checkpoint_cut_in_half_or_of_another_net(call: Call, train: Call, workplace: Path) -> None:
    train("--steps", 1)
    path = workplace / "run" / LAST
    tensors, metadata = load_checkpoint(path)
    save_checkpoint(path, tensors | {"net.layers.0.weight": torch.zeros(4, 4, 3, 3)}, metadata)
    fails(call("export", "run", "-o", "m.onnx"), 1, r"last\.safetensors: does not hold the net test_cnn4")
    fails(train("--steps", 2, "--resume"), 1, r"last\.safetensors: does not hold .* networks .*layers\.0")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    fails(call("export", "run", "-o", "m.onnx"), 1, r"last\.safetensors: not a whole checkpoint")
    fails(train("--steps", 2, "--resume"), 1, r"last\.safetensors: not a whole checkpoint")
    assert not (workplace / "m.onnx").exists()


def test_a_run_is_not_written_over(train: Call, call: Call, workplace: Path) -> None:
    fails(train("--steps", 1, "--resume"), 1, r"last\.safetensors: there is no such checkpoint; train first")
    train("--steps", 1)
    before = (workplace / "run" / LAST).read_bytes()
    fails(train("--steps", 1), 2, "run: has a run already; --resume goes on with it, --out names another")
    fails(train("--steps", 2, "--resume", "--set", "seed=4"), 1, r"another recipe \(different: seed\)")
    assert (workplace / "run" / LAST).read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["fotochrom", "photos"], 1, r"fotochrom: no such recipe \(did you mean photochrom\?\)"),
        (["yours.toml", "photos"], 1, r"yours\.toml: no such recipe"),
        (
            ["mine.toml", "photos", "--set", "data.spce=rgb"],
            1,
            r"data\.spce: no such key \(did you mean space",
        ),
        (["mine.toml", "photos", "--set", "data.space"], 1, "write key=value"),
        (["mine.toml", "photos", "--set", "net.name=test_cn4"], 1, r"test_cn4: no net .*mean test_cnn4\?"),
        (["mine.toml", "photos", "--set", "net.name=eccv16"], 1, r"steps\.train\.kind: not regression"),
        (
            ["mine.toml", "photos", "--set", "data.split=8"],
            1,
            "split 8: of 8 photos none is left to train on",
        ),
        (["mine.toml", "photos", "--size", "0"], 1, r"--size 0: stages\.0\.size"),
        (["mine.toml", "photos", "--size", "96"], 1, "no photo is as large as the recipe's 96 px"),
        (["mine.toml", "photos", "--precision", "31"], 1, "[Pp]recision"),
        (["mine.toml", "photos", "--device", "abacus"], 2, "abacus.*choose from auto"),
        (["mine.toml", "photos", "--out", "mine.toml"], 1, r"mine\.toml"),
        (["mine.toml", "none"], 1, r"none"),
        (["mine.toml", "empty"], 1, r"empty: no photos"),
        (["mine.toml", "grey"], 1, r"grey: no colour photos in it; left out: 3 grey, 0 unreadable"),
        (["mine.toml", "broken"], 1, r"broken: no colour photos in it; left out: 0 grey, 1 unreadable"),
        (["mine.toml"], 2, "no photos; give --data FOLDER or --data FILE.tar"),
    ],
)
def test_what_goes_wrong_is_one_line(
    call: Call, workplace: Path, arguments: list[str], code: int, message: str
) -> None:
    for name in ("empty", "grey", "broken"):
        (workplace / name).mkdir()
    for i in range(3):
        ramp = np.tile(np.arange(i, 96 + i, dtype=np.uint8), (64, 1))
        Image.fromarray(ramp).save(workplace / "grey" / f"{i}.png")
    (workplace / "broken" / "0.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    fails(call("train", *arguments, "--steps", 1), code, message)
    assert not list(workplace.glob("runs/*/*.safetensors"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--steps", "0"], "the budget must be more than 0"),
        (["--minutes", "-1"], "the budget must be more than 0"),
        (["--minutes", "1", "--steps", "2"], "give one of minutes, steps and epochs"),
    ],
)
def test_a_budget_that_is_none_is_one_line(call: Call, options: list[str], message: str) -> None:
    fails(call("train", "mine.toml", "photos", *options), 1, message)


def test_published_weights_become_a_run(call: Call, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DISTRIBUTION_NETS, "eccv16", tiny_eccv16)
    torch.save(tiny_eccv16().state_dict(), workplace / "release.pth")
    result = call("import-weights", "eccv16", "release.pth")
    assert result.exit_code == 0
    assert "photochrom export runs/eccv16 -o eccv16.onnx" in result.stderr
    assert (workplace / "runs" / "eccv16" / LAST).is_file()
    torch.save({"a": torch.zeros(1)}, workplace / "other.pth")
    fails(
        call("import-weights", "eccv16", "other.pth"), 1, r"other\.pth: not the published weights of eccv16"
    )
    fails(call("import-weights", "eccv16", "none.pth"), 1, r"none\.pth: there is no such file")
    fails(call("import-weights", "eccv17", "release.pth"), 1, "eccv17: no published weights are known")


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "photochrom", *map(str, arguments)]


def environment() -> dict[str, str]:
    """This process's, with the package that is tested here and one thread."""
    source = str(Path(photochrom.__file__).parents[1])
    paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}


def test_ctrl_c_saves_and_the_same_command_goes_on(workplace: Path, train: Call) -> None:
    arguments = ["train", "mine.toml", "photos", "--out", "run", "--device", "cpu", "--steps", 10**6]
    process: Any = subprocess.Popen(
        command(*arguments, "--save-minutes", 0.01),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while not (workplace / "run" / LAST).exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert stderr.splitlines()[-1] == (
        "photochrom: stopped; run is saved; the same command with --resume goes on"
    )
    done = step_of("run")
    assert done > 0
    assert train("--steps", done + 2, "--resume").exit_code == 0
    assert step_of("run") == done + 2
