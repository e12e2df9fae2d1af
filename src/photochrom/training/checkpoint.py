"""Checkpoints: safetensors files whose header holds the recipe, the data and the progress."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from photochrom.errors import CheckpointError, WriteError
from photochrom.files import write_atomic
from photochrom.training.old_names import CHECKPOINT, renamed_tensors

LAST, BEST = "last.safetensors", "best.safetensors"


def save_checkpoint(path: Path, tensors: dict[str, Tensor], metadata: dict[str, Any]) -> None:
    """Write `path` whole or not at all. The previous checkpoint stays until the new one is completely on the disk."""
    said = {k: v if isinstance(v, str) else json.dumps(v) for k, v in metadata.items()}
    whole = {k: v.detach().contiguous().cpu().clone() for k, v in tensors.items()}
    try:
        # save_file cannot be used, because it replaces the temporary file by another one.
        write_atomic(path, save(whole, metadata=said | {"schema": str(CHECKPOINT)}), overwrite=True)
    except WriteError as error:
        raise CheckpointError(str(path), f"{error.what}; the one before is whole", error.remedy) from error


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read tensors, under their present names, and metadata.

    Raises
    ------
    CheckpointError
        If the file is missing, cut short, or not a checkpoint.
    """
    with _opened(path) as file:
        names = file.keys()  # safe_open itself cannot be iterated
        metadata = file.metadata() or {}
        return renamed_tensors({name: file.get_tensor(name) for name in names}, metadata), metadata


def load_metadata(path: Path) -> dict[str, str]:
    """Read only a checkpoint's metadata. Raises as `load_checkpoint`."""
    with _opened(path) as file:
        return file.metadata() or {}


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if not os.path.isfile(path):
        raise CheckpointError(
            str(path), "there is no such checkpoint; train first, or name the folder of a run"
        )
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except (SafetensorError, OSError) as error:
        raise CheckpointError(str(path), f"not a whole checkpoint ({error}); use another one") from error


def under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names begin with ``prefix.``, under their names without it."""
    return {k[len(prefix) + 1 :]: v for k, v in tensors.items() if k.startswith(f"{prefix}.")}


def optimizer_tensors(prefix: str, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Flatten an optimizer's state into named tensors, so that safetensors can hold it."""
    state = optimizer.state_dict()["state"]
    return {
        f"{prefix}.{index}.{name}": value if isinstance(value, Tensor) else torch.tensor(value)
        for index, values in state.items()
        for name, value in values.items()
        if value is not None
    }


def restore_optimizer(prefix: str, optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Restore an optimizer's state from the tensors that `optimizer_tensors` returned."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in under(prefix, tensors).items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def revision() -> str:
    """Return the git commit of this source, or "unknown" outside a checkout. A "+" says that files have changed."""
    here = Path(__file__).parent
    git = ["git", "-C", str(here)]
    try:
        commit = subprocess.run(
            [*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True
        )
        changed = subprocess.run(
            [*git, "status", "--porcelain", "."], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.stdout.strip() + ("+" if changed.stdout.strip() else "")
