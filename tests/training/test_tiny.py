"""Recipes made small: the same steps, with nets that a test can afford."""

import pytest

from photochrom.nets.registry import DISCRIMINATORS, FEATURES, GENERATORS
from photochrom.training.recipe import Recipe, load_recipe
from photochrom.training.recipe_files import recipe_names
from photochrom.training.settings import Part
from photochrom.training.steps.adversarial import Adversarial
from photochrom.training.steps.nogan import Nogan
from photochrom.training.steps.wasserstein import Wasserstein
from photochrom.training.tiny import BATCH, SIDE, tiny


def discriminators(recipe: Recipe) -> list[Part]:
    """All discriminators that the recipe's steps name."""
    found = []
    for step in recipe.steps.values():
        if isinstance(step, Wasserstein):
            found.append(step.critic)
        elif isinstance(step, Adversarial | Nogan):
            found.append(step.gan.discriminator)
    return found


@pytest.mark.parametrize("name", recipe_names())
def test_all_nets_shrink_and_all_else_stays(name: str) -> None:
    whole = load_recipe(name)
    small = tiny(whole)
    assert small.net.name.startswith("test_")
    assert small.net.name in GENERATORS
    assert small.net.args == whole.net.args
    assert {(stage.size, stage.batch) for stage in small.stages} == {(SIDE, BATCH)}
    assert {s.share for s in small.stages} == {1 / len(whole.stages)}
    assert [(s.step, s.passes) for s in small.stages] == [(s.step, s.passes) for s in whole.stages]
    assert all(
        part.name.startswith("test_") and part.name in DISCRIMINATORS for part in discriminators(small)
    )
    assert [part.args for part in discriminators(small)] == [part.args for part in discriminators(whole)]
    for key, step in whole.steps.items():
        loss, ours = getattr(step, "loss", None), getattr(small.steps[key], "loss", None)
        assert step.optimizer == small.steps[key].optimizer
        if loss is not None and loss.perceptual:
            assert ours.features.startswith("test_")
            assert ours.features in FEATURES
            assert len(ours.feature_weights) == len(loss.feature_weights)
        else:
            assert ours == loss
    assert (small.data, small.epochs, small.ema, small.seed) == (
        whole.data,
        whole.epochs,
        whole.ema,
        whole.seed,
    )


def test_eight_steps_run_every_stage_of_the_longest_recipe() -> None:
    small = tiny(load_recipe("nogan-resnet34"))
    stages = [small.stage(step / 8) for step in range(8)]
    assert [stage for stage in small.stages if stage not in stages] == []
    assert {"generator", "pictures", "critic", "both"} == {stage.step for stage in stages}


def test_a_tiny_recipe_has_tiny_parts() -> None:
    # Not a rename alone: what is built must be small.
    net = GENERATORS[tiny(load_recipe("nogan-resnet34")).net.name](inputs=1, outputs=2)
    assert sum(p.numel() for p in net.parameters()) < 200_000


def test_features_for_a_mean_shrink_too() -> None:
    whole = load_recipe("photochrom", ["steps.train.mean={perceptual=1, features='mobilenetv2_features'}"])
    assert tiny(whole).steps["train"].mean.features == "test_vgg16"
    assert (
        tiny(load_recipe("photochrom")).steps["train"].mean == load_recipe("photochrom").steps["train"].mean
    )
