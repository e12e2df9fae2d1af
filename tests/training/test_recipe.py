"""Recipes: every one on disk loads, and a mistake in one is an error that says where."""

import inspect
from pathlib import Path
from typing import Any

import pydantic
import pytest

from photochrom.training.loop import NETS
from photochrom.training.recipe import RECIPES, Recipe, load_recipe

ON_DISK = sorted(RECIPES.glob("*.toml"))

MINIMAL: dict[str, Any] = {"net": "test_photochrom", "stages": [{"size": 32, "batch": 4, "share": 1.0}]}


def stages(*shares: float) -> list[dict[str, Any]]:
    return [{"size": 32 * (i + 1), "batch": 2, "share": share} for i, share in enumerate(shares)]


def test_there_are_recipes() -> None:
    assert "photochrom" in [path.stem for path in ON_DISK]


@pytest.mark.parametrize("path", ON_DISK, ids=lambda path: path.stem)
def test_recipe_on_disk(path: Path) -> None:
    recipe = load_recipe(path.stem)
    assert recipe == load_recipe(path)
    assert recipe.net in NETS
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
    assert path.read_text(encoding="utf-8").startswith("#"), "a recipe says what it is and why"


def test_names_of_nets_are_their_builders() -> None:
    for name, builder in NETS.items():
        assert inspect.unwrap(builder).__name__ == name


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'net = "test_photochrom"\nseed = 3\n[[stages]]\nsize = 64\nbatch = 2\nshare = 1\n[optimizer]\nrate = 0.5\n'
    )
    recipe = load_recipe(path)
    assert (recipe.seed, recipe.stages[0].size, recipe.optimizer.rate) == (3, 64, 0.5)
    assert recipe.loss == Recipe.model_validate(MINIMAL).loss


def test_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(FileNotFoundError, match=r"no recipe fotochrom; there are: .*photochrom"):
        load_recipe("fotochrom")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"nett": "x"}, "nett"),
        ({"optimizer": {"raet": 1e-3}}, "optimizer.raet"),
        ({"data": {"age": 0.1}}, "data.age"),
        ({"loss": {"kind": "l1"}}, "loss.kind"),
        ({"stages": [{"sise": 64, "size": 64, "batch": 2, "share": 1}]}, "stages.0.sise"),
        ({"stages": [{"size": 64, "share": 1}]}, "stages.0.batch"),
        ({"stages": [{"size": 50, "batch": 2, "share": 1}]}, "stages.0.size"),
        ({"stages": [{"size": 0, "batch": 2, "share": 1}]}, "stages.0.size"),
        ({"stages": [{"size": 32, "batch": 0, "share": 1}]}, "stages.0.batch"),
        ({"stages": []}, "stages"),
        ({"optimizer": {"ema": 1.0}}, "optimizer.ema"),
        ({"optimizer": {"rate": 0}}, "optimizer.rate"),
        ({"data": {"aged": 1.1}}, "data.aged"),
        ({"data": {"smallest_crop": 0}}, "data.smallest_crop"),
        ({"seed": "one"}, "seed"),
    ],
)
def test_mistake_is_an_error_with_its_path(change: dict[str, Any], path: str) -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        Recipe.model_validate(MINIMAL | change)
    assert [".".join(map(str, error["loc"])) for error in caught.value.errors()] == [path]
    assert path in str(caught.value)


@pytest.mark.parametrize("shares", [(0.5,), (0.5, 0.4), (0.5, 0.6), (1.0, 1.0)])
def test_shares_must_sum_to_1(shares: tuple[float, ...]) -> None:
    with pytest.raises(pydantic.ValidationError, match=rf"shares sum to {sum(shares):g}, not to 1"):
        Recipe.model_validate(MINIMAL | {"stages": stages(*shares)})


def test_shares_may_be_off_by_rounding() -> None:
    assert len(Recipe.model_validate(MINIMAL | {"stages": stages(*[0.1] * 10)}).stages) == 10


@pytest.mark.parametrize(
    ("progress", "size"), [(0.0, 32), (0.24, 32), (0.25, 64), (0.74, 64), (0.75, 96), (0.999, 96), (1.0, 96)]
)
def test_stage_at_a_progress(progress: float, size: int) -> None:
    recipe = Recipe.model_validate(MINIMAL | {"stages": stages(0.25, 0.5, 0.25)})
    assert recipe.stage(progress).size == size


def test_a_recipe_cannot_be_changed_after_it_is_checked() -> None:
    recipe = Recipe.model_validate(MINIMAL)
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        recipe.seed = 1
