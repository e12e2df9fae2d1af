"""Import of weights that the authors of a network published."""

import os
from pathlib import Path

import torch
from torch import Tensor

from photochrom._version import __version__
from photochrom.errors import CheckpointError
from photochrom.training.checkpoint import LAST, save_checkpoint
from photochrom.training.networks import build_generator
from photochrom.training.recipe import load_recipe

PRETRAINED = {
    "eccv16": "weights of Zhang et al. 2016, BSD 2-clause; trained on ImageNet",
    "siggraph17": "weights of Zhang et al. 2017, BSD 2-clause; trained on ImageNet",
}


def import_weights(name: str, file: Path, out: Path) -> Path:
    """Convert the authors' ``.pth`` file to a run's folder that can be exported.

    Parameters
    ----------
    name : "eccv16" or "siggraph17"

    Returns
    -------
    The checkpoint's path.

    Raises
    ------
    CheckpointError
        If the file cannot be read without executing its code, or holds other tensors than the net's.
    """
    if name not in PRETRAINED:
        raise CheckpointError(name, f"no published weights are known; there are: {', '.join(PRETRAINED)}")
    recipe = load_recipe(name)
    net, _ = build_generator(recipe)
    tensors = read_tensors(file)
    load = getattr(net, "load_pretrained", net.load_state_dict)
    try:
        load(tensors)
    except (RuntimeError, ValueError) as error:
        raise CheckpointError(str(file), f"not the published weights of {name} ({_short(error)})") from None
    out.mkdir(parents=True, exist_ok=True)
    about = {
        "name": name,
        "recipe": recipe.model_dump_json(),
        "licence": PRETRAINED[name],
        "version": __version__,
    }
    save_checkpoint(out / LAST, {f"net.{k}": v for k, v in net.state_dict().items()}, about)
    return out / LAST


def read_tensors(file: Path) -> dict[str, Tensor]:
    """Read named tensors from a ``.safetensors`` or a torch file. No code of the file is executed.

    Raises
    ------
    CheckpointError
        If the file is missing, is cut short, or holds anything else.
    """
    if not os.path.isfile(file):
        raise CheckpointError(str(file), "there is no such file")
    try:
        if file.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(file)
        loaded = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds of errors for other files
        raise CheckpointError(str(file), f"not a readable file of weights ({_short(error)})") from None
    if not isinstance(loaded, dict) or not all(isinstance(v, Tensor) for v in loaded.values()):
        raise CheckpointError(str(file), "holds something else than named tensors")
    return loaded


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
