"""The parts of a recipe that several ways of training share."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Weight = Annotated[float, Field(ge=0)]


class Strict(BaseModel):
    """A table of a recipe. An unknown key is an error with its path, so that a typo does not select a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(Strict):
    """A network by its registry name, and its builder's arguments."""

    name: str
    args: dict[str, Any] = {}


class Optimizer(Strict):
    """How an optimizer updates the weights.

    `group_factors` multiply the rate for the net's layer groups from the earliest to the head (discriminative
    learning rates, Howard and Ruder 2018). 0 freezes a group. The last factor also applies to all later groups.
    """

    kind: Literal["adam", "adamw", "sgd", "rmsprop"] = "adam"
    rate: Positive = 1e-4
    discriminator_rate: Positive | None = None
    betas: tuple[Share, Share] = (0.9, 0.999)
    weight_decay: Weight = 0.0
    group_factors: Annotated[list[Weight], Field(min_length=1)] = [1.0]
    schedule: Literal["constant", "cosine", "one_cycle"] = "constant"
    warmup: Share = 0.0
    clip: Positive | None = None

    def for_discriminator(self) -> "Optimizer":
        """Return the settings of the discriminator or critic. It has its own rate, the same for all layers."""
        return self.model_copy(update={"rate": self.discriminator_rate or self.rate, "group_factors": [1.0]})


class Pixel(Strict):
    """Terms of a generator's loss that compare its output with the truth. A weight of 0 leaves a term out.

    `pixel` is in the net's own range ([-1, 1] or [0, 1]). `gradient`, `distribution` and `colorfulness` are as in
    `photochrom.losses`.
    `perceptual` compares activations of `features` (see `photochrom.nets.registry.FEATURES`). Each activation has its
    own weight; by default only relu2_2 counts, as in Johnson et al. 2016.
    """

    kind: Literal["l1", "mse", "huber"] = "l1"
    delta: Positive = 1.0
    pixel: Weight = 1.0
    gradient: Weight = 0.0
    distribution: Weight = 0.0
    colorfulness: Weight = 0.0
    perceptual: Weight = 0.0
    features: str = "vgg16"
    feature_weights: list[Weight] = [0.0, 1.0, 0.0, 0.0]
    feature_distance: Literal["l1", "mse"] = "mse"

    @property
    def weighs(self) -> bool:
        """Whether any term has a weight above 0."""
        return any((self.pixel, self.gradient, self.distribution, self.colorfulness, self.perceptual))
