"""Recipes: every one on disk loads, and a mistake in one is an error that says where, and what was meant."""

from typing import Any

import pydantic
import pytest

from photochrom.errors import RecipeError
from photochrom.nets.registry import DISCRIMINATORS, FEATURES, GENERATORS
from photochrom.training.recipe import Recipe, Stage, load_recipe, validate
from photochrom.training.recipe_files import RECIPES, recipe_names

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


@pytest.mark.parametrize("name", recipe_names())
def test_recipe_on_disk(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe == load_recipe(RECIPES / f"{name}.toml")
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
    assert recipe.net.name in GENERATORS
    assert not recipe.net.name.startswith("test_")
    assert {stage.step for stage in recipe.stages} == set(recipe.steps), "a step that no stage takes"
    for step in recipe.steps.values():
        gan, loss = getattr(step, "gan", None), getattr(step, "loss", None)
        discriminator = getattr(step, "critic", None) or (gan.discriminator if gan is not None else None)
        assert discriminator is None or discriminator.name in DISCRIMINATORS
        assert loss is None or loss.features in FEATURES


def with_step(kind: str = "regression", **more: Any) -> dict[str, Any]:
    return {"steps": {"train": {"kind": kind, **more}}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sede": 1}, "sede: no such key (did you mean seed?)"),
        ({"data": {"spce": "rgb"}}, "data.spce: no such key (did you mean space?)"),
        ({"net": {"nam": "x", "name": "x"}}, "net.nam: no such key (did you mean name?)"),
        (
            {"stages": [{"sise": 64, "size": 64, "batch": 2}]},
            "stages.0.sise: no such key (did you mean size?)",
        ),
        (with_step(lss={}), "steps.train.lss: no such key (did you mean loss?)"),
        (
            with_step(optimizer={"raet": 1e-3}),
            "steps.train.optimizer.raet: no such key (did you mean rate?)",
        ),
        (
            with_step("adversarial", gan={"labels": {"nose": 0.1}}),
            "steps.train.gan.labels.nose: no such key (did you mean noise?)",
        ),
        (
            with_step("wasserstein", critic_step=3),
            "steps.train.critic_step: no such key (did you mean critic_steps?)",
        ),
        (
            {"steps": {"train": {"kind": "regression"}, "regression": {"kind": "regression", "lss": {}}}},
            "steps.regression.lss: no such key (did you mean loss?)",
        ),
        (
            with_step("classification", mean={"perceptul": 1}),
            "steps.train.mean.perceptul: no such key (did you mean perceptual?)",
        ),
        ({"data": {"enlrage": 2}}, "data.enlrage: no such key (did you mean enlarge?)"),
        ({"data": {"zzzz": 1}}, "data.zzzz: no such key (there are: space, inputs, split, "),
    ],
)
def test_a_typo_is_an_error_with_its_path_and_the_nearest_key(change: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        validate(MINIMAL | change, "mine")
    assert str(caught.value).startswith(f"mine: {message}")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"net": {}}, "net.name"),
        ({"stages": []}, "stages"),
        ({"stages": [{"size": 64}]}, "stages.0.batch"),
        ({"stages": [{"size": 8, "batch": 2}]}, "stages.0.size"),
        ({"stages": [{"size": 32, "batch": 0}]}, "stages.0.batch"),
        ({"stages": [{"size": 32, "batch": 2, "share": 0}]}, "stages.0.share"),
        ({"stages": [{"size": 32, "batch": 2, "passes": 0}]}, "stages.0.passes"),
        ({"ema": 1.0}, "ema"),
        ({"epochs": 0}, "epochs"),
        ({"seed": "one"}, "seed"),
        ({"seed": -1}, "seed"),
        ({"data": {"aged": 1.1}}, "data.aged"),
        ({"data": {"smallest_crop": 0}}, "data.smallest_crop"),
        ({"data": {"inputs": 2}}, "data.inputs"),
        ({"data": {"space": "yuv"}}, "data.space"),
        (with_step("regresion"), "steps.train"),
        ({"steps": {"train": {}}}, "steps.train.kind"),
        (with_step(optimizer={"rate": 0}), "steps.train.optimizer.rate"),
        (with_step(optimizer={"rate": "fast"}), "steps.train.optimizer.rate"),
        (with_step(optimizer={"group_factors": []}), "steps.train.optimizer.group_factors"),
        (with_step(optimizer={"group_factors": [1, -1]}), "steps.train.optimizer.group_factors.1"),
        (with_step(loss={"kind": "l3"}), "steps.train.loss.kind"),
        (with_step("adversarial", gan={"objective": "wasserstein"}), "steps.train.gan.objective"),
        (with_step("nogan", phase="end"), "steps.train.phase"),
    ],
)
def test_a_value_out_of_range_is_an_error_with_its_path(change: dict[str, Any], path: str) -> None:
    with pytest.raises(RecipeError, match=rf"^mine: {path}: \w"):
        validate(MINIMAL | change, "mine")


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(RecipeError, match=r"mine: .*; .*") as caught:
        validate(MINIMAL | {"sede": 1, "ema": 2, "data": {"spce": "rgb"}}, "mine")
    assert all(word in str(caught.value) for word in ("sede: no such key", "ema: ", "data.spce: no such key"))


