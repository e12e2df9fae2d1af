"""Recipes on equal terms: trained once, gone on with when interrupted, judged together."""

import json
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from lightning_fabric import Fabric
from PIL import Image
from typer.testing import CliRunner

from photochrom.bench import compare as module
from photochrom.bench.results import Results
from photochrom.cli import app
from photochrom.data.stream import load
from photochrom.training.budget import Budget
from photochrom.training.checkpoint import LAST, load_metadata, save_checkpoint
from photochrom.training.networks import build_generator
from photochrom.training.recipe import load_recipe
from photochrom.training.recipe_files import RECIPES


@pytest.fixture
def folder(tmp_path: Path, astronaut: np.ndarray) -> Path:
    box = tmp_path / "photos"
    box.mkdir()
    for i in range(8):
        Image.fromarray(astronaut[40 * i : 40 * i + 80, 40 * i : 40 * i + 90]).save(box / f"{i}.png")
    return box


def compare(folder: Path, out: Path, *recipes: str, more: tuple[str, ...] = ()) -> tuple[int, str]:
    arguments = ["compare", *recipes, *more, "--data", str(folder), "--eval", str(folder), "-o", str(out)]
    arguments += ["--minutes", "0.01", "--train-size", "32", "--size", "64", "--set", "stages.0.batch=2"]
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.output


def test_recipes_are_trained_once_and_judged_together(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, said = compare(folder, out, "cnn4-rgb", "cnn4-hsl-2")
    assert code == 0, said
    results = Results.load(out / "results.json")
    assert [row.name for row in results.rows] == ["grey", "cnn4-rgb", "cnn4-hsl-2", "truth"]
    row = results.rows[1]
    assert row.minutes is not None
    assert row.minutes >= 0.01
    assert row.curve is not None
    assert "loss" in row.curve.columns
    assert row.about.startswith("Four-layer CNN")
    assert (out / "index.html").stat().st_size > 10_000

    before = (out / "runs" / "cnn4-rgb-0" / LAST).stat().st_mtime_ns
    code, said = compare(folder, out, "cnn4-rgb", "cnn4-hsl-2")
    assert code == 0, said
    assert said.count("trained before") == 2
    assert (out / "runs" / "cnn4-rgb-0" / LAST).stat().st_mtime_ns == before


def test_an_interrupted_comparison_goes_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, honest = tmp_path / "out", module.train

    def interrupted(*arguments: object, **more: object) -> None:
        honest(*arguments[:3], Budget(steps=1), **more)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "train", interrupted)
    code, said = compare(folder, out, "cnn4-rgb")
    assert (code, "the same command goes on" in said) == (130, True), said
    assert json.loads(load_metadata(out / "runs" / "cnn4-rgb-0" / LAST)["position"])["step"] == 1
    monkeypatch.setattr(module, "train", honest)
    code, said = compare(folder, out, "cnn4-rgb")
    assert code == 0, said
    assert "going on" in said
    assert json.loads(load_metadata(out / "runs" / "cnn4-rgb-0" / LAST)["position"])["step"] > 1


