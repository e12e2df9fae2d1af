"""Reading another run's generator as the start of a run, for fine-tuning and for ablations with a common start."""

import os
from pathlib import Path

from photochrom.modelfile.table import MODELS
from photochrom.training.export import load_trained
from photochrom.training.networks import Start

TOLD = ("name", "recipe", "photos", "licence", "position", "version", "revision", "start")


def read_start(path: str | Path) -> Start:
    """Read the generator of a run's folder (its last checkpoint), of a checkpoint file, or of a model by its name.

    A name is one of `photochrom.modelfile.table.MODELS` whose checkpoint came with the package. A folder or a file of
    that name comes first.

    Averaged weights are preferred. The new run's checkpoints repeat this checkpoint's metadata and that of its own
    start, because the photos and licences of all runs in the chain apply to the model.

    Raises
    ------
    CheckpointError
        If it is missing, cut short, or its weights are not those of the net that it names.
    """
    named = MODELS.get(str(path))
    trained = load_trained(named.weights if named is not None and not os.path.exists(path) else Path(path))
    about = {key: trained.metadata[key] for key in TOLD if key in trained.metadata}
    return Start(trained.recipe.net, trained.space, trained.net.state_dict(), {"file": str(path)} | about)
