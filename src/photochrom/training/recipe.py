"""The schema of a training run. Recipe files, the command line and Python share it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from photochrom.errors import RecipeError
from photochrom.training.old_names import renamed_recipe
from photochrom.training.recipe_files import nearest, read_table
from photochrom.training.settings import Part, Positive, Share, Strict
from photochrom.training.steps import KINDS, StepRecipe

ROUNDING = 1e-9
"""Tolerance for sums of shares. 0.2 + 0.2 + 0.2 + 0.1 is more than 0.7, so a short stage could be skipped."""


class Stage(Strict):
    """A part of the run with one size (progressive resizing) and one of the recipe's steps.

    The stage leaves out photos smaller than `size`, unless `data.enlarge` admits them. With `other_sizes` each batch
    has one of these sizes or `size`, drawn at random. A net that sees only one size learns the distance to the
    picture's edge, and fails at other sizes. `passes` ends the last stage early, after so many passes over the data.
    """

    size: Annotated[int, Field(ge=16)]
    other_sizes: list[Annotated[int, Field(ge=16)]] = Field(default=[])
    batch: Annotated[int, Field(ge=1)]
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    step: str = "train"
    passes: Positive | None = None

    def size_at(self, seed: int, step: int) -> int:
        """Return the side, in pixels, of the crops in the batch at `step`."""
        sizes = (self.size, *self.other_sizes)
        return sizes[np.random.default_rng((seed, step)).integers(len(sizes))]


class Data(Strict):
    """How photos are made into training pairs.

    `space` is the colour space of a colour net's output. `inputs` = 3 repeats the grey in three channels. Distribution
    nets use neither. `split` is "8000/2000", "80/20", or the count or fraction of the validation photos.

    A photo takes part in a stage if, enlarged `enlarge` times, it reaches the stage's size. The size of streamed photos
    is not known, so they take part in all stages.

    `balance` sets how much a large collection outweighs a small one: see `photochrom.training.order.Order`.

    Four keys are shares of the photos. The input of `aged` photos has marks of age. `films` photos are converted to
    grey with the sensitivity of an old film instead of Rec. 601 (both: `photochrom.data.degrade`). `hinted` photos get
    hints at places whose distribution `hints` names. `revealed` photos get their whole colour as hints (both:
    `photochrom.data.hints`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    space: Literal["lab", "rgb", "hsl"] = "lab"
    inputs: Literal[1, 3] = 1
    split: str = "0.02"
    limit: Annotated[int, Field(ge=1)] | None = None
    balance: Annotated[float, Field(ge=0, le=1)] = 1.0
    smallest_crop: Annotated[float, Field(gt=0, le=1)] = 0.6
    flip: bool = True
    enlarge: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 1.0
    aged: Share = 0.0
    films: Share = 0.0
    hinted: Share = 0.0
    hints: Literal["uniform", "normal"] = "uniform"
    revealed: Share = 0.0


class Recipe(Strict):
    """A whole training run.

    `source` is the paper or project. `reports` gives its results. `guesses` lists our choices for what it leaves open.
    """

    net: Part
    stages: Annotated[list[Stage], Field(min_length=1)]
    steps: dict[str, StepRecipe]
    title: str = ""
    source: str = ""
    reports: str = ""
    guesses: list[str] = Field(default=[])
    epochs: Positive = 20
    data: Data = Data()
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.0
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _whole(self) -> "Recipe":
        total = sum(stage.share for stage in self.stages)
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the stages' shares sum to {total:g}, not to 1")
        for stage in self.stages:
            if stage.step not in self.steps:
                raise ValueError(f"a stage's step is {stage.step!r}; there are: {', '.join(self.steps)}")
        if any(stage.passes for stage in self.stages[:-1]):
            raise ValueError("only the last stage can have passes")
        return self

    def stage(self, progress: float) -> Stage:
        """Return the stage at `progress` of the run, in [0, 1]."""
        for stage in self.stages:
            progress -= stage.share
            if progress < -ROUNDING:
                return stage
        return self.stages[-1]

    def within_step(self, progress: float) -> float:
        """Return the progress, in [0, 1], within the consecutive stages that share the present step.

        `progress` is the progress of the whole run.
        """
        name, begin, end, at = self.stage(progress).step, 0.0, 0.0, 0.0
        for stage in self.stages:
            if stage.step != name:
                if at > progress + ROUNDING:
                    break
                begin = at + stage.share
            at += stage.share
            end = at if stage.step == name else end
        return min(1.0, max(0.0, (progress - begin) / (end - begin)))


def load_recipe(name: str | Path, overrides: Iterable[str] = ()) -> Recipe:
    """Read a recipe by its name (see `recipe_files.recipe_names`) or from a TOML file, with ``key=value`` overrides.

    A key is a path such as ``data.space`` or ``stages.0.size``. A value is TOML; a value that is not TOML is text.

    Raises
    ------
    RecipeError
        If there is no recipe of that name, the file is not TOML, a key is unknown, or a value is out of range. The
        message names the key's path and the most similar known key.
    """
    return validate(read_table(name, overrides), str(name))


def validate(table: dict[str, Any], name: str) -> Recipe:
    """Make a recipe from plain values in present or old names. A RecipeError lists all their mistakes."""
    try:
        return Recipe.model_validate(renamed_recipe(table))
    except ValidationError as error:
        wrong = "; ".join(_sentence(item) for item in error.errors())
        raise RecipeError(name, f"{wrong}") from None


def _sentence(error: Any) -> str:
    # pydantic adds a tagged union's tag to the path, after the step's name. The file has no such key.
    where = [str(part) for i, part in enumerate(error["loc"]) if (i, error["loc"][0]) != (2, "steps")]
    path = ".".join(where) or "recipe"
    if error["type"] == "extra_forbidden":
        return f"{path}: no such key{nearest(where[-1], _keys_beside(error['loc']))}"
    if error["type"] == "missing":
        return f"{path}: missing"
    if error["type"] == "union_tag_not_found":
        return f"{path}.kind: missing"
    return f"{path}: {error['msg'].removeprefix('Value error, ')}"


def _keys_beside(loc: tuple[Any, ...]) -> list[str]:
    """Return the known keys of the table in which `loc` names an unknown key."""
    model: Any = Recipe
    steps = {get_args(kind.model_fields["kind"].annotation)[0]: kind for kind in KINDS}
    lists = {"stages": Stage}
    for part in loc[:-1]:
        if part in steps:
            model = steps[part]
        elif part in lists:
            model = lists[part]
        elif isinstance(part, str) and part in getattr(model, "model_fields", {}):
            inner = model.model_fields[part].annotation
            model = inner if isinstance(inner, type) and issubclass(inner, BaseModel) else model
    return list(model.model_fields)