def test_a_recipe_that_fails_is_a_row(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text(
        '[net]\nname = "cnn4"\n[[stages]]\nsize = 128\nbatch = 2\n[steps.train]\nkind = "regression"\n'
        "[steps.train.loss]\nperceptual = 1\n"
    )
    out = tmp_path / "out"
    assert compare(folder, out, "cnn4-rgb", str(broken))[0] == 1
    rows = {row.name: row for row in Results.load(out / "results.json").rows}
    assert rows["cnn4-rgb"].error is None
    assert "needs ImageNet weights of vgg16" in (rows["broken"].error or "")


def test_a_typo_is_found_before_anything_is_trained(folder: Path, tmp_path: Path) -> None:
    code, said = compare(folder, tmp_path / "out", "cnn4-rgb", "cnn4-rbg")
    assert code == 1
    assert "cnn4-rbg: no such recipe (did you mean cnn4-rgb?)" in said
    assert not (tmp_path / "out" / "runs").exists()


def test_recipes_begin_with_another_runs_generator(folder: Path, tmp_path: Path) -> None:
    out, run = tmp_path / "out", tmp_path / "out" / "runs" / "cnn4-rgb-0"
    assert compare(folder, out, "cnn4-rgb")[0] == 0
    # A recipe of one's own is called by its file or by its row's name.
    (tmp_path / "mine.toml").write_text((RECIPES / "cnn4-rgb.toml").read_text())
    mine, later = str(tmp_path / "mine.toml"), tmp_path / "later"
    for more in (("--start", f"{mine}={run}"), ("--start", f"mine={run / LAST}")):
        code, said = compare(folder, later / str(len(more[1])), mine, "cnn4-rgb", more=more)
        assert code == 0, said
        runs = later / str(len(more[1])) / "runs"
        told = json.loads(load_metadata(runs / "mine-0" / LAST)["start"])
        assert (told["file"], told["name"]) == (more[1].partition("=")[2], "cnn4-rgb")
        assert "start" not in load_metadata(runs / "cnn4-rgb-0" / LAST)


@pytest.mark.parametrize(
    ("option", "code", "message"),
    [
        ("cnn4-rgb", 2, "--start cnn4-rgb: write RECIPE=FILE"),
        ("cnn4-rbg=runs", 2, "--start cnn4-rbg=runs: cnn4-rbg is not among the recipes that are compared"),
        ("cnn4-rgb=runs", 1, "runs: there is no such checkpoint"),
        ("cnn4-hsl-2=RUN", 1, "was trained with another data.space or data.inputs"),
    ],
)
def test_a_wrong_start_is_found_before_anything_is_trained(
    folder: Path, tmp_path: Path, option: str, code: int, message: str
) -> None:
    recipe = load_recipe("cnn4-rgb")
    net, _ = build_generator(recipe)
    weights = {f"net.{name}": value for name, value in net.state_dict().items()}
    save_checkpoint(tmp_path / LAST, weights, {"recipe": recipe.model_dump_json()})
    option = option.replace("RUN", str(tmp_path))
    got = compare(folder, tmp_path / "out", "cnn4-rgb", "cnn4-hsl-2", more=("--start", option))
    assert (got[0], message in " ".join(got[1].split())) == (code, True), got[1]
    assert not (tmp_path / "out" / "runs").exists()


def test_a_run_that_another_process_has_is_left_to_it(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "runs").mkdir(parents=True)
    with FileLock(out / "runs" / "cnn4-rgb-0.lock"):
        code, said = compare(folder, out, "cnn4-rgb", "cnn4-hsl-2")
        assert code == 0, said
        assert "cnn4-rgb: still trained by another process, which then judges all" in said
        assert not (out / "results.json").exists()
        assert not (out / "runs" / "cnn4-rgb-0").exists()
    code, said = compare(folder, out, "cnn4-rgb", "cnn4-hsl-2")
    assert code == 0, said
    assert "cnn4-hsl-2: trained before" in said
    assert [row.name for row in Results.load(out / "results.json").rows][1:3] == ["cnn4-rgb", "cnn4-hsl-2"]


def test_what_another_process_has_left_is_taken_over(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "runs").mkdir(parents=True)
    lock = FileLock(out / "runs" / "cnn4-rgb-0.lock")
    said: list[str] = []

    def say(words: str) -> None:
        said.append(words)
        lock.release()

    photos = load([str(folder)])
    comparison = module.Comparison(["cnn4-rgb"], photos, None, out, 0.01, 32, overrides=["stages.0.batch=2"])
    with lock:
        errors, elsewhere = module.train_all(comparison, Fabric(accelerator="cpu", devices=1), say)
    assert (errors, elsewhere) == ({}, [])
    assert [words.partition(":")[2].split()[0] for words in said] == ["another", "training"]


def test_a_clock_that_there_is_not_is_found_at_once(folder: Path, tmp_path: Path) -> None:
    arguments = [
        "compare",
        "cnn4-rgb",
        "--data",
        str(folder),
        "--eval",
        str(folder),
        "-o",
        str(tmp_path / "out"),
    ]
    result = CliRunner().invoke(app, [*arguments, "--minutes", "1", "--clock", "sun"])
    assert result.exit_code == 1
    assert "sun: no such clock" in result.output
    assert not (tmp_path / "out").exists()
