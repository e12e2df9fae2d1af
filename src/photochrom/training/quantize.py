"""Smaller and faster files of an exported model.

`half` and `packed` store weights in 16 and 8 bits and compute in fp32 as before. ONNX Runtime unpacks the weights once,
while it loads. `int8` computes in 8 bits. `packed` and `int8` lose little, because the bias of each layer corrects the
change of the layer's mean by rounding (Nagel et al. 2019, arXiv:1906.04721, section 4.2).
"""

import contextlib
import io
import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from photochrom.modelfile.onnx_file import read_metadata, restated, upgraded
from photochrom.training.calibration import Feed, Reader, channel_means

Weights = Literal["fp32", "fp16", "w8", "int8"]
Method = Literal["percentile", "minmax"]
Floats = NDArray[np.float32]

SMALLEST = 4096
"""Smaller tensors stay fp32. They are 2 % of the default net, and the table of squared ab is one of them."""
CONVOLUTIONS = ("Conv", "ConvTranspose")
LEVELS = 127
PERCENTILE = 99.99
FIRST = 9
"""The number of convolutions from the input that `int8` leaves in fp32: MobileNetV2's stem and first three blocks."""


def half(model: bytes) -> bytes:
    """Store the weights as fp16. They are cast to fp32 while the model loads, so any CPU runs the same operations.

    Raises
    ------
    ValueError
        If `model` is no exported model, or one in 8 bits already.
    """
    proto = _fp32(model)
    kept, casts = [], []
    for tensor in proto.graph.initializer:
        values = _large(tensor)
        if values is None or np.abs(values).max() > np.finfo(np.float16).max:
            kept.append(tensor)
            continue
        stored = f"{tensor.name}.fp16"
        kept.append(numpy_helper.from_array(values.astype(np.float16), stored))
        casts.append(_cast(stored, tensor.name))
    _rebuild(proto, kept, casts)
    return restated(proto.SerializeToString(), weights="fp16")


def packed(model: bytes, feeds: Sequence[Feed]) -> bytes:
    """Store the weights as int8 with one scale per output channel. They are multiplied while the model loads.

    Parameters
    ----------
    feeds : inputs on which the biases are corrected; see `calibration.feeds_of`

    Raises
    ------
    ValueError
        If `model` is no exported model, or one in 8 bits already.
    """
    proto = _fp32(model)
    large = {tensor.name for tensor in proto.graph.initializer if _large(tensor) is not None}
    axes = {node.input[1]: _axis(node) for node in proto.graph.node if len(node.input) > 1}
    chosen = {name: axis for name, axis in axes.items() if name in large and axis is not None}
    _correct_biases(proto, [node for node in proto.graph.node if _weight(node) in chosen], feeds)
    kept, unpacking = [], []
    for tensor in proto.graph.initializer:
        name = tensor.name
        if name not in chosen:
            kept.append(tensor)
            continue
        levels, scale = _levels(numpy_helper.to_array(tensor), chosen[name])
        kept.append(numpy_helper.from_array(levels.astype(np.int8), f"{name}.int8"))
        kept.append(numpy_helper.from_array(scale, f"{name}.scale"))
        # DequantizeLinear would be one node, but ONNX Runtime would run it for every photo.
        unpacking.append(_cast(f"{name}.int8", f"{name}.levels"))
        factors = [f"{name}.levels", f"{name}.scale"]
        unpacking.append(helper.make_node("Mul", factors, [name], name=f"{name}.unpack"))
    _rebuild(proto, kept, unpacking)
    return restated(proto.SerializeToString(), weights="w8")


