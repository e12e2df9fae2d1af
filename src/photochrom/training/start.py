"""Another run's generator, to begin a run from: fine-tuning, and ablations that share a beginning."""

from pathlib import Path

from photochrom.training.export import load_trained
from photochrom.training.networks import Start

TOLD = ("name", "recipe", "photos", "licence", "position", "version", "revision", "start")


def read_start(path: Path) -> Start:
    """Read the generator of a run's folder (its last checkpoint) or of a checkpoint file.

    Averaged weights where there are some. What the checkpoint says of itself is kept for the new run's, its own start
    included: a model's photos and licence are those of all the runs in the chain.

    Raises
    ------
    CheckpointError
        If it is missing, cut short, or its weights are not those of the net that it names.
    """
    trained = load_trained(path)
    about = {key: trained.metadata[key] for key in TOLD if key in trained.metadata}
    return Start(trained.recipe.net, trained.space, trained.net.state_dict(), {"file": str(path)} | about)
