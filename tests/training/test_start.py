"""A run that begins where another one ended: with its generator, and with what has to be told of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from photochrom.data.dataset import PhotoDataset
from photochrom.errors import CheckpointError, RecipeError
from photochrom.training.budget import Budget
from photochrom.training.checkpoint import (
    LAST,
    load_checkpoint,
    load_metadata,
    save_checkpoint,
    under,
)
from photochrom.training.export import describe, export_weights, load_trained
from photochrom.training.loop import Saving, train
from photochrom.training.networks import Pretrained, check_start
from photochrom.training.recipe import Recipe
from photochrom.training.start import read_start
from photochrom.training.steps import Step

MakeRecipe = Callable[..., Recipe]
BeforeStep = Callable[[Callable[[Step, int], None]], None]
ECCV16: dict[str, Any] = {
    "net": {"name": "test_eccv16"},
    "steps": {"train": {"kind": "classification", "mix": 0.5}},
}


@pytest.fixture
def first(tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe) -> Path:
    """A run of two steps, averaged, in a folder of its own."""
    settings = recipe(ema=0.5, **ECCV16)
    train(settings, photos, tmp_path / "first", Budget(steps=2), saving=Saving(name="one", licence="CC0"))
    return tmp_path / "first"


def begin(
    settings: Recipe, photos: PhotoDataset, out: Path, start: Path, steps: int = 1, **more: Any
) -> Path:
    train(settings, photos, out, Budget(steps=steps), pretrained=Pretrained(start=read_start(start)), **more)
    return out / LAST


@pytest.mark.parametrize("averaged", [True, False])
def test_the_first_step_has_the_other_runs_weights(
    first: Path,
    tmp_path: Path,
    photos: PhotoDataset,
    recipe: MakeRecipe,
    before_step: BeforeStep,
    averaged: bool,
) -> None:
    path, seen = first / LAST, []
    if not averaged:
        tensors, metadata = load_checkpoint(path)
        tensors = {name: value for name, value in tensors.items() if not name.startswith("ema.")}
        save_checkpoint(path, tensors, metadata)

    def act(step: Step, _: int) -> None:
        state = step.networks.generator.state_dict()
        seen.append({name: value.clone() for name, value in state.items()})

    before_step(act)
    # Another size, step, seed and average: what is trained further is the net alone.
    change = {"steps": {"train": {"kind": "classification", "mix": 1.0}}, "seed": 3, "ema": 0.9}
    last = begin(recipe(**(ECCV16 | change)), photos, tmp_path / "second", first if averaged else path)
    tensors, _ = load_checkpoint(path)
    expected = under("ema" if averaged else "net", tensors)
    assert sorted(seen[0]) == sorted(expected)
    for name, value in expected.items():
        if name == "log_weights":
            # Class weights are this recipe's: with mix 1 there is no rebalancing.
            assert value.std() > 0.1
            torch.testing.assert_close(seen[0][name], torch.zeros_like(value), atol=1e-5, rtol=0)
        else:
            assert torch.equal(seen[0][name], value), name
    # The average begins with it as well, and not with noise.
    name = max((key for key in expected if key.endswith("weight")), key=lambda key: expected[key].numel())
    after = load_checkpoint(last)[0][f"ema.{name}"]
    assert (after - expected[name]).abs().mean() < expected[name].abs().mean() / 10


def test_checkpoints_tell_the_whole_chain(
    first: Path, tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe
) -> None:
    assert "start" not in load_metadata(first / LAST)
    settings = recipe(**ECCV16)
    second = begin(settings, photos, tmp_path / "second", first, saving=Saving(name="two"))
    told = json.loads(load_metadata(second)["start"])
    assert (told["file"], told["name"], told["licence"]) == (str(first), "one", "CC0")
    assert (told["photos"], json.loads(told["position"])["step"]) == (str(photos), 2)
    third = begin(settings, photos, tmp_path / "third", second)
    told = json.loads(load_metadata(third)["start"])
    assert (told["file"], told["name"]) == (str(second), "two")
    assert json.loads(told["start"])["name"] == "one"
    exported = describe(load_trained(third), {})
    assert exported["start"]["licence"] == "not stated"
    # The whole chain, without a path of this machine.
    assert exported["start"]["start"]["licence"] == "CC0"
    assert str(tmp_path) not in json.dumps(exported)


def test_a_run_that_goes_on_keeps_its_own_weights_and_what_it_tells(
    first: Path, tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe
) -> None:
    settings = recipe(**ECCV16)
    whole = begin(settings, photos, tmp_path / "whole", first, steps=4)
    begin(settings, photos, tmp_path / "parts", first, steps=2)
    train(settings, photos, tmp_path / "parts", Budget(steps=4), resume=True)
    parts, metadata = load_checkpoint(tmp_path / "parts" / LAST)
    for name, value in load_checkpoint(whole)[0].items():
        assert torch.equal(parts[name], value), name
    assert metadata["start"] == load_metadata(whole)["start"]


def test_another_net_is_refused(
    first: Path, tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe
) -> None:
    start = read_start(first)
    siggraph = recipe(**(ECCV16 | {"net": {"name": "test_siggraph17"}}))
    with pytest.raises(RecipeError, match="first: holds test_eccv16, and the recipe trains test_siggraph17"):
        check_start(siggraph, start)
    with pytest.raises(RecipeError, match="holds test_eccv16"):
        begin(siggraph, photos, tmp_path / "second", first)
    assert not (tmp_path / "second" / LAST).exists()

    plain = recipe(net={"name": "test_residual_flat"})
    train(plain, photos, tmp_path / "flat", Budget(steps=1))
    flat = read_start(tmp_path / "flat")
    check_start(plain, flat)
    with pytest.raises(RecipeError, match=r"flat: was trained with another data\.space or data\.inputs"):
        check_start(recipe(net={"name": "test_residual_flat"}, data={"space": "hsl"}), flat)
    flat.weights.popitem()
    with pytest.raises(
        RecipeError, match=r"flat: another test_residual_flat than the recipe builds: .* is missing"
    ):
        check_start(plain, flat)


def test_what_is_no_checkpoint_of_ours_is_refused(first: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no such checkpoint"):
        read_start(tmp_path / "none")
    tensors, _ = load_checkpoint(first / LAST)
    save_checkpoint(first / LAST, tensors, {"recipe": '{"net": "photochrom"}'})
    with pytest.raises(CheckpointError, match="not a checkpoint of this version"):
        read_start(first)


def test_a_run_from_before_a_key_was_there_goes_on(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe
) -> None:
    settings = recipe(**ECCV16)
    train(settings, photos, tmp_path, Budget(steps=1))
    tensors, metadata = load_checkpoint(tmp_path / LAST)
    then = json.loads(metadata["recipe"])
    del then["data"]["enlarge"], then["steps"]["train"]["mean"]
    save_checkpoint(tmp_path / LAST, tensors, metadata | {"recipe": json.dumps(then)})
    train(settings, photos, tmp_path, Budget(steps=2), resume=True)
    assert json.loads(load_metadata(tmp_path / LAST)["position"])["step"] == 2
    other = recipe(**ECCV16, data={"space": "rgb", "enlarge": 2})
    with pytest.raises(CheckpointError, match="different: data"):
        train(other, photos, tmp_path, Budget(steps=3), resume=True)


def test_exported_weights_are_a_start(
    first: Path, tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe
) -> None:
    """They are the averaged weights to half precision, and say where they come from without the files' places."""
    second = begin(recipe(**ECCV16), photos, tmp_path / "second", first, saving=Saving(name="two"))
    file = tmp_path / "weights.safetensors"
    export_weights(load_trained(second), file)
    assert file.stat().st_size < 0.6 * second.stat().st_size
    ours, theirs = (read_start(path).weights for path in (file, second))
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name].float(), value.float(), rtol=1e-3, atol=1e-6, msg=name)
    assert str(tmp_path) not in json.dumps(load_metadata(file))
    third = begin(recipe(**ECCV16), photos, tmp_path / "third", file)
    chain = describe(load_trained(third), {})["start"]
    assert (chain["name"], chain["start"]["name"]) == ("two", "one")


def test_a_models_name_is_a_start(first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photochrom.modelfile.table._folder", lambda: tmp_path)
    with pytest.raises(CheckpointError, match="there is no such checkpoint"):
        read_start("photochrom")
    export_weights(load_trained(first), tmp_path / "photochrom.safetensors")
    assert read_start("photochrom").net.name == "test_eccv16"
    # A run of that name comes first.
    monkeypatch.chdir(tmp_path)
    Path("photochrom").mkdir()
    with pytest.raises(CheckpointError, match="there is no such checkpoint"):
        read_start("photochrom")
