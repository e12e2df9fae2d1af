"""What a training run is: one schema for recipe files, the command line and Python."""

import difflib
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from photochrom.errors import RecipeError
from photochrom.training.old_names import renamed_recipe

RECIPES = Path(__file__).parent / "recipes"
ROUNDING = 1e-9
"""Of shares that were added up: 0.2 + 0.2 + 0.2 + 0.1 is more than 0.7, and a stage of one step would be left out."""
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Weight = Annotated[float, Field(ge=0)]


class _Strict(BaseModel):
    # A typo in a recipe must be an error with its path, not a default silently taken.
    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(_Strict):
    """A network by its registry name, and its builder's arguments."""

    name: str
    args: dict[str, Any] = {}


class Optimizer(_Strict):
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


class Pixel(_Strict):
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


class Mean(Pixel):
    """Terms on the colours that a distribution decodes to; none, unless a weight says so.

    They are the annealed mean at `temperature` and `prior_strength`, as the product decodes it
    (`photochrom.nets.prediction.DistributionNet.predict`). `pixel` and `gradient` are of ab / 110 at the stride of the
    logits; `colorfulness` and `perceptual` of the picture of those colours, enlarged bilinearly, on the true L*.
    """

    pixel: Weight = 0.0
    temperature: Positive = 0.5
    prior_strength: Share = 0.35


class Labels(_Strict):
    """What the discriminator is told of real and fake, as `photochrom.losses.adversarial.Labels` explains."""

    soft: Share = 0.0
    noise: Share = 0.0
    one_sided: bool = False
    flip_share: Share = 0.0
    flipped: bool = False


class Gan(_Strict):
    """The game between generator and discriminator.

    `sees` is what the discriminator judges: the "pair" of the net's input and output (a conditional GAN), or the
    "picture" in RGB. `alternate` trains each side for so many batches in turn; 0 trains both on every batch.
    """

    discriminator: Part = Part(name="patchgan")
    sees: Literal["pair", "picture"] = "pair"
    objective: Literal["bce", "least_squares", "hinge"] = "bce"
    weight: Weight = 1.0
    labels: Labels = Labels()
    alternate: Annotated[int, Field(ge=0)] = 0


class Regression(_Strict):
    """The generator alone, against the truth."""

    kind: Literal["regression"]
    loss: Pixel = Pixel()
    optimizer: Optimizer = Optimizer()


class Classification(_Strict):
    """A distribution over ab bins (Zhang et al. 2016): `mix` is the uniform share in the class weights' denominator.

    `huber` weighs the loss of the regressed ab, where the net gives it too (Zhang et al. 2017); `mean` what is asked of
    the colours that the distribution decodes to.
    """

    kind: Literal["classification"]
    mix: Share = 0.5
    huber: Weight = 0.0
    mean: Mean = Mean()
    optimizer: Optimizer = Optimizer()


class Affinity(_Strict):
    """How hints spread, on the colours of a trained net that itself stays as it is (`photochrom.nets.affinity`).

    Each photo has up to `points` of them, few as often as many. Colours are decoded at `temperature` and
    `prior_strength`.
    """

    kind: Literal["affinity"]
    points: Annotated[int, Field(ge=1)] = 20
    temperature: Positive = 0.5
    prior_strength: Share = 0.45
    optimizer: Optimizer = Optimizer()


class Adversarial(_Strict):
    """Generator and discriminator together (Isola et al. 2017)."""

    kind: Literal["adversarial"]
    loss: Pixel = Pixel(pixel=100)
    gan: Gan = Gan()
    optimizer: Optimizer = Optimizer(betas=(0.5, 0.999))


class Wasserstein(_Strict):
    """A Wasserstein critic, held to its slope by a penalty (Gulrajani et al. 2017) or, where `clip_weights` is
    given, by clipping (Arjovsky et al. 2017)."""

    kind: Literal["wasserstein"]
    loss: Pixel = Pixel(pixel=100)
    critic: Part = Part(name="patchgan", args={"norm": "none"})
    critic_steps: Annotated[int, Field(ge=1)] = 5
    penalty: Weight = 10.0
    clip_weights: Positive | None = None
    optimizer: Optimizer = Optimizer(betas=(0.0, 0.9))


