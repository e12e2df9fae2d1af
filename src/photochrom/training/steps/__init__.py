"""The ways of training. The file of each has its settings, its preparation and its reports.

To add one, write a file with `StepSettings` and a `Step`, and add it to the union below.
"""

from typing import Annotated, get_args

from pydantic import Field

from photochrom.training.networks import Networks
from photochrom.training.steps.adversarial import Adversarial
from photochrom.training.steps.adversarial_classification import AdversarialClassification
from photochrom.training.steps.affinity import Affinity
from photochrom.training.steps.base import Step, StepSettings
from photochrom.training.steps.classification import Classification
from photochrom.training.steps.nogan import Nogan
from photochrom.training.steps.regression import Regression
from photochrom.training.steps.wasserstein import Wasserstein

__all__ = ["KINDS", "Step", "StepRecipe", "make_step", "reports"]

StepRecipe = Annotated[
    Regression | Classification | Adversarial | AdversarialClassification | Wasserstein | Nogan | Affinity,
    Field(discriminator="kind"),
]
KINDS: tuple[type[StepSettings], ...] = get_args(get_args(StepRecipe)[0])


def make_step(networks: Networks, settings: StepSettings) -> Step:
    """Make the step that `settings` describe, with its own optimizers."""
    return settings.make(networks)


def reports() -> list[str]:
    """Return the names of all values that any step may report, in the log's order."""
    return list(dict.fromkeys(name for kind in KINDS for name in kind.reports()))
