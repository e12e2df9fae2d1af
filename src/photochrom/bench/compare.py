"""Recipes on equal terms: the same photos, minutes and size for each, then one table."""

import csv
import json
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

Say = Callable[[str], None]


@dataclass
class Comparison:
    """What is compared, and what every recipe gets.

    Parameters
    ----------
    recipes : names or .toml files
    photos, validation : for all of them, whatever a recipe says of its own split
    minutes : for each recipe and seed, by `clock` (`photochrom.training.budget.Budget`)
    size : of each recipe's last stage in pixels; None leaves the recipes' own
    encoders : ImageNet weights by recipe name
    features : ImageNet weights for perceptual losses, by recipe name
    overrides : ``key=value`` for every recipe, as ``photochrom train --set`` takes them
    starts : trained generators to begin from, by recipe name
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

    @property
    def budget(self) -> Budget:
        """Of each run."""
        return Budget(minutes=self.minutes, clock=self.clock)

    def check(self) -> None:
        """Raise the `ValueError` of a typo that would otherwise be found after an hour."""
        _ = self.budget
        for _, name, seed in self.names():
            recipe, start = self.recipe(name, seed), self.pretrained(name).start
            if start is not None:
                check_start(recipe, start)

    def names(self) -> list[tuple[str, str, int]]:
        """Row name, recipe and seed of each run."""
        several = len(self.seeds) > 1
        return [
            (f"{Path(recipe).stem}, seed {seed}" if several else Path(recipe).stem, recipe, seed)
            for recipe in self.recipes
            for seed in self.seeds
        ]

    def folder(self, recipe: str, seed: int) -> Path:
        """Where a run is kept."""
        return self.out / "runs" / f"{Path(recipe).stem}-{seed}"

    def pretrained(self, recipe: str) -> Pretrained:
        """The weights that a recipe begins with."""
        name = Path(recipe).stem
        return Pretrained(self.encoders.get(name), self.features.get(name), self.starts.get(name))

    def recipe(self, name: str, seed: int) -> Recipe:
        """The recipe as it is trained here."""
        recipe = load_recipe(name, [*self.overrides, f"seed={seed}"])
        return recipe if self.size is None else fitted(recipe, self.size)


def train_all(comparison: Comparison, fabric: Fabric, say: Say) -> tuple[dict[str, str], list[str]]:
    """Train what is not trained yet; a run that was interrupted goes on.

    Several processes may do this in one folder at once: each run is one process's.

    Returns
    -------
    What failed, the error by row name (the others are trained), and the names of runs that another process has.
    """
    errors: dict[str, str] = {}
    (comparison.out / "runs").mkdir(parents=True, exist_ok=True)
    todo = comparison.names()
    # Twice: what another process had the first time may be done by now, or left by one that was stopped.
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
            except (
                Exception
            ) as error:  # one recipe's failure is a row of the table, not the end of the night's run
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
    """The trained models as entries, and what their rows say beside their scores: minutes, curve."""
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
    """A run's log as a curve; None where there is none."""
    if not log.is_file():
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
    """How long the run in `folder` has been trained; None if there is none that can go on."""
    try:
        return float(json.loads(load_metadata(folder / LAST)["position"])["seconds"]) / 60
    except (CheckpointError, KeyError, ValueError):
        return None
