"""Train several recipes on the same photos, for the same time and at the same size, for one table."""

import csv
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from lightning_fabric import Fabric

from photochrom.bench import entries
from photochrom.bench.entries import Entry
from photochrom.bench.protocol import Protocol
from photochrom.bench.results import Curve
from photochrom.errors import CheckpointError
from photochrom.training.batches import Photos
from photochrom.training.budget import Budget, Clock
from photochrom.training.checkpoint import LAST, load_metadata
from photochrom.training.loop import Saving, train
from photochrom.training.networks import Pretrained, Start, State, check_start
from photochrom.training.recipe import Recipe, load_recipe
from photochrom.training.run_logger import LOG
from photochrom.training.sizes import fitted
from photochrom.training.tiny import tiny

Say = Callable[[str], None]


@dataclass
class Comparison:
    """The recipes of a comparison, and the conditions that are equal for all.

    Parameters
    ----------
    recipes : names or .toml files
    photos, validation : used for all recipes; a recipe's own split is ignored
    minutes : the budget of each recipe and seed, by `clock` (`photochrom.training.budget.Budget`)
    size : the side of each recipe's last stage in pixels; None keeps the recipe's own
    encoders : ImageNet weights by recipe name
    features : ImageNet weights for perceptual losses, by recipe name
    overrides : ``key=value`` for every recipe, as ``photochrom train --set`` takes them
    starts : trained generators from which recipes begin, by recipe name
    small : train the tiny variant of each recipe, to try a comparison; see `photochrom.training.tiny`
    """

    recipes: Sequence[str]
    photos: Photos
    validation: Photos | None
    out: Path
    minutes: float
    size: int | None = None
    seeds: Sequence[int] = (0,)
    encoders: dict[str, State] = field(default_factory=dict)
    features: dict[str, State] = field(default_factory=dict)
    overrides: Sequence[str] = ()
    clock: Clock = "wall"
    starts: dict[str, Start] = field(default_factory=dict)
    small: bool = False

    @property
    def budget(self) -> Budget:
        """The budget of each run."""
        return Budget(minutes=self.minutes, clock=self.clock)

    def check(self) -> None:
        """Raise ValueError for a mistake that would otherwise appear only after hours of training."""
        _ = self.budget
        for _, name, seed in self.names():
            recipe, start = self.recipe(name, seed), self.pretrained(name).start
            if start is not None:
                check_start(recipe, start)

    def names(self) -> list[tuple[str, str, int]]:
        """Return the row name, recipe and seed of each run."""
        several = len(self.seeds) > 1
        return [
            (f"{Path(recipe).stem}, seed {seed}" if several else Path(recipe).stem, recipe, seed)
            for recipe in self.recipes
            for seed in self.seeds
        ]

    def folder(self, recipe: str, seed: int) -> Path:
        """Return the folder of a run."""
        return self.out / "runs" / f"{Path(recipe).stem}-{seed}"

    def pretrained(self, recipe: str) -> Pretrained:
        """Return the weights with which a recipe begins."""
        name = Path(recipe).stem
        return Pretrained(self.encoders.get(name), self.features.get(name), self.starts.get(name))

    def recipe(self, name: str, seed: int) -> Recipe:
        """Return the recipe as the comparison trains it."""
        recipe = load_recipe(name, [*self.overrides, f"seed={seed}"])
        if self.small:
            recipe = tiny(recipe)
        return recipe if self.size is None else fitted(recipe, self.size)


def train_all(comparison: Comparison, fabric: Fabric, say: Say) -> tuple[dict[str, str], list[str]]:
    """Train all runs that are not trained yet. An interrupted run is resumed.

    Several processes may do this in one folder at the same time. Only one process trains each run.

    Returns
    -------
    The errors of failed runs by row name, and the names of the runs that another process is training. All other runs
    are trained.
    """
    errors: dict[str, str] = {}
    (comparison.out / "runs").mkdir(parents=True, exist_ok=True)
    todo = comparison.names()
    # Twice, because the runs of another process may be done at the second time, or that process has stopped.
    for _ in range(2):
        elsewhere = []
        for name, recipe, seed in todo:
            folder = comparison.folder(recipe, seed)
            try:
                with FileLock(folder.with_suffix(".lock"), timeout=0):
                    _train(comparison, name, recipe, seed, fabric, say)
            except Timeout:
                elsewhere.append((name, recipe, seed))
                say(f"{name}: another process is training it")
            except Exception as error:  # a failed recipe is a row of the table and does not stop the others
                errors[name] = " ".join(str(error).split())
                say(f"{name}: failed: {errors[name]}")
        todo = elsewhere
    return errors, [name for name, _, _ in todo]


def _train(comparison: Comparison, name: str, recipe: str, seed: int, fabric: Fabric, say: Say) -> None:
    folder = comparison.folder(recipe, seed)
    spent = _minutes(folder)
    if spent is not None and spent >= comparison.minutes:
        say(f"{name}: trained before, {spent:.1f} minutes")
        return
    say(f"{name}: training for {comparison.minutes:g} minutes" + (", going on" if spent is not None else ""))
    train(
        comparison.recipe(recipe, seed),
        comparison.photos,
        folder,
        comparison.budget,
        validation=comparison.validation,
        pretrained=comparison.pretrained(recipe),
        fabric=fabric,
        resume=spent is not None,
        saving=Saving(name=name),
    )


def trained(
    comparison: Comparison, protocol: Protocol, errors: dict[str, str]
) -> tuple[list[Entry], dict[str, dict[str, Any]]]:
    """Return the trained models as entries, and their rows' other fields: minutes, curve and title."""
    entered: list[Entry] = []
    about: dict[str, dict[str, Any]] = {}
    for name, recipe, seed in comparison.names():
        folder = comparison.folder(recipe, seed)
        if name not in errors:
            try:
                entered.append(entries.model(str(folder), protocol, name))
            except Exception as error:  # as above
                errors[name] = " ".join(str(error).split())
        title = comparison.recipe(recipe, seed).title
        about[name] = {"minutes": _minutes(folder), "curve": curve(folder / LOG), "about": title}
    return entered, about


def curve(log: Path) -> Curve | None:
    """Read a run's log as a curve. Returns None if there is no log."""
    if not os.path.isfile(log):
        return None
    with log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        return None
    names = [name for name in rows[0] if name not in ("step", "seconds", "stage", "size")]
    columns = {name: [float(row[name]) if row[name] else None for row in rows] for name in names}
    kept = {name: values for name, values in columns.items() if any(v is not None for v in values)}
    return Curve([float(row["seconds"]) for row in rows], kept)


def _minutes(folder: Path) -> float | None:
    """Return how many minutes the run in `folder` has been trained, or None if no run can be resumed there."""
    try:
        return float(json.loads(load_metadata(folder / LAST)["position"])["seconds"]) / 60
    except (CheckpointError, KeyError, ValueError):
        return None
