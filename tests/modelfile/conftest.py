"""A model's file of the first schema, written out by hand."""

import json

import pytest
from onnx import TensorProto, helper

OLD = {"name": "old", "size": 64, "multiple": 32, "temperature": 0.5, "vividness": 0.25, "bins": [[0, 0]]}


@pytest.fixture
def old_model() -> bytes:
    """``ab = (L* vividness, L* temperature)`` and ``likeness = L*``, in the names of before version 2."""

    def plane(name: str, channels: int) -> object:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", channels, "rows", "columns"])

    def scalar(name: str) -> object:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [])

    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["lightness", "vividness"], ["a"]),
            helper.make_node("Mul", ["lightness", "temperature"], ["b"]),
            helper.make_node("Concat", ["a", "b"], ["ab"], axis=1),
            helper.make_node("Identity", ["lightness"], ["likeness"]),
        ],
        "old",
        [plane("lightness", 1), scalar("temperature"), scalar("vividness")],
        [plane("ab", 2), plane("likeness", 1)],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    helper.set_model_props(proto, {"photochrom": json.dumps(OLD)})
    return bytes(proto.SerializeToString())
