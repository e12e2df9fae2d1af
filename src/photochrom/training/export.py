"""Export of a checkpoint to ONNX, with the metadata that the engine needs and a user can read."""

import json
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor

from photochrom._version import __version__
from photochrom.color.quantize import TEMPERATURE as DECODED_AT
from photochrom.color.quantize import ab_bins
from photochrom.data.spaces import Space
from photochrom.errors import CheckpointError
from photochrom.files import write_atomic
from photochrom.modelfile.names import AB, HINTS, LIGHTNESS, PRIOR_STRENGTH, TEMPERATURE
from photochrom.modelfile.onnx_file import write_metadata
from photochrom.training.checkpoint import LAST, load_checkpoint, save_checkpoint, under
from photochrom.training.export_wrapper import ColorNet, DistributionNet, export_wrapper
from photochrom.training.networks import build_generator
from photochrom.training.recipe import Recipe, validate

TOLERANCE = 1e-4
"""The largest allowed difference of ONNX Runtime's colours from torch's, as a share of ab's scale of 110 units."""
MOST_CELLS = 128


@dataclass
class Trained:
    """The generator of a checkpoint, in eval mode, and the checkpoint's metadata."""

    net: Any
    space: Space
    recipe: Recipe
    metadata: dict[str, str]


def load_trained(path: Path) -> Trained:
    """Read a run's folder (its last checkpoint) or a checkpoint file. Averaged weights are preferred.

    Raises
    ------
    CheckpointError
        If it is missing, cut short, or its weights are not those of the net that it names.
    """
    path = path / LAST if os.path.isdir(path) else path
    tensors, metadata = load_checkpoint(path)
    try:
        recipe = validate(json.loads(metadata["recipe"]), "its recipe")
    except (KeyError, ValueError) as error:
        raise CheckpointError(
            str(path), f"not a checkpoint of this version of Photochrom ({error})"
        ) from None
    net, space = build_generator(recipe)
    try:
        net.load_state_dict(under("ema", tensors) or under("net", tensors))
    except RuntimeError as error:
        raise CheckpointError(str(path), f"does not hold the net {recipe.net.name} ({error})") from None
    return Trained(net.eval(), space, recipe, metadata)


def describe(trained: Trained, card: dict[str, Any]) -> dict[str, Any]:
    """Make the ONNX file's metadata from the checkpoint. The values of `card` replace those of the checkpoint."""
    recipe, metadata = trained.recipe, trained.metadata
    about = {
        "name": metadata.get("name", recipe.net.name),
        "description": recipe.title or recipe.net.name,
        "source": recipe.source,
        "licence": metadata.get("licence", "not stated"),
        "data": metadata.get("photos", "not stated"),
        "size": recipe.stages[-1].size,
        "multiple": int(trained.net.multiple),
        "parameters": sum(p.numel() for p in trained.net.parameters()),
        "version": __version__,
        "trained": {
            "recipe": recipe.model_dump(mode="json"),
            "position": json.loads(metadata.get("position", "{}")),
            "revision": metadata.get("revision", "unknown"),
        },
    }
    start = json.loads(metadata.get("start", "null"))
    if start is not None:
        # The start's photos and terms are also this model's. The path of its file is private.
        about["start"] = _without_files(start)
    if hasattr(trained.net, "bins"):
        # Published weights are decoded as in their authors' code, by the plain mean.
        about |= {TEMPERATURE: 1.0 if "imported" in metadata else DECODED_AT, PRIOR_STRENGTH: 1.0}
        bins = trained.net.bins.numpy()
        if not np.array_equal(bins, ab_bins()):
            about["bins"] = bins.tolist()
    return about | card