def int8(
    model: bytes,
    feeds: Sequence[Feed],
    *,
    method: Method = "percentile",
    first: int = FIRST,
    bits: Literal[7, 8] = 7,
) -> bytes:
    """Quantize the convolutions to int8: static, per output channel, with pairs of (De)QuantizeLinear.

    These parts stay in fp32: the first convolutions, which see L* and hints, the convolutions that make logits or
    colours, and everything after them. On x86 without VNNI (before about 2019) ONNX Runtime's sums of two products
    saturate if weights have 8 bits. The error of the default net's ab was 3.6 there instead of 0.4. With 7 bits both
    give the same.

    Parameters
    ----------
    feeds : inputs on which activations are measured; see `calibration.feeds_of`
    method : the upper end of the range of activations: the largest value on `feeds`, or the 99.99th percentile
    first : the number of convolutions from the input that count as the first
    bits : the bits of a weight; 8 is for machines with VNNI and for machines that are not x86

    Raises
    ------
    ValueError
        If `model` is no exported model, or one in 8 bits already, or has no other convolutions than those.
    """
    from onnxruntime import quantization

    proto = _fp32(model)
    for i, node in enumerate(proto.graph.node):
        node.name = node.name or f"node {i}"
    kept = _kept_in_fp32(proto.graph, first)
    weights = {tensor.name for tensor in proto.graph.initializer}
    chosen = [
        n for n in proto.graph.node if n.op_type == "Conv" and n.name not in kept and n.input[1] in weights
    ]
    if not chosen:
        raise ValueError(f"int8: no convolution is left but the first {first} in a row and the last")
    _correct_biases(proto, chosen, feeds, 64 if bits == 7 else LEVELS)
    options: dict[str, Any] = {"CalibPercentile": PERCENTILE} if method == "percentile" else {}
    with tempfile.TemporaryDirectory() as folder, _silence():
        source, target = Path(folder) / "fp32.onnx", Path(folder) / "int8.onnx"
        source.write_bytes(proto.SerializeToString())
        quantization.quantize_static(
            source,
            target,
            Reader(feeds),
            # With Clip and Relu in the list, the range of a convolution is measured after them.
            op_types_to_quantize=["Conv", "Clip", "Relu"],
            nodes_to_exclude=sorted(kept),
            per_channel=True,
            reduce_range=bits == 7,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            calibrate_method={
                "percentile": quantization.CalibrationMethod.Percentile,
                "minmax": quantization.CalibrationMethod.MinMax,
            }[method],
            # One photo's activations at a time. Those of all photos would need gigabytes.
            extra_options=options | {"CalibStridedMinMax": 1},
        )
        quantized = onnx.load(target)
    del quantized.metadata_props[:]
    quantized.metadata_props.extend(proto.metadata_props)
    return restated(quantized.SerializeToString(), weights="int8")


def _fp32(model: bytes) -> onnx.ModelProto:
    """Return the graph with fp32 weights. Weights from fp16 are off by at most 1 part in 2,000."""
    weights = read_metadata(model).get("weights", "fp32")
    if weights not in ("fp32", "fp16"):
        raise ValueError(f"the model is quantized already, {weights}; give the fp32 or fp16 file")
    proto = onnx.load_from_string(upgraded(model))
    stored = {t.name: t for t in proto.graph.initializer if t.data_type == onnx.TensorProto.FLOAT16}
    casts = [node for node in proto.graph.node if node.op_type == "Cast" and node.input[0] in stored]
    for node in casts:
        tensor = stored[node.input[0]]
        values = numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(values, node.output[0]))
        proto.graph.node.remove(node)
    return proto


def _large(tensor: onnx.TensorProto) -> Floats | None:
    if tensor.data_type != onnx.TensorProto.FLOAT or np.prod(tensor.dims) < SMALLEST:
        return None
    return np.asarray(numpy_helper.to_array(tensor))


def _cast(source: str, target: str) -> onnx.NodeProto:
    return helper.make_node("Cast", [source], [target], name=f"{target}.cast", to=onnx.TensorProto.FLOAT)


def _rebuild(proto: onnx.ModelProto, tensors: list[onnx.TensorProto], before: list[onnx.NodeProto]) -> None:
    nodes = [*before, *proto.graph.node]
    del proto.graph.initializer[:], proto.graph.node[:]
    proto.graph.initializer.extend(tensors)
    proto.graph.node.extend(nodes)
    onnx.checker.check_model(proto)


