"""The registry of the ways of training: every kind is in it once, and makes its own step."""

from collections.abc import Callable
from typing import Any

import pytest

from photochrom.training.networks import Networks
from photochrom.training.recipe import Recipe
from photochrom.training.steps import KINDS, make_step, reports

STEPS: dict[str, tuple[dict[str, Any], str]] = {
    "regression": ({}, "RegressionStep"),
    "adversarial": ({"gan": {"discriminator": {"name": "test_patchgan"}}}, "AdversarialStep"),
    "wasserstein": ({"critic": {"name": "test_patchgan", "args": {"norm": "none"}}}, "WassersteinStep"),
    "nogan": (
        {"phase": "generator", "gan": {"discriminator": {"name": "test_resnet_critic"}, "sees": "picture"}},
        "RegressionStep",
    ),
    "classification": ({}, "ClassificationStep"),
    "affinity": ({}, "AffinityStep"),
    "adversarial_classification": (
        {"gan": {"discriminator": {"name": "test_patchgan", "args": {"norm": "none", "layers": 2}}}},
        "AdversarialClassificationStep",
    ),
}


def test_every_kind_is_tested_here() -> None:
    assert {kind.__name__.lower() for kind in KINDS} == {name.replace("_", "") for name in STEPS}


@pytest.mark.parametrize("kind", STEPS)
def test_a_kind_makes_its_step(
    kind: str, recipe: Callable[..., Recipe], networks: Callable[[Recipe], Networks]
) -> None:
    more, name = STEPS[kind]
    net: dict[str, Any] = {"name": "test_cnn4"}
    if kind in ("classification", "affinity", "adversarial_classification"):
        net = {"name": "test_photochrom", "args": {"affinity": kind == "affinity"}}
    settings = recipe(net=net, steps={"train": {"kind": kind, **more}})
    step = make_step(networks(settings), settings.steps["train"])
    assert type(step).__name__ == name
    assert set(step.reports) <= set(settings.steps["train"].reports())
    assert step.learners


def test_reports_are_in_the_logs_order() -> None:
    terms = ("pixel", "gradient", "distribution", "colorfulness", "perceptual")
    mean = [f"mean_{name}" for name in terms]
    assert reports()[:10] == ["loss", "cross_entropy", "huber", *mean, "pixel", "gan"]
    assert len(set(reports())) == len(reports())
