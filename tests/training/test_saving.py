"""What a checkpoint says of its run, and where a run goes on by it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from photochrom._version import __version__
from photochrom.data.dataset import PhotoDataset
from photochrom.errors import CheckpointError
from photochrom.training.budget import Position
from photochrom.training.checkpoint import load_metadata, save_checkpoint
from photochrom.training.recipe import Recipe
from photochrom.training.saving import Saving, description, position_of, resumed

MakeRecipe = Callable[..., Recipe]
AT = Position(step=7, photos=28, stage_photos=12, seconds=3.5)


@pytest.fixture
def saved(tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe) -> Callable[..., Path]:
    """Writes a checkpoint at `AT` with a best PSNR of 21.5 dB; None as a change leaves a key out."""

    def write(**changes: str | None) -> Path:
        said = description(recipe(), Saving(name="mine"), photos, AT, 21.5, "train") | changes
        path = tmp_path / "last.safetensors"
        save_checkpoint(path, {"x": torch.zeros(1)}, {k: v for k, v in said.items() if v is not None})
        return path

    return write


def test_a_description_names_the_run(photos: PhotoDataset, recipe: MakeRecipe) -> None:
    said = description(recipe(), Saving(licence="CC0-1.0"), photos, AT, 1 / 3, "train")
    # Without a name of its own, the run has its net's.
    assert (said["name"], said["licence"], said["version"]) == ("test_cnn4", "CC0-1.0", __version__)
    assert Recipe.model_validate_json(said["recipe"]) == recipe()
    assert said["photos"].startswith("8 photos")
    assert float(said["best"]) == 1 / 3, "the best PSNR has lost digits"


def test_a_run_goes_on_where_it_stopped(saved: Callable[..., Path], recipe: MakeRecipe) -> None:
    path = saved()
    assert position_of(path) == AT
    assert resumed(recipe(), load_metadata(path), path) == (AT, 21.5, "train")


def test_before_any_validation_the_best_is_minus_infinity(
    saved: Callable[..., Path], recipe: MakeRecipe
) -> None:
    path = saved(best=repr(float("-inf")))
    assert resumed(recipe(), load_metadata(path), path)[1] == float("-inf")


def test_only_the_length_of_the_run_may_differ(saved: Callable[..., Path], recipe: MakeRecipe) -> None:
    path = saved()
    assert resumed(recipe(epochs=99), load_metadata(path), path)[0] == AT
    with pytest.raises(CheckpointError, match=r"with another recipe \(different: data, seed\); resume with"):
        resumed(recipe(seed=1, data={"space": "hsl"}), load_metadata(path), path)


def test_a_key_younger_than_the_checkpoint_has_its_default(
    saved: Callable[..., Path], recipe: MakeRecipe
) -> None:
    text = recipe().model_dump_json().replace('"enlarge":1.0,', "")
    assert "enlarge" not in text
    path = saved(recipe=text)
    assert resumed(recipe(), load_metadata(path), path)[0] == AT


@pytest.mark.parametrize(
    "change",
    [
        {"position": None},
        {"position": "3"},
        {"position": '{"steps": 3}'},
        {"recipe": None},
        {"recipe": "no JSON"},
        {"best": None},
        {"best": "good"},
        {"in_step": None},
    ],
)
def test_a_checkpoint_of_no_run_is_refused(
    saved: Callable[..., Path], recipe: MakeRecipe, change: dict[str, str | None]
) -> None:
    path = saved(**change)
    with pytest.raises(CheckpointError, match=r"last\.safetensors: not of a run that can go on"):
        resumed(recipe(), load_metadata(path), path)
    if "position" in change:
        with pytest.raises(CheckpointError, match=r"last\.safetensors: not of a run that can go on"):
            position_of(path)
