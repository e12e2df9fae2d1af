"""Checkpoints that describe themselves: safetensors with the recipe, data and progress in the header."""

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor


def save_checkpoint(path: Path, tensors: dict[str, Tensor], metadata: dict[str, Any]) -> None:
    """Write `path` whole or not at all; the previous checkpoint stays until the new one is complete."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        save_file(
            {k: v.detach().contiguous().cpu() for k, v in tensors.items()},
            temporary,
            metadata={k: v if isinstance(v, str) else json.dumps(v) for k, v in metadata.items()},
        )
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read tensors and metadata; raise ValueError naming the file if it is cut short or not a checkpoint."""
    try:
        with safe_open(path, framework="pt") as file:
            names = file.keys()  # safe_open itself cannot be iterated
            return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(f"{path}: not a whole checkpoint ({error}); use an earlier one") from error


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Flatten an optimizer's state into named tensors, so that safetensors can hold it."""
    state = optimizer.state_dict()["state"]
    return {
        f"optimizer.{index}.{name}": value if isinstance(value, Tensor) else torch.tensor(value)
        for index, values in state.items()
        for name, value in values.items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put back what `optimizer_tensors` took out."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer."):
            _, index, name = key.split(".", 2)
            state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