class Nogan(_Strict):
    """One of the phases of NoGAN (Antic 2019), which calls its discriminator a critic.

    "generator" trains the generator alone, "pictures" saves what it makes, "critic" trains the discriminator alone on
    those pictures, and "both" trains both.
    """

    kind: Literal["nogan"]
    phase: Literal["generator", "pictures", "critic", "both"]
    loss: Pixel = Pixel(kind="mse")
    gan: Gan = Gan(discriminator=Part(name="resnet34_critic"), sees="picture", weight=0.1)
    optimizer: Optimizer = Optimizer()


StepRecipe = Annotated[
    Regression | Classification | Affinity | Adversarial | Wasserstein | Nogan, Field(discriminator="kind")
]


class Stage(_Strict):
    """A part of the run at one size (progressive resizing) and, where the recipe has several, with one step.

    Photos smaller than `size` sit it out, unless `data.enlarge` lets them in. With `other_sizes` each batch is of one
    of them or of `size`, drawn at random: a net that sees a single size learns how far the picture's edge is, and
    is lost at another. `passes` ends the last stage early, after so many passes over the data.
    """

    size: Annotated[int, Field(ge=16)]
    other_sizes: list[Annotated[int, Field(ge=16)]] = []
    batch: Annotated[int, Field(ge=1)]
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    step: str = "train"
    passes: Positive | None = None

    def size_at(self, seed: int, step: int) -> int:
        """The side of the crops of the batch at `step`, in pixels."""
        sizes = (self.size, *self.other_sizes)
        return sizes[np.random.default_rng((seed, step)).integers(len(sizes))]


class Data(_Strict):
    """How photos are made into training pairs.

    `space` is what a colour net gives back, `inputs` 3 repeats the grey; distribution nets take neither.
    `split` is "8000/2000", "80/20", a count or a fraction of validation photos. Photos take part in the stages whose
    size they reach when made `enlarge` times as large (streamed ones, whose size is not known, in all). The shares are
    of photos whose input is `aged`, taken on other `films` than Rec. 601's (`photochrom.data.degrade`), given hints at
    places drawn as `hints` says, or `revealed` whole (`photochrom.data.hints`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    space: Literal["lab", "rgb", "hsl"] = "lab"
    inputs: Literal[1, 3] = 1
    split: str = "0.02"
    limit: Annotated[int, Field(ge=1)] | None = None
    smallest_crop: Annotated[float, Field(gt=0, le=1)] = 0.6
    flip: bool = True
    enlarge: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 1.0
    aged: Share = 0.0
    films: Share = 0.0
    hinted: Share = 0.0
    hints: Literal["uniform", "normal"] = "uniform"
    revealed: Share = 0.0


class Recipe(_Strict):
    """A whole training run.

    `source` is the paper or project, `reports` what it says it reached, `guesses` what it leaves open and we chose.
    """

    net: Part
    stages: Annotated[list[Stage], Field(min_length=1)]
    steps: dict[str, StepRecipe]
    title: str = ""
    source: str = ""
    reports: str = ""
    guesses: list[str] = []
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
        """The stage at `progress` in [0, 1] of the run."""
        for stage in self.stages:
            progress -= stage.share
            if progress < -ROUNDING:
                return stage
        return self.stages[-1]

    def within_step(self, progress: float) -> float:
        """How far, in [0, 1], the run's `progress` is into the stages in a row that share the present step."""
        name, begin, end, at = self.stage(progress).step, 0.0, 0.0, 0.0
        for stage in self.stages:
            if stage.step != name:
                if at > progress + ROUNDING:
                    break
                begin = at + stage.share
            at += stage.share
            end = at if stage.step == name else end
        return min(1.0, max(0.0, (progress - begin) / (end - begin)))


