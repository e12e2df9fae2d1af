"""Recipes for other sizes of pictures."""

from typing import Any

import pytest

from photochrom.errors import RecipeError
from photochrom.training.recipe import Recipe
from photochrom.training.settings import Part
from photochrom.training.sizes import fitted, resized

MINIMAL: dict[str, Any] = {
    "net": {"name": "test_cnn4"},
    "stages": [{"size": 32, "batch": 4}],
    "steps": {"train": {"kind": "regression"}},
}


def stages(*shares: float, steps: str = "") -> list[dict[str, Any]]:
    names = steps or "t" * len(shares)
    return [
        {"size": 32 * (i + 1), "batch": 2, "share": share, "step": names[i]} for i, share in enumerate(shares)
    ]


def staged(*shares: float, steps: str = "") -> Recipe:
    kinds = {name: {"kind": "regression"} for name in (steps or "t")}
    return Recipe.model_validate(MINIMAL | {"stages": stages(*shares, steps=steps), "steps": kinds})


def test_resized_keeps_the_proportions_in_whole_multiples() -> None:
    recipe = staged(0.25, 0.25, 0.5)  # 32, 64, 96
    assert [stage.size for stage in resized(recipe, 192).stages] == [64, 128, 192]
    assert [stage.size for stage in resized(recipe, 64).stages] == [32, 32, 64]
    assert [stage.size for stage in resized(recipe, 100, multiple=4).stages] == [32, 68, 100]
    assert [stage.share for stage in resized(recipe, 192).stages] == [0.25, 0.25, 0.5]
    varied = recipe.model_copy(
        update={"stages": [recipe.stages[-1].model_copy(update={"share": 1.0, "other_sizes": [128, 192]})]}
    )
    (stage,) = resized(varied, recipe.stages[-1].size // 2).stages
    assert stage.other_sizes == [64, 96]
    assert [stage.size for stage in recipe.stages] == [32, 64, 96]


@pytest.mark.parametrize("size", [0, -32, 8])
def test_resized_to_nothing_is_an_error(size: int) -> None:
    with pytest.raises(RecipeError, match="size"):
        resized(staged(0.25, 0.75), size)


def test_a_net_whose_depth_depends_on_the_side_is_built_for_it() -> None:
    recipe = staged(1.0)
    unet = recipe.model_copy(update={"net": Part(name="pix2pix_unet", args={"dropout": 0.0})})
    small = fitted(unet, 64)
    assert small.stages[-1].size == 64
    assert small.net == Part(name="pix2pix_unet", args={"dropout": 0.0, "side": 64})
    assert unet.net.args == {"dropout": 0.0}


def test_another_net_stays_as_it_is() -> None:
    recipe = staged(1.0)
    assert fitted(recipe, 64) == resized(recipe, 64)
    unknown = recipe.model_copy(update={"net": Part(name="nonesuch")})
    assert fitted(unknown, 64).net == unknown.net
