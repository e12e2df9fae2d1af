"""What a training run is: one schema for recipe files, the command line and Python."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

RECIPES = Path(__file__).parent / "recipes"
Share = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    # A typo in a recipe must be an error with its path, not a default silently taken.
    model_config = ConfigDict(extra="forbid", frozen=True)


class Stage(_Strict):
    """A part of the run at one size (progressive resizing); photos smaller than `size` sit it out."""

    size: Annotated[int, Field(ge=32, multiple_of=32)]
    batch: Annotated[int, Field(ge=1)]
    share: Annotated[float, Field(gt=0, le=1)]


class Data(_Strict):
    """How photos are made into training pairs."""

    smallest_crop: Annotated[float, Field(gt=0, le=1)] = 0.6
    aged: Share = 0.3
    hinted: Share = 0.15


class Optimizer(_Strict):
    """AdamW with a warm-up and a cosine to zero; the pretrained encoder learns more slowly."""

    rate: Annotated[float, Field(gt=0)] = 2e-3
    encoder_rate: Annotated[float, Field(ge=0)] = 3e-4
    frozen_blocks: Annotated[int, Field(ge=0)] = 3
    weight_decay: Annotated[float, Field(ge=0)] = 0.02
    warmup: Share = 0.02
    clip: Annotated[float, Field(gt=0)] = 1.0
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.99


class Loss(_Strict):
    """Rebalanced cross-entropy: `mix` is the uniform share in the class weights' denominator."""

    mix: Share = 0.5


class Recipe(_Strict):
    """A whole training run."""

    net: str
    stages: Annotated[list[Stage], Field(min_length=1)]
    data: Data = Data()
    optimizer: Optimizer = Optimizer()
    loss: Loss = Loss()
    seed: int = 0

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> "Recipe":
        total = sum(stage.share for stage in self.stages)
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the stages' shares sum to {total:g}, not to 1")
        return self

    def stage(self, progress: float) -> Stage:
        """The stage at `progress` in [0, 1] of the run."""
        for stage in self.stages:
            progress -= stage.share
            if progress < 0:
                return stage
        return self.stages[-1]


def load_recipe(name: str | Path) -> Recipe:
    """Read a recipe by its name (see `RECIPES`) or from a TOML file.

    Raises
    ------
    FileNotFoundError
        If there is none of that name; the message lists those there are.
    pydantic.ValidationError
        If a key is unknown or a value out of range; it names the path of the key.
    """
    path = Path(name) if str(name).endswith(".toml") else RECIPES / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in RECIPES.glob("*.toml")))
        raise FileNotFoundError(f"no recipe {name}; there are: {known}")
    return Recipe.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
