"""Recipes: every one on disk loads, and a mistake in one is an error that says where, and what was meant."""

from pathlib import Path
from typing import Any

import pydantic
import pytest

from photochrom.errors import RecipeError
from photochrom.nets.registry import DISCRIMINATORS, FEATURES, GENERATORS
from photochrom.training.recipe import Recipe, Stage, load_recipe, validate
from photochrom.training.recipe_files import RECIPES, nearest, recipe_names, recipe_path
from photochrom.training.settings import Optimizer
from photochrom.training.sizes import resized

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


def test_a_batch_has_one_of_the_stages_sizes() -> None:
    stage = Stage(size=64, other_sizes=[32, 96], batch=1)
    sizes = [stage.size_at(3, step) for step in range(300)]
    assert sizes == [stage.size_at(3, step) for step in range(300)]
    assert sizes != [stage.size_at(4, step) for step in range(300)]
    assert {size: sizes.count(size) > 70 for size in (32, 64, 96)} == dict.fromkeys((32, 64, 96), True)
    assert {Stage(size=64, batch=1).size_at(0, step) for step in range(9)} == {64}


@pytest.mark.parametrize("size", [0, -32, 8])
def test_resized_to_nothing_is_an_error(size: int) -> None:
    with pytest.raises(RecipeError, match="size"):
        resized(staged(0.25, 0.75), size)


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


def test_the_mean_weighs_nothing_unless_a_weight_says_so() -> None:
    (step,) = load_recipe("photochrom").steps.values()
    assert not step.mean.weighs
    assert (step.mean.temperature, step.mean.prior_strength) == (0.5, 0.35)
    (step,) = load_recipe("photochrom", ["steps.train.mean.perceptual=1"]).steps.values()
    assert step.mean.weighs
    assert (step.mean.pixel, step.mean.perceptual) == (0, 1)


@pytest.mark.parametrize("enlarge", ["0.9", "inf", "nan", "much"])
def test_photos_can_only_be_enlarged(enlarge: str) -> None:
    with pytest.raises(RecipeError, match=r"data\.enlarge: "):
        load_recipe("photochrom", [f"data.enlarge={enlarge}"])


def test_the_discriminator_has_its_own_rate_and_no_groups() -> None:
    settings = Optimizer(rate=1e-3, discriminator_rate=2e-4, group_factors=[0, 0.1, 1], betas=(0.5, 0.9))
    discriminator = settings.for_discriminator()
    assert (discriminator.rate, discriminator.group_factors, discriminator.betas) == (2e-4, [1.0], (0.5, 0.9))
    assert Optimizer(rate=1e-3).for_discriminator().rate == 1e-3


def test_a_recipe_cannot_be_changed_after_it_is_checked() -> None:
    recipe = Recipe.model_validate(MINIMAL)
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        recipe.seed = 1  # type: ignore[misc]


def test_nearest_says_something_in_every_case() -> None:
    assert nearest("colur", ["colour", "size"]) == " (did you mean colour?)"
    assert nearest("zzz", ["colour", "size"]) == " (there are: colour, size)"
    assert nearest("zzz", []) == ""
