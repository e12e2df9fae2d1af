"""What a run's checkpoints say of it, and where a run goes on."""

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
    """What a checkpoint says beside the weights, and how often there is one."""

    minutes: float = 4
    name: str = ""
    licence: str = "not stated"


def description(
    recipe: Recipe, saving: Saving, photos: Photos, position: Position, best: float, step: str
) -> dict[str, Any]:
    """The metadata of a checkpoint at `position`, whose best PSNR is `best` and whose present step is `step`."""
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
    """How far the run was when it wrote the checkpoint at `path`.

    Raises
    ------
    CheckpointError
        If it cannot be read, or is of no run.
    """
    metadata = load_metadata(path)
    try:
        return Position(**json.loads(metadata["position"]))
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(str(path), f"not of a run that can go on ({error})") from None


def resumed(recipe: Recipe, metadata: dict[str, str], path: Path) -> tuple[Position, float, str]:
    """Where the run of `path` stopped, its best PSNR, and the step it was in."""
    try:
        # Through the schema: a key that was not there when the run began has its default.
        then = json.loads(validate(json.loads(metadata["recipe"]), "its recipe").model_dump_json())
        position = Position(**json.loads(metadata["position"]))
        best, in_step = float(metadata["best"]), metadata["in_step"]
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            str(path), f"not of a run that can go on ({error}); train into another folder"
        ) from None
    now = json.loads(recipe.model_dump_json())
    # How long to train is the caller's to change; what is trained is not.
    different = sorted(key for key in now if now[key] != then.get(key) and key != "epochs")
    if different:
        raise CheckpointError(
            str(path),
            f"was trained with another recipe (different: {', '.join(different)}); "
            "resume with the same one, or train into another folder",
        )
    return position, best, in_step
