"""The names that a model's file uses: of its tensors and of what its metadata says, by version of the schema."""

from __future__ import annotations

METADATA_KEY = "photochrom"
"""The one ONNX metadata property, a JSON object, by which a file is recognised as Photochrom's."""

SCHEMA = 2
"""The version of the names below; files say theirs as ``schema``, and those of version 1 say none."""

LIGHTNESS = "lightness"
"""Input (B, 1, H, W): L* in [0, 100], sides multiples of the metadata's ``multiple``."""
HINTS = "hints"
"""Input (B, 3, H, W): a and b in Lab units where the third channel is 1. Only nets that take hints have it."""
TEMPERATURE = "temperature"
"""Input, scalar above 0: of the annealed mean. Only nets with a distribution have it."""
PRIOR_STRENGTH = "prior_strength"
"""Input, scalar in [0, 1]: how much of training's class rebalancing stays in the distribution."""

AB = "ab"
"""Output (B, 2, h, w): a and b in Lab units."""
CONFIDENCE = "confidence"
"""Output (B, 1, h, w) in [0, 1]. Only nets with a distribution have it, as the two below."""
LOGITS = "logits"
"""Output (B, K, h, w): of the K bins."""
AFFINITY = "affinity"
"""Output (B, P + 1, h, w): coordinates and amplitude by which hints spread, where the net has learned them."""

RENAMED: dict[int, dict[str, str]] = {1: {"likeness": AFFINITY, "vividness": PRIOR_STRENGTH}}
"""What the schema after each version calls by another name: the tensors and the keys of the metadata alike."""


def current(name: str, schema: int) -> str:
    """What the present schema calls the tensor or key that a file of version `schema` calls `name`."""
    for version in range(schema, SCHEMA):
        name = RENAMED.get(version, {}).get(name, name)
    return name
