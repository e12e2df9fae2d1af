"""A model's ONNX file as bytes: read it, change what it says, bring an old one up to date. Needs the onnx package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photochrom.errors import ModelError
from photochrom.modelfile.metadata import Metadata, parse, properties
from photochrom.modelfile.names import current

if TYPE_CHECKING:
    import onnx


def read_metadata(model: bytes, name: str = "model") -> Metadata:
    """The metadata of a model in the names of the present schema.

    Raises
    ------
    ModelError
        If these bytes are not an ONNX file that Photochrom exported; `name` is what the message calls it.
    """
    return _opened(model, name)[1]


def restated(model: bytes, **changes: Any) -> bytes:
    """The model with some of its metadata changed, up to date as `upgraded` makes it."""
    proto, metadata, schema = _opened(model, "model")
    _rename_tensors(proto, schema)
    write_metadata(proto, metadata | changes)
    return bytes(proto.SerializeToString())


def upgraded(model: bytes, name: str = "model") -> bytes:
    """The model in the present schema: its tensors and metadata have their new names, all else stays.

    Raises
    ------
    ModelError
        As `read_metadata`.
    """
    read_metadata(model, name)
    return restated(model)


def write_metadata(proto: onnx.ModelProto, metadata: Metadata) -> None:
    """Let `proto` say `metadata`, and nothing else."""
    from onnx import helper

    del proto.metadata_props[:]
    helper.set_model_props(proto, properties(metadata))


def _opened(model: bytes, name: str) -> tuple[onnx.ModelProto, Metadata, int]:
    import onnx

    try:
        proto = onnx.load_from_string(model)
    except Exception as error:  # protobuf's own error has no public name
        raise ModelError(name, "not an ONNX file") from error
    return proto, *parse({entry.key: entry.value for entry in proto.metadata_props}, name)


def _rename_tensors(proto: onnx.ModelProto, schema: int) -> None:
    graph = proto.graph
    named = {value.name: current(value.name, schema) for value in [*graph.input, *graph.output]}
    for value in [*graph.input, *graph.output]:
        value.name = named[value.name]
    for node in graph.node:
        for tensors in (node.input, node.output):
            for i, name in enumerate(tensors):
                tensors[i] = named.get(name, name)
