"""The available models."""

from __future__ import annotations

from photochrom.engine.model_info import ModelInfo
from photochrom.engine.session import Session
from photochrom.modelfile.table import DEFAULT, MODELS, resolve

__all__ = ["DEFAULT", "available", "resolve"]


def available() -> list[ModelInfo]:
    """The models that came with the package, by name."""
    return [Session(resolve(name), threads=1).info for name, model in sorted(MODELS.items()) if not model.url]