def recipe_names() -> list[str]:
    """The names of the recipes that came with the package."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def recipe_path(name: str | Path) -> Path:
    """The file of a recipe given by name or path."""
    return Path(name) if str(name).endswith(".toml") else RECIPES / f"{name}.toml"


def load_recipe(name: str | Path, overrides: Iterable[str] = ()) -> Recipe:
    """Read a recipe by its name (see `recipe_names`) or from a TOML file, with ``key=value`` overrides.

    A key is a path such as ``data.space`` or ``stages.0.size``; a value is TOML, or else taken as text.

    Raises
    ------
    RecipeError
        If there is none of that name, the file is not TOML, a key is unknown, or a value out of range; the message
        names the key's path and the nearest key there is.
    """
    path = recipe_path(name)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        near = nearest(str(name), recipe_names())
        known = ", ".join(recipe_names())
        raise RecipeError(
            str(name), f"no such recipe{near}; there are: {known}, or give a file NAME.toml"
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(str(path), f"not a readable recipe ({error})") from None
    for override in overrides:
        _set(table, override)
    return validate(table, str(name))


def resized(recipe: Recipe, size: int, multiple: int = 32) -> Recipe:
    """The recipe with a last stage of `size` pixels and the others in proportion, in multiples of `multiple`."""
    scale = size / recipe.stages[-1].size

    def scaled(side: int) -> int:
        return max(multiple, round(side * scale / multiple) * multiple)

    stages = [
        stage.model_copy(
            update={"size": scaled(stage.size), "other_sizes": [scaled(side) for side in stage.other_sizes]}
        )
        for stage in recipe.stages
    ]
    stages[-1] = stages[-1].model_copy(update={"size": size})
    # Through the schema once more: a side of 0 must not get as far as the photos.
    return validate(recipe.model_copy(update={"stages": stages}).model_dump(), f"--size {size}")


def validate(table: dict[str, Any], name: str) -> Recipe:
    """A recipe from plain values, in present or old names; raises RecipeError with all that is wrong with them."""
    try:
        return Recipe.model_validate(renamed_recipe(table))
    except ValidationError as error:
        wrong = "; ".join(_sentence(item) for item in error.errors())
        raise RecipeError(name, f"{wrong}") from None


def _set(table: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise RecipeError(f"--set {override}", "write key=value, such as data.space=rgb")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *parents, last = key.strip().split(".")
    at: Any = table
    for done, part in enumerate(parents):
        path = ".".join(parents[: done + 1])
        if (done, parents[0]) == (1, "steps") and isinstance(at, dict) and part not in at:
            raise RecipeError(f"--set {override}", f"{path}: no such step{nearest(part, list(at))}")
        at = _child(at, part, path, override)
    _child(at, last, key.strip(), override)
    at[int(last) if isinstance(at, list) else last] = value


def _child(at: Any, part: str, path: str, override: str) -> Any:
    if isinstance(at, list):
        if not part.isdecimal() or int(part) >= len(at):
            raise RecipeError(f"--set {override}", f"{path} must be a number from 0 to {len(at) - 1}")
        return at[int(part)]
    if not isinstance(at, dict):
        raise RecipeError(f"--set {override}", f"{path} is inside a plain value")
    return at.setdefault(part, {})


def _sentence(error: Any) -> str:
    # pydantic puts a tagged union's tag into the path, after the step's name; a file has no such key.
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
    """The keys that are allowed where `loc` names one that is not."""
    model: Any = Recipe
    steps = {"regression": Regression, "classification": Classification, "adversarial": Adversarial}
    steps |= {"wasserstein": Wasserstein, "nogan": Nogan, "affinity": Affinity}
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


def nearest(word: str, known: list[str]) -> str:
    """What to say after "no such ..."."""
    match = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {match[0]}?)" if match else f" (there are: {', '.join(known)})" if known else ""
