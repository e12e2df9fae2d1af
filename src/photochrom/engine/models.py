"""The models that can be chosen, and what each file says of itself."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from photochrom.modelfile.metadata import Metadata
from photochrom.modelfile.table import DEFAULT, MODELS, resolve

__all__ = ["DEFAULT", "ModelInfo", "available", "resolve"]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model file says of itself."""

    name: str
    path: Path
    bytes: int
    parameters: int
    licence: str
    description: str
    metadata: Metadata

    @classmethod
    def of(cls, path: Path, metadata: Metadata) -> ModelInfo:
        """The info of the file at `path`, which says `metadata`."""
        return cls(
            name=str(metadata.get("name", path.stem)),
            path=path,
            bytes=path.stat().st_size,
            parameters=int(metadata.get("parameters", 0)),
            licence=str(metadata.get("licence", "not stated")),
            description=str(metadata.get("description", "")),
            metadata=metadata,
        )

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that differ between two models, also of one name."""
        said = json.dumps([self.name, self.parameters, self.bytes, self.metadata], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:12]


def available() -> list[ModelInfo]:
    """The models that came with the package, by name."""
    from photochrom.engine.session import Session

    return [Session(resolve(name), threads=1).info for name, model in sorted(MODELS.items()) if not model.url]