def _attribute(node: onnx.NodeProto, name: str, default: int) -> int:
    return next((int(a.i) for a in node.attribute if a.name == name), default)


def _weight(node: onnx.NodeProto) -> str:
    return node.input[1] if len(node.input) > 1 else ""


def _axis(node: onnx.NodeProto) -> int | None:
    """Return the axis of the output channels in a layer's weight, or None if the node is not such a layer."""
    if node.op_type == "Conv" or (node.op_type == "Gemm" and _attribute(node, "transB", 0)):
        return 0
    return 1 if node.op_type == "ConvTranspose" and _attribute(node, "group", 1) == 1 else None


def _levels(weight: Floats, axis: int, most: int = LEVELS) -> tuple[Floats, Floats]:
    """Return integers from -most to most, and the scales that turn them back into weights."""
    others = tuple(i for i in range(weight.ndim) if i != axis)
    largest = np.abs(weight).max(axis=others, keepdims=True)
    scale = np.where(largest > 0, largest / most, 1).astype(np.float32)
    return np.rint(weight / scale), scale


def _correct_biases(
    proto: onnx.ModelProto, layers: list[onnx.NodeProto], feeds: Sequence[Feed], most: int = LEVELS
) -> None:
    """Correct each layer's bias so that rounding its weights does not change its mean output."""
    tensors = {tensor.name: tensor for tensor in proto.graph.initializer}
    layers = [layer for layer in layers if layer.op_type in ("Conv", "Gemm")]
    means = channel_means(proto, sorted({layer.input[0] for layer in layers}), feeds)
    for layer in layers:
        weight = numpy_helper.to_array(tensors[layer.input[1]])
        levels, scale = _levels(weight, 0, most)
        lost = (weight - levels * scale).reshape(*weight.shape[:2], -1).sum(axis=2)
        groups = _attribute(layer, "group", 1)
        inputs = means[layer.input[0]].reshape(groups, -1)
        change = np.einsum("gi,goi->go", inputs, lost.reshape(groups, -1, lost.shape[1])).reshape(-1)
        bias = 0 if len(layer.input) < 3 else numpy_helper.to_array(tensors[layer.input[2]])
        # Each layer gets a new tensor, because the exporter lets layers with equal biases share one.
        name = f"{layer.input[1]}.corrected"
        proto.graph.initializer.append(numpy_helper.from_array((bias + change).astype(np.float32), name))
        del layer.input[2:]
        layer.input.append(name)
    used = {name for node in proto.graph.node for name in node.input}
    tensors_used = [tensor for tensor in proto.graph.initializer if tensor.name in used]
    del proto.graph.initializer[:]
    proto.graph.initializer.extend(tensors_used)


def _kept_in_fp32(graph: onnx.GraphProto, first: int) -> set[str]:
    """Return the nodes up to the first convolutions, and the nodes from the output convolutions on."""
    makers = {output: node for node in graph.node for output in node.output}
    depth: dict[str, int] = {}
    kept, heads = set(), set()
    waiting, seen = [output.name for output in graph.output], set()
    while waiting:
        node = makers.get(waiting.pop())
        if node is None or node.name in seen:
            continue
        seen.add(node.name)
        if node.op_type in CONVOLUTIONS:
            heads.add(node.name)
        else:
            waiting.extend(node.input)
    after: set[str] = set()
    for node in graph.node:  # ONNX requires topological order
        reached = max((depth.get(name, 0) for name in node.input), default=0)
        reached += node.op_type in CONVOLUTIONS
        depth.update(dict.fromkeys(node.output, reached))
        if node.name in heads or after.intersection(node.input):
            after.update(node.output)
            kept.add(node.name)
        elif reached <= first:
            kept.add(node.name)
    return kept


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Silence ONNX Runtime's quantizer, which prints its progress and unneeded advice."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
