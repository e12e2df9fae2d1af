"""The metadata of a run's checkpoints, and how a run is resumed from them."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from photochrom._version import __version__
from photochrom.errors import CheckpointError
from photochrom.training.batches import Photos
from photochrom.training.budget import Position
from photochrom.training.checkpoint import load_metadata, revision
from photochrom.training.recipe import Recipe, validate


@dataclass
class Saving:
    """The name and licence that a checkpoint states, and the minutes between two checkpoints."""

    minutes: float = 4
    name: str = ""
    licence: str = "not stated"


def description(
    recipe: Recipe, saving: Saving, photos: Photos, position: Position, best: float, step: str
) -> dict[str, Any]:
    """Make the metadata of a checkpoint at `position`. `best` is the best PSNR so far, `step` the present step."""
    return {
        "name": saving.name or recipe.net.name,
        "recipe": recipe.model_dump_json(),
        "position": json.dumps(asdict(position)),
        "in_step": step,
        "best": repr(best),
        "photos": str(photos),
        "licence": saving.licence,
        "version": __version__,
        "revision": revision(),
    }


def position_of(path: Path) -> Position:
    """Return the run's position when it wrote the checkpoint at `path`.

    Raises
    ------
    CheckpointError
        If it cannot be read, or does not belong to a run.
    """
    metadata = load_metadata(path)
    try:
        return Position(**json.loads(metadata["position"]))
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(str(path), f"not of a run that can go on ({error})") from None


def resumed(recipe: Recipe, metadata: dict[str, str], path: Path) -> tuple[Position, float, str]:
    """Return the position where the run of `path` stopped, its best PSNR, and its step.

    Raises
    ------
    CheckpointError
        If it does not belong to a run, or to a run with another recipe.
    """
    try:
        # The schema gives keys that did not exist when the run began their defaults.
        then = json.loads(validate(json.loads(metadata["recipe"]), "its recipe").model_dump_json())
        position = Position(**json.loads(metadata["position"]))
        best, in_step = float(metadata["best"]), metadata["in_step"]
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            str(path), f"not of a run that can go on ({error}); train into another folder"
        ) from None
    now = json.loads(recipe.model_dump_json())
    # The caller may change the length of the run, but nothing else.
    different = sorted(key for key in now if now[key] != then.get(key) and key != "epochs")
    if different:
        raise CheckpointError(
            str(path),
            f"was trained with another recipe (different: {', '.join(different)}); "
            "resume with the same one, or train into another folder",
        )
    return position, best, in_step