def export(trained: Trained, path: Path, card: dict[str, Any] | None = None) -> float:
    """Write an ONNX file that takes any batch, and any sides that are multiples of the net's `multiple`.

    Returns
    -------
    The largest difference between ONNX Runtime's colours and torch's, in Lab units.

    Raises
    ------
    RuntimeError
        If that difference is above 1e-4 of ab's scale of 110. No file is written then.
    """
    # Spectral norms and similar layers become plain weights.
    if hasattr(trained.net, "fold"):
        trained.net.fold()
    model = export_wrapper(trained.net, trained.space).eval()
    multiple = int(trained.net.multiple)
    proto = _to_onnx(model, multiple)
    write_metadata(proto, describe(trained, card or {}))
    onnx.checker.check_model(proto)
    data = proto.SerializeToString()
    difference = _compare(model, data, multiple)
    write_atomic(path, data, overwrite=True)
    return difference


def export_weights(trained: Trained, path: Path) -> None:
    """Write a checkpoint of the generator alone, from which another run can start.

    Its parameters are in fp16, which is exact to a part in 2,000; statistics and constants stay in fp32.
    """
    parameters = dict(trained.net.named_parameters())
    tensors = {
        f"net.{name}": value.half() if name in parameters else value
        for name, value in trained.net.state_dict().items()
    }
    start = json.loads(trained.metadata.get("start", "null"))
    about = {
        key: value for key, value in trained.metadata.items() if key not in ("position", "in_step", "start")
    }
    save_checkpoint(path, tensors, about if start is None else about | {"start": _without_files(start)})


def _to_onnx(model: ColorNet | DistributionNet, multiple: int) -> onnx.ModelProto:
    batch = torch.export.Dim("batch", min=1, max=1024)
    # Sides are counted in the net's multiple. The exporter then knows that every scale can be halved.
    cells = [torch.export.Dim(name, min=1, max=MOST_CELLS) for name in ("rows", "columns")]
    sides = {0: batch, 2: multiple * cells[0], 3: multiple * cells[1]}
    with _silence():
        program = torch.onnx.export(
            model,
            _example(model, 2, 2 * multiple, 3 * multiple),
            dynamo=True,
            verbose=False,
            input_names=list(model.inputs),
            output_names=list(model.outputs),
            dynamic_shapes=tuple(sides if name in (LIGHTNESS, HINTS) else {} for name in model.inputs),
        )
    assert program is not None
    proto: onnx.ModelProto = program.model_proto
    del proto.metadata_props[:]
    for node in proto.graph.node:
        # The exporter puts stack traces with private paths on every node.
        del node.metadata_props[:]
    return proto


def _without_files(start: dict[str, Any]) -> dict[str, Any]:
    told = {key: value for key, value in start.items() if key != "file"}
    if "start" in told:
        inner = told["start"]
        told["start"] = _without_files(json.loads(inner) if isinstance(inner, str) else inner)
    return told


@contextmanager
def _silence() -> Iterator[None]:
    """Silence the exporter, which warns of its own deprecations and of a missing torchvision."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _example(model: ColorNet | DistributionNet, batch: int, height: int, width: int) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    values = {
        LIGHTNESS: torch.rand(batch, 1, height, width, generator=generator) * 100,
        HINTS: torch.zeros(batch, 3, height, width),
        TEMPERATURE: torch.tensor(0.5),
        PRIOR_STRENGTH: torch.tensor(0.5),
    }
    return tuple(values[name] for name in model.inputs)


def _compare(model: ColorNet | DistributionNet, data: bytes, multiple: int) -> float:
    import onnxruntime as ort

    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    # Another shape than in the export, because errors in dynamic sides appear only at other shapes.
    inputs = _example(model, 1, 3 * multiple, multiple)
    with torch.no_grad():
        expected = model(*inputs)
    expected = expected if isinstance(expected, Tensor) else expected[0]
    feed = {name: x.numpy() for name, x in zip(model.inputs, inputs, strict=True)}
    got = session.run([AB], feed)[0]
    difference = float(np.abs(got - expected.numpy()).max())
    if not difference <= 110 * TOLERANCE:
        raise RuntimeError(
            f"the exported model's colours differ from the trained one's by {difference:g} Lab units"
        )
    return difference
