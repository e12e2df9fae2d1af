"""The old names in recipes and checkpoints, so that old files still load.

A recipe of any version may use the old names, because at their places they have no other meaning. A checkpoint states
its version as ``schema``. Checkpoints of version 1 do not.
"""

import json
import re
from typing import Any, TypeVar

CHECKPOINT = 2
"""The version of a checkpoint's names."""

KEYS = {
    "net.args.likeness": "affinity",
    "steps.*.loss.colourfulness": "colorfulness",
    "steps.*.mean.colourfulness": "colorfulness",
    "steps.*.gan.critic": "discriminator",
    "steps.*.optimizer.critic_rate": "discriminator_rate",
    "steps.*.vividness": "prior_strength",
    "steps.*.mean.vividness": "prior_strength",
}
"""The new names of a recipe's keys, by their old path. ``*`` is any key."""

SEQUENTIAL = {
    "sequential_critic": "sequential_discriminator",
    "test_sequential_critic": "test_sequential_discriminator",
}
VALUES: dict[str, dict[str, str]] = {
    "steps.*.kind": {"likeness": "affinity"},
    "steps.*.critic.name": SEQUENTIAL,
    "steps.*.gan.discriminator.name": SEQUENTIAL,
}
"""The new names of a recipe's values, by the new path of their key."""

TENSORS = (
    (r"^(net|ema)\.likeness\.", r"\1.affinity."),
    (r"^optimizer\.likeness\.", "optimizer.affinity."),
    (r"^critic(\d+)\.", r"discriminator\1."),
    (r"^optimizer\.critic\.", "optimizer.discriminator."),
)
"""Patterns for the tensors of a checkpoint of version 1, and their replacements."""

COLUMNS = {"critic_accuracy": "discriminator_accuracy", "mean_colourfulness": "mean_colorfulness"}
"""The new names of the columns of a run's log."""

Value = TypeVar("Value")


def renamed_recipe(table: dict[str, Any]) -> dict[str, Any]:
    """Copy a recipe's plain values with the present names. The schema refuses a table with both names."""
    table = json.loads(json.dumps(table, default=str))
    for path, new in KEYS.items():
        *parents, old = path.split(".")
        for parent in _found(table, parents):
            if old in parent and new not in parent:
                parent[new] = parent.pop(old)
    for path, names in VALUES.items():
        *parents, key = path.split(".")
        for parent in _found(table, parents):
            if isinstance(parent.get(key), str):
                parent[key] = names.get(parent[key], parent[key])
    return table


def renamed_tensors(tensors: dict[str, Value], metadata: dict[str, str]) -> dict[str, Value]:
    """Return a checkpoint's tensors under the present names."""
    if int(metadata.get("schema", 1)) >= CHECKPOINT:
        return tensors
    # The critic of a Wasserstein step kept its name.
    kept = "optimizer.critic." if _step_kind(metadata) == "wasserstein" else None
    return {
        name if kept and name.startswith(kept) else _renamed(name): value for name, value in tensors.items()
    }


def renamed_row(row: dict[str, str]) -> dict[str, str]:
    """Return a row of a log under the present names of its columns. Only discriminators have an accuracy."""
    names = dict(COLUMNS)
    if row.get("critic_accuracy"):
        names["critic"] = "discriminator"
    return {names.get(name, name): value for name, value in row.items()}


def _step_kind(metadata: dict[str, str]) -> str | None:
    steps = json.loads(metadata.get("recipe", "{}")).get("steps", {})
    kind = steps.get(metadata.get("in_step", ""), {}).get("kind")
    return str(kind) if kind is not None else None


def _renamed(name: str) -> str:
    for pattern, new in TENSORS:
        name = re.sub(pattern, new, name)
    return name


def _found(at: Any, path: list[str]) -> list[dict[str, Any]]:
    """Return the tables at `path`."""
    if not isinstance(at, dict):
        return []
    if not path:
        return [at]
    inner = list(at.values()) if path[0] == "*" else [at[path[0]]] if path[0] in at else []
    return [table for each in inner for table in _found(each, path[1:])]
