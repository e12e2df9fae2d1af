"""The parts of a recipe that several ways of training share."""

from typing import Any

import pytest
from pydantic import ValidationError

from photochrom.training.recipe import load_recipe
from photochrom.training.settings import Optimizer, Pixel


def test_the_mean_weighs_nothing_unless_a_weight_says_so() -> None:
    (step,) = load_recipe("photochrom").steps.values()
    assert not step.mean.weighs
    assert (step.mean.temperature, step.mean.prior_strength) == (0.5, 0.35)
    (step,) = load_recipe("photochrom", ["steps.train.mean.perceptual=1"]).steps.values()
    assert step.mean.weighs
    assert (step.mean.pixel, step.mean.perceptual) == (0, 1)


def test_the_discriminator_has_its_own_rate_and_no_groups() -> None:
    settings = Optimizer(rate=1e-3, discriminator_rate=2e-4, group_factors=[0, 0.1, 1], betas=(0.5, 0.9))
    discriminator = settings.for_discriminator()
    assert (discriminator.rate, discriminator.group_factors, discriminator.betas) == (2e-4, [1.0], (0.5, 0.9))
    assert Optimizer(rate=1e-3).for_discriminator().rate == 1e-3


@pytest.mark.parametrize("term", ["pixel", "gradient", "distribution", "colorfulness", "perceptual"])
def test_one_weight_is_enough_to_weigh(term: str) -> None:
    nothing = {"pixel": 0, "gradient": 0, "distribution": 0, "colorfulness": 0, "perceptual": 0}
    assert not Pixel(**nothing).weighs
    assert Pixel(**(nothing | {term: 0.1})).weighs


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"rate": 0}, "rate"),
        ({"discriminator_rate": -1}, "discriminator_rate"),
        ({"betas": [0.9, 1.1]}, "betas"),
        ({"group_factors": []}, "group_factors"),
        ({"group_factors": [-0.1]}, "group_factors"),
        ({"rte": 1e-3}, "rte"),
    ],
)
def test_a_value_out_of_range_and_an_unknown_key_are_errors(settings: dict[str, Any], key: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Optimizer.model_validate(settings)
    assert [error["loc"][0] for error in caught.value.errors()] == [key]
