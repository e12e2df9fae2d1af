"""The files of recipes: names, TOML, overrides and their mistakes."""

from pathlib import Path
from typing import Any

import pytest

from photochrom.errors import RecipeError
from photochrom.training.recipe import load_recipe, validate
from photochrom.training.recipe_files import RECIPES, nearest, recipe_path

MINIMAL: dict[str, Any] = {
    "net": {"name": "test_cnn4"},
    "stages": [{"size": 32, "batch": 4}],
    "steps": {"train": {"kind": "regression"}},
}
FILE = """
seed = 3
[net]
name = "test_cnn4"
[[stages]]
size = 64
batch = 2
[steps.train]
kind = "regression"
optimizer = { rate = 0.5 }
"""


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(FILE)
    recipe = load_recipe(tmp_path / "mine.toml")
    assert (recipe.seed, recipe.stages[0].size, recipe.steps["train"].optimizer.rate) == (3, 64, 0.5)
    assert recipe == load_recipe(str(tmp_path / "mine.toml"))
    assert recipe.data == validate(MINIMAL, "minimal").data
    assert recipe_path("photochrom") == RECIPES / "photochrom.toml"


def test_unknown_name_says_the_nearest_in_a_sentence() -> None:
    with pytest.raises(
        RecipeError, match=r"fotochrom: no such recipe \(did you mean photochrom\?\)"
    ) as caught:
        load_recipe("fotochrom")
    assert "`photochrom recipes` lists all" in str(caught.value)


@pytest.mark.parametrize("text", [b"seed = = 3", b"\xff\xfe\x00"])
def test_a_file_that_is_not_toml_is_named(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "mine.toml").write_bytes(text)
    with pytest.raises(RecipeError, match=r"mine\.toml: not a readable recipe"):
        load_recipe(tmp_path / "mine.toml")
    with pytest.raises(RecipeError, match=r"yours\.toml: no such recipe"):
        load_recipe(tmp_path / "yours.toml")


def test_overrides_are_toml_or_text() -> None:
    changes = [
        "data.space=rgb",
        "data.flip=false",
        "data.split=500",
        "stages.1.size=256",
        "steps.train.optimizer.rate=1e-3",
        "steps.train.optimizer.group_factors=[0, 1]",
        'title="Mine, all mine"',
        "source=a letter = of 1903",
        "net.args.widths=[8, 8, 8, 8]",
        "stages.2={size = 192, batch = 8, share = 0.48}",
    ]
    recipe = load_recipe("photochrom", changes)
    assert (recipe.data.space, recipe.data.flip, recipe.data.split) == ("rgb", False, "500")
    assert [(stage.size, stage.batch) for stage in recipe.stages] == [(64, 64), (256, 24), (192, 8)]
    assert recipe.steps["train"].optimizer.rate == 1e-3
    assert recipe.steps["train"].optimizer.group_factors == [0, 1]
    assert (recipe.title, recipe.source) == ("Mine, all mine", "a letter = of 1903")
    assert recipe.net.args == {"widths": [8, 8, 8, 8]}
    assert load_recipe("photochrom").data.space == "lab"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("data.space", "write key=value"),
        ("=3", "write key=value"),
        ("data.spce=rgb", r"data\.spce: no such key \(did you mean space\?\)"),
        ("dta.space=rgb", r"dta: no such key \(did you mean data\?\)"),
        ("data.space=yuv", r"data\.space: "),
        ("epochs=many", "epochs: "),
        ("stages.3.size=64", "stages.3 must be a number from 0 to 2"),
        ("stages.first.size=64", "stages.first must be a number from 0 to 2"),
        ("stages.-1.size=64", "stages.-1 must be a number from 0 to 2"),
        ("epochs.more=3", "is inside a plain value"),
        ("stages.0.size.more.yet=3", "is inside a plain value"),
        ("steps.trian.optimizer.rate=1e-3", r"steps\.trian: no such step \(did you mean train\?\)"),
    ],
)
def test_a_wrong_override_is_an_error_with_its_path(override: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message) as caught:
        load_recipe("photochrom", [override])
    assert "\n" not in str(caught.value)


def test_nearest_says_something_in_every_case() -> None:
    assert nearest("colur", ["colour", "size"]) == " (did you mean colour?)"
    assert nearest("zzz", ["colour", "size"]) == " (there are: colour, size)"
    assert nearest("zzz", []) == ""
