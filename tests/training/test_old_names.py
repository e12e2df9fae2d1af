"""Recipes and checkpoints of before a name changed load, and give what they gave."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from photochrom.errors import RecipeError
from photochrom.nets.photochrom import test_photochrom as tiny
from photochrom.training.checkpoint import load_checkpoint, load_metadata, save_checkpoint
from photochrom.training.export import load_trained
from photochrom.training.old_names import renamed_recipe, renamed_row, renamed_tensors
from photochrom.training.recipe import load_recipe, validate

STAGES = [{"size": 32, "batch": 4}]
AFFINITY_THEN = {
    "net": {"name": "test_photochrom", "args": {"likeness": True}},
    "stages": STAGES,
    "steps": {"train": {"kind": "likeness", "points": 5}},
}


def now(then: dict[str, Any]) -> Any:
    return validate(then, "then").model_dump()


def test_affinity() -> None:
    found = now(AFFINITY_THEN)
    assert found["net"]["args"] == {"affinity": True}
    assert found["steps"]["train"]["kind"] == "affinity"


def test_prior_strength() -> None:
    old = {"train": {"kind": "classification", "mean": {"pixel": 1, "vividness": 0.1}}}
    then = {"net": {"name": "test_photochrom"}, "stages": STAGES, "steps": old}
    assert now(then)["steps"]["train"]["mean"]["prior_strength"] == 0.1


def test_colorfulness() -> None:
    steps = {
        "one": {"kind": "regression", "loss": {"colourfulness": 0.3}},
        "two": {"kind": "classification", "mean": {"colourfulness": 0.2}},
    }
    stages = [{"size": 32, "batch": 4, "share": 0.5, "step": step} for step in steps]
    found = now({"net": {"name": "test_cnn4"}, "stages": stages, "steps": steps})["steps"]
    assert (found["one"]["loss"]["colorfulness"], found["two"]["mean"]["colorfulness"]) == (0.3, 0.2)


def test_discriminators() -> None:
    gan = {"critic": {"name": "test_sequential_critic"}, "sees": "picture"}
    old = {"train": {"kind": "adversarial", "gan": gan, "optimizer": {"critic_rate": 0.5}}}
    step = now({"net": {"name": "test_cnn4"}, "stages": STAGES, "steps": old})["steps"]["train"]
    assert step["gan"]["discriminator"]["name"] == "test_sequential_discriminator"
    assert step["optimizer"]["discriminator_rate"] == 0.5
    critic = {"train": {"kind": "wasserstein", "critic": {"name": "sequential_critic"}, "critic_steps": 2}}
    step = now({"net": {"name": "test_cnn4"}, "stages": STAGES, "steps": critic})["steps"]["train"]
    assert (step["critic"]["name"], step["critic_steps"]) == ("sequential_discriminator", 2)


def test_present_names_stay_and_the_input_is_not_changed() -> None:
    for path in ("photochrom-affinity", "nogan-resnet34", "cwgan-residual-unet"):
        table = load_recipe(path).model_dump(mode="json")
        assert renamed_recipe(table) == table
    before = repr(AFFINITY_THEN)
    renamed_recipe(AFFINITY_THEN)
    assert repr(AFFINITY_THEN) == before


def test_both_names_at_once_are_refused() -> None:
    both = AFFINITY_THEN | {
        "net": {"name": "test_photochrom"},
        "steps": {"train": {"kind": "classification", "mean": {"vividness": 1, "prior_strength": 0.5}}},
    }
    with pytest.raises(RecipeError, match=r"steps\.train\.mean\.vividness: no such key"):
        validate(both, "both")


def test_a_file_and_the_command_line_may_use_old_names(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        "[net]\nname = 'photochrom'\nargs = { likeness = true }\n[[stages]]\nsize = 64\nbatch = 2\n"
        "[steps.train]\nkind = 'likeness'\n"
    )
    recipe = load_recipe(file, ["steps.train.vividness=0.1"])
    assert recipe.steps["train"].kind == "affinity"
    assert recipe.steps["train"].prior_strength == 0.1  # type: ignore[union-attr]


def write_old(path: Path, tensors: dict[str, torch.Tensor], recipe: dict[str, Any]) -> None:
    """A checkpoint as version 1 wrote it: no schema, and the old names."""
    save_file(tensors, path, metadata={"name": "old", "recipe": json.dumps(recipe)})


def test_an_old_checkpoint_gives_the_same_net(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = tiny(affinity=True).eval()
    old = {f"net.{k.replace('affinity', 'likeness')}": v for k, v in net.state_dict().items()}
    write_old(tmp_path / "last.safetensors", old, AFFINITY_THEN)
    trained = load_trained(tmp_path)
    lightness = torch.rand(1, 1, 32, 64) * 100
    scalars = torch.tensor(0.5), torch.tensor(0.3)
    with torch.no_grad():
        for ours, theirs in zip(
            trained.net.predict(lightness, None, *scalars),
            net.predict(lightness, None, *scalars),
            strict=True,
        ):
            assert torch.equal(ours, theirs)


def test_a_present_checkpoint_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "x.safetensors"
    save_checkpoint(file, {"net.likeness.x": torch.ones(1)}, {"recipe": "{}"})
    assert load_metadata(file)["schema"] == "2"
    assert set(load_checkpoint(file)[0]) == {"net.likeness.x"}


def test_tensors() -> None:
    old = [
        "critic0.layers.0.weight",
        "optimizer.critic.0.step",
        "net.likeness.out.bias",
        "ema.likeness.mix.weight",
        "optimizer.likeness.0.exp_avg",
        "net.head.weight",
    ]
    new = [
        "discriminator0.layers.0.weight",
        "optimizer.discriminator.0.step",
        "net.affinity.out.bias",
        "ema.affinity.mix.weight",
        "optimizer.affinity.0.exp_avg",
        "net.head.weight",
    ]
    assert list(renamed_tensors(dict.fromkeys(old, 0), {"recipe": "{}"})) == new
    said = {"recipe": json.dumps({"steps": {"train": {"kind": "wasserstein"}}}), "in_step": "train"}
    assert list(renamed_tensors(dict.fromkeys(old, 0), said))[:2] == [new[0], "optimizer.critic.0.step"]
    assert list(renamed_tensors(dict.fromkeys(old, 0), {"schema": "2"})) == old


def test_rows_of_a_log() -> None:
    gan = {"step": "1", "critic": "0.5", "critic_accuracy": "0.7"}
    assert renamed_row(gan) == {"step": "1", "discriminator": "0.5", "discriminator_accuracy": "0.7"}
    wasserstein = {"step": "1", "critic": "0.5", "critic_accuracy": ""}
    assert renamed_row(wasserstein) == {"step": "1", "critic": "0.5", "discriminator_accuracy": ""}
