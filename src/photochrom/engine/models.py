"""Which models there are, and what each file says of itself."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from photochrom.errors import ModelError

DEFAULT = "photochrom"
METADATA_KEY = "photochrom"
"""The one ONNX metadata property, a JSON object, by which a file is recognised as ours."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model file says of itself."""

    name: str
    path: Path
    bytes: int
    parameters: int
    licence: str
    description: str
    metadata: dict[str, Any]

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that differ between two models, also of one name."""
        said = json.dumps([self.name, self.parameters, self.bytes, self.metadata], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:12]


def available() -> list[ModelInfo]:
    """The models that came with the package, by name."""
    from photochrom.engine.session import Session

    return [Session(path, threads=1).info for path in sorted(_folder().glob("*.onnx"))]


def resolve(model: str | Path) -> Path:
    """The file of a model given by name or path.

    Raises
    ------
    ModelError
        If there is none; the message lists the names there are.
    """
    if str(model).endswith(".onnx"):
        path = Path(model)
        if not path.is_file():
            raise ModelError(str(path), "there is no such model file")
        return path
    path = _folder() / f"{model}.onnx"
    if Path(model).name != str(model) or not path.is_file():
        known = ", ".join(sorted(p.stem for p in _folder().glob("*.onnx")))
        raise ModelError(str(model), f"no model of that name; there are: {known}, or give a file NAME.onnx")
    return path


def parse_metadata(path: Path, properties: dict[str, str]) -> dict[str, Any]:
    """The metadata of an ONNX file; ModelError if `photochrom export` did not make it."""
    try:
        metadata = json.loads(properties[METADATA_KEY])
        if not isinstance(metadata, dict):
            raise ValueError
    except (KeyError, ValueError):
        raise ModelError(
            str(path), "an ONNX file, but not a Photochrom model; make one with Photochrom's export"
        ) from None
    return metadata


def _folder() -> Path:
    return Path(str(files("photochrom") / "models"))