@pytest.mark.parametrize("shares", [(0.5,), (0.5, 0.4), (0.5, 0.6), (1.0, 1.0)])
def test_shares_must_sum_to_1(shares: tuple[float, ...]) -> None:
    with pytest.raises(RecipeError, match=rf"shares sum to {sum(shares):g}, not to 1"):
        validate(MINIMAL | {"stages": stages(*shares), "steps": {"t": {"kind": "regression"}}}, "mine")


def test_shares_may_be_off_by_rounding() -> None:
    assert len(staged(*[0.1] * 10).stages) == 10


def test_a_stage_names_a_step_that_there_is_and_only_the_last_has_passes() -> None:
    lost = [{"size": 32, "batch": 2, "step": "gan"}]
    with pytest.raises(RecipeError, match=r"a stage's step is 'gan'; there are: train"):
        validate(MINIMAL | {"stages": lost}, "mine")
    early = [
        {"size": 32, "batch": 2, "share": 0.5, "passes": 1},
        {"size": 32, "batch": 2, "share": 0.5},
    ]
    with pytest.raises(RecipeError, match="only the last stage can have passes"):
        validate(MINIMAL | {"stages": early}, "mine")
    assert validate(MINIMAL | {"stages": [early[1], early[0]]}, "mine").stages[1].passes == 1


@pytest.mark.parametrize(
    ("progress", "size"), [(0.0, 32), (0.24, 32), (0.25, 64), (0.74, 64), (0.75, 96), (0.999, 96), (1.0, 96)]
)
def test_stage_at_a_progress(progress: float, size: int) -> None:
    assert staged(0.25, 0.5, 0.25).stage(progress).size == size


def test_every_stage_gets_its_steps_whatever_its_shares_add_up_to() -> None:
    # 0.2 + 0.2 + 0.2 + 0.1 is 0.7000000000000001.
    recipe = staged(0.2, 0.2, 0.2, 0.1, 0.05, 0.15, 0.1, steps="aaaabcd")
    taken = [recipe.stage(i / 20) for i in range(20)]
    assert [taken.count(stage) for stage in recipe.stages] == [4, 4, 4, 2, 1, 3, 2]
    assert [recipe.within_step(i / 20) for i in (14, 15, 18)] == pytest.approx([0, 0, 0], abs=1e-9)


@pytest.mark.parametrize(
    ("progress", "within"),
    [(0.0, 0.0), (0.2, 0.5), (0.39, 0.975), (0.4, 0.0), (0.6, 0.4), (0.9, 0.0), (0.95, 0.5), (1.0, 1.0)],
)
def test_progress_within_the_stages_in_a_row_that_share_a_step(progress: float, within: float) -> None:
    # "a" twice, then "b", then "a" again: its own second time.
    recipe = staged(0.1, 0.3, 0.5, 0.1, steps="aaba")
    assert recipe.within_step(progress) == pytest.approx(within, abs=1e-9)


def test_one_step_is_the_whole_run() -> None:
    recipe = staged(0.25, 0.25, 0.5)
    assert [recipe.within_step(x) for x in (0, 0.3, 0.7, 1)] == pytest.approx([0, 0.3, 0.7, 1])


def test_a_batch_has_one_of_the_stages_sizes() -> None:
    stage = Stage(size=64, other_sizes=[32, 96], batch=1)
    sizes = [stage.size_at(3, step) for step in range(300)]
    assert sizes == [stage.size_at(3, step) for step in range(300)]
    assert sizes != [stage.size_at(4, step) for step in range(300)]
    assert {size: sizes.count(size) > 70 for size in (32, 64, 96)} == dict.fromkeys((32, 64, 96), True)
    assert {Stage(size=64, batch=1).size_at(0, step) for step in range(9)} == {64}


@pytest.mark.parametrize("enlarge", ["0.9", "inf", "nan", "much"])
def test_photos_can_only_be_enlarged(enlarge: str) -> None:
    with pytest.raises(RecipeError, match=r"data\.enlarge: "):
        load_recipe("photochrom", [f"data.enlarge={enlarge}"])


def test_a_recipe_cannot_be_changed_after_it_is_checked() -> None:
    recipe = Recipe.model_validate(MINIMAL)
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        recipe.seed = 1  # type: ignore[misc]
