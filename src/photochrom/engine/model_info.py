"""The information in a model file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from photochrom.modelfile.metadata import Metadata

__all__ = ["ModelInfo"]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The information in a model file."""

    name: str
    path: Path
    bytes: int
    parameters: int
    licence: str
    description: str
    metadata: Metadata

    @classmethod
    def of(cls, path: Path, metadata: Metadata) -> ModelInfo:
        """Describe the file at `path`, which contains `metadata`."""
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
        """Twelve hexadecimal digits. They differ between two models, even if these have the same name."""
        said = json.dumps([self.name, self.parameters, self.bytes, self.metadata], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:12]
