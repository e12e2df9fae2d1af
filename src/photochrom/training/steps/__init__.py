"""Ways of training, by the `kind` of a recipe's step."""

from photochrom.training.networks import Networks
from photochrom.training.recipe import (
    Adversarial,
    Affinity,
    Classification,
    Nogan,
    Regression,
    StepRecipe,
    Wasserstein,
)
from photochrom.training.steps.adversarial import AdversarialStep
from photochrom.training.steps.affinity import AffinityStep
from photochrom.training.steps.base import Step
from photochrom.training.steps.classification import ClassificationStep
from photochrom.training.steps.nogan import DiscriminatorStep, PicturesStep, nogan_step
from photochrom.training.steps.regression import RegressionStep
from photochrom.training.steps.wasserstein import WassersteinStep

__all__ = ["Step", "make_step", "reports"]


def make_step(networks: Networks, settings: StepRecipe) -> Step:
    """The step that `settings` describes, with optimizers of its own."""
    match settings:
        case Regression():
            return RegressionStep(networks, settings)
        case Classification():
            return ClassificationStep(networks, settings)
        case Affinity():
            return AffinityStep(networks, settings)
        case Adversarial():
            return AdversarialStep(networks, settings)
        case Wasserstein():
            return WassersteinStep(networks, settings)
        case Nogan():
            return nogan_step(networks, settings)


def reports() -> list[str]:
    """All that any step may report, in the log's order."""
    kinds: list[type[Step]] = [RegressionStep, ClassificationStep, AdversarialStep, WassersteinStep]
    kinds += [PicturesStep, DiscriminatorStep, AffinityStep]
    return list(dict.fromkeys(name for kind in kinds for name in kind.reports))
