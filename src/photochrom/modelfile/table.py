"""The models that have a name, with the terms of each. A new model is one entry here and its file or its address."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from photochrom.errors import ModelError

DEFAULT = "photochrom"


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be chosen by its name.

    Attributes
    ----------
    purpose : what it is for, in one line
    url : where the file can be had; None for a file that comes with the package
    sha256, bytes : of the file
    code : licence of the code that made it
    photos : terms of the photos that it was trained on, which bind whoever uses the weights
    """

    name: str
    purpose: str
    sha256: str
    bytes: int
    code: str
    photos: str
    url: str | None = None

    @property
    def terms(self) -> str:
        """Both licences in one line."""
        return f"code: {self.code}; weights: {self.photos}"

    @property
    def file(self) -> Path:
        """Where the file is on this machine."""
        return _folder() / f"{self.name}.onnx"

    @property
    def weights(self) -> Path:
        """Where the checkpoint is from which training can go on. Not every model has one."""
        return _folder() / f"{self.name}.safetensors"


MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        Model(
            DEFAULT,
            "the default: photos of all kinds, with hints and a choice of colours, in half a second on a CPU",
            sha256="724d4912ebf4c98b7dabb8c94c325c2af16963c6fccec4970d92a75790ee7852",
            bytes=11713260,
            code="Apache-2.0",
            photos="trained on photos of which many are research-only or state no terms: research, non-commercial",
        ),
    )
}


def resolve(model: str | Path) -> Path:
    """The file of a model given by name or path.

    Raises
    ------
    ModelError
        If there is none; the message lists the names there are.
    """
    if str(model).endswith(".onnx"):
        path = Path(model)
        if not os.path.isfile(path):
            raise ModelError(str(path), "there is no such model file")
        return path
    if str(model) not in MODELS:
        known = ", ".join(sorted(MODELS))
        raise ModelError(str(model), f"no model of that name; there are: {known}, or give a file NAME.onnx")
    path = MODELS[str(model)].file
    if not os.path.isfile(path):
        raise ModelError(str(model), f"its file {path} is missing; install Photochrom again")
    return path


def _folder() -> Path:
    # Not importlib.resources, which imports tempfile and zipfile. ONNX Runtime needs a real file in any case.
    return Path(__file__).parent.parent / "models"
