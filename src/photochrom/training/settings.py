"""The parts of a recipe that several ways of training share."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Weight = Annotated[float, Field(ge=0)]


class Strict(BaseModel):
    """A table of a recipe. A key that it does not know is an error with its path, not a default silently taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(Strict):
    """A network by its registry name, and its builder's arguments."""

    name: str
    args: dict[str, Any] = {}


class Optimizer(Strict):
    """How weights follow their gradient.

    `group_factors` multiply the rate for the net's layer groups from the earliest to the head (discriminative
    learning rates, Howard and Ruder 2018); 0 freezes a group, and the last factor also serves the groups after it.
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
        """Those of the discriminator or critic: its own rate, and one for all of its layers."""
        return self.model_copy(update={"rate": self.discriminator_rate or self.rate, "group_factors": [1.0]})


class Pixel(Strict):
    """Terms of a generator's loss that compare with the truth; a weight of 0 leaves a term out.

    `pixel` is in the net's own range ([-1, 1] or [0, 1]); `gradient` and `colorfulness` as in
    `photochrom.losses`. `perceptual` compares activations of `features` (see
    `photochrom.nets.registry.FEATURES`), weighed one by one; the default is relu2_2, as Johnson et al. 2016 take it.
    """

    kind: Literal["l1", "mse", "huber"] = "l1"
    delta: Positive = 1.0
    pixel: Weight = 1.0
    gradient: Weight = 0.0
    colorfulness: Weight = 0.0
    perceptual: Weight = 0.0
    features: str = "vgg16"
    feature_weights: list[Weight] = [0.0, 1.0, 0.0, 0.0]
    feature_distance: Literal["l1", "mse"] = "mse"

    @property
    def weighs(self) -> bool:
        """Whether any term counts."""
        return any((self.pixel, self.gradient, self.colorfulness, self.perceptual))
