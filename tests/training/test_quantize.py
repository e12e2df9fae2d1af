"""Quantized files: what is stored, what ONNX Runtime makes of it, and that colours and metadata stay the model's."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from photochrom.data.dataset import PhotoDataset
from photochrom.errors import ModelError
from photochrom.modelfile.names import METADATA_KEY
from photochrom.modelfile.onnx_file import read_metadata
from photochrom.training.calibration import Feed, difference, feeds_of, invented
from photochrom.training.export import Trained, export
from photochrom.training.networks import build_generator
from photochrom.training.quantize import SMALLEST, half, int8, packed
from photochrom.training.recipe import Recipe

Floats = NDArray[np.float32]


def exported(recipe: Recipe, path: Path) -> bytes:
    torch.manual_seed(0)
    net, space = build_generator(recipe)
    for name, weight in net.named_parameters():
        if name.endswith("hint.weight"):
            torch.nn.init.normal_(weight, std=0.1)  # zeros as it starts: hints would do nothing
    export(Trained(net.eval(), space, recipe, {}), path, {"name": "small", "prior_strength": 0.25})
    return path.read_bytes()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, recipe: Callable[..., Recipe]) -> bytes:
    """The default net with a tiny decoder, not trained, at 64 px."""
    settings = recipe(
        net={"name": "test_photochrom"},
        steps={"train": {"kind": "classification"}},
        stages=[{"size": 64, "batch": 2}],
    )
    return exported(settings, tmp_path_factory.mktemp("quantize") / "model.onnx")


@pytest.fixture(scope="module")
def feeds(model: bytes) -> list[Feed]:
    return feeds_of(model, invented(6, side=80))


@pytest.fixture(scope="module")
def made(model: bytes, feeds: list[Feed]) -> dict[str, bytes]:
    """Each kind, calibrated on four pictures."""
    return {"fp16": half(model), "w8": packed(model, feeds[:4]), "int8": int8(model, feeds[:4])}


def tensors(model: bytes) -> dict[str, Any]:
    return {t.name: numpy_helper.to_array(t) for t in onnx.load_from_string(model).graph.initializer}


def run(model: bytes, feed: Feed, output: str = "ab") -> Floats:
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    return np.asarray(session.run([output], feed)[0])


def optimized(model: bytes, folder: Path) -> Counter[str]:
    """How many nodes of each kind ONNX Runtime has left of the model, when it has loaded it."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(folder / "optimized.onnx")
    ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return Counter(node.op_type for node in onnx.load(folder / "optimized.onnx").graph.node)


@pytest.mark.parametrize("kind", ["fp16", "w8", "int8"])
def test_metadata_survives_and_says_the_kind(made: dict[str, bytes], model: bytes, kind: str) -> None:
    properties = onnx.load_from_string(made[kind]).metadata_props
    assert [entry.key for entry in properties] == [METADATA_KEY]
    before = read_metadata(model)
    assert "weights" not in before
    assert json.loads(properties[0].value) == before | {"schema": 2, "weights": kind}
    assert before["prior_strength"] == 0.25
    inputs, outputs = (
        [[(x.name, x.shape) for x in kind()] for kind in (s.get_inputs, s.get_outputs)]
        for s in (ort.InferenceSession(m, providers=["CPUExecutionProvider"]) for m in (model, made[kind]))
    )
    assert inputs == outputs


def test_fp16_rounds_large_weights_and_nothing_else(made: dict[str, bytes], model: bytes) -> None:
    before, after = tensors(model), tensors(made["fp16"])
    large = {name for name, x in before.items() if x.dtype == np.float32 and x.size >= SMALLEST}
    assert len(large) > 30
    assert set(after) == {f"{name}.fp16" if name in large else name for name in before}
    for name, x in before.items():
        stored = after[f"{name}.fp16" if name in large else name]
        assert stored.dtype == (np.float16 if name in large else x.dtype)
        np.testing.assert_array_equal(stored, x.astype(stored.dtype))
    assert len(made["fp16"]) < 0.6 * len(model)


def test_what_fp16_cannot_hold_stays_fp32(model: bytes) -> None:
    proto = onnx.load_from_string(model)
    (head,) = (t for t in proto.graph.initializer if t.name == "net.head.weight")
    values = numpy_helper.to_array(head).copy()
    assert values.size >= SMALLEST
    values[0, 0] = 70000
    head.CopyFrom(numpy_helper.from_array(values, head.name))
    after = tensors(half(proto.SerializeToString()))
    np.testing.assert_array_equal(after["net.head.weight"], values)


def test_w8_keeps_each_weight_within_half_a_step(made: dict[str, bytes], model: bytes) -> None:
    before, after = tensors(model), tensors(made["w8"])
    stored = [name.removesuffix(".int8") for name in after if name.endswith(".int8")]
    assert len(stored) > 30
    for name in stored:
        levels, scale, weight = after[f"{name}.int8"], after[f"{name}.scale"], before[name]
        assert (levels.dtype, levels.shape) == (np.int8, weight.shape)
        assert scale.shape == (weight.shape[0], *[1] * (weight.ndim - 1))
        step = np.abs(weight.reshape(len(weight), -1)).max(axis=1) / 127
        np.testing.assert_allclose(scale.ravel(), step, rtol=1e-6)
        assert (np.abs(levels * scale - weight) <= scale * 0.501).all()
    assert len(made["w8"]) < 0.4 * len(model)


@pytest.mark.parametrize("kind", ["fp16", "w8"])
def test_weights_are_unpacked_once_while_loading(
    made: dict[str, bytes], model: bytes, kind: str, tmp_path: Path
) -> None:
    assert optimized(made[kind], tmp_path) == optimized(model, tmp_path)


@pytest.mark.parametrize(("kind", "most"), [("fp16", 0.01), ("w8", 0.15), ("int8", 1.0)])
def test_colors_are_the_models_own_with_hints_and_without(
    made: dict[str, bytes], model: bytes, feeds: list[Feed], kind: str, most: float
) -> None:
    plain, hinted = feeds[4:]
    assert not plain["hints"].any()
    assert hinted["hints"].any()
    unhinted = hinted | {"hints": plain["hints"]}
    # The measure must see something: an untrained net's colours move little, but hints do move them.
    assert np.abs(run(model, hinted) - run(model, unhinted)).max() > 0.5
    for feed in (plain, hinted, unhinted):
        assert difference(model, made[kind], [feed]) < most
    moved = [run(m, hinted) - run(m, unhinted) for m in (model, made[kind])]
    assert np.corrcoef(*(x.ravel() for x in moved))[0, 1] > 0.9


def test_int8_leaves_the_first_and_the_last_in_fp32(made: dict[str, bytes], model: bytes) -> None:
    graph = onnx.load_from_string(made["int8"]).graph
    makers = {name: node for node in graph.node for name in node.output}
    assert "DequantizeLinear" in {node.op_type for node in graph.node}
    integer = set()
    for node in graph.node:
        if node.op_type == "Conv":
            kinds = {makers[name].op_type if name in makers else "" for name in node.input}
            if "DequantizeLinear" in kinds:
                assert kinds == {"DequantizeLinear"}
                integer.add(node.name)
    weights = {n.name: n.input[1] for n in onnx.load_from_string(model).graph.node if n.op_type == "Conv"}
    in_fp32 = {weights[name] for name in set(weights) - integer}
    assert {"net.encoder.stem.weight", "net.head.weight", "net.scales.3.hint.weight"} <= in_fp32
    assert "net.encoder.blocks.2.project.weight" in in_fp32
    assert "net.encoder.blocks.3.expand.weight" not in in_fp32
    # The stem, three blocks, four convolutions of hints, the head and the two sums behind it.
    assert len(in_fp32) == 1 + 8 + 4 + 1 + 2


@pytest.mark.parametrize(("bits", "most"), [(7, 64), (8, 127)])
def test_int8_has_a_scale_per_channel_and_as_many_bits_as_asked(
    model: bytes, feeds: list[Feed], bits: Any, most: int
) -> None:
    quantized = int8(model, feeds[:2], method="minmax", first=1, bits=bits)
    after = tensors(quantized)
    levels = {name: x for name, x in after.items() if x.dtype == np.int8 and x.ndim == 4}
    assert len(levels) > 50
    assert {int(np.abs(x.astype(int)).max()) for x in levels.values()} == {most}
    expand = after["net.encoder.blocks.5.expand.weight_scale"]
    weight = tensors(model)["net.encoder.blocks.5.expand.weight"]
    np.testing.assert_allclose(expand, np.abs(weight).max(axis=(1, 2, 3)) / most, rtol=1e-5)
    assert difference(model, quantized, feeds[4:]) < 1.5


def test_a_net_of_few_convolutions_is_refused(
    recipe: Callable[..., Recipe], tmp_path: Path, photos: PhotoDataset
) -> None:
    model = exported(recipe(), tmp_path / "few.onnx")
    feeds = feeds_of(model, photos.subset([0, 1]))
    assert set(feeds[0]) == {"lightness"}
    with pytest.raises(ValueError, match="no convolution is left but the first 9"):
        int8(model, feeds)
    assert difference(model, int8(model, feeds, first=1), feeds) < 1.5


def layers(groups: int, size: int) -> bytes:
    """A convolution without a bias and without padding, 64 channels to 64."""
    weight = np.random.default_rng(0).normal(size=(64, 64 // groups, size, size)).astype(np.float32)
    node = helper.make_node("Conv", ["x", "weight"], ["y"], group=groups)
    shape = [1, 64, "rows", "columns"]
    graph = helper.make_graph(
        [node],
        "layer",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 64, "h", "w"])],
        [numpy_helper.from_array(weight, "weight")],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    helper.set_model_props(proto, {METADATA_KEY: "{}"})
    return bytes(proto.SerializeToString())


@pytest.mark.parametrize(("groups", "size"), [(1, 1), (1, 3), (4, 3)])
def test_a_layers_mean_is_what_it_was(groups: int, size: int) -> None:
    model = layers(groups, size)
    level = np.random.default_rng(1).uniform(1, 5, (64, 1, 1))
    # All of one value per channel, so that a window's mean is the picture's.
    feed = {"x": np.broadcast_to(level, (1, 64, 6, 6)).astype(np.float32)}
    expected = run(model, feed, "y").mean(axis=(0, 2, 3))
    kind = packed(model, [feed])
    np.testing.assert_allclose(run(kind, feed, "y").mean(axis=(0, 2, 3)), expected, atol=1e-3)
    after = tensors(kind)
    rounded = (after["weight.int8"] * after["weight.scale"]).sum(axis=(2, 3))
    inputs = np.repeat(level.reshape(groups, -1), 64 // groups, axis=0)
    assert np.abs((rounded * inputs).sum(axis=1) - expected).max() > 0.02, "rounding alone would not do"


def test_quantizing_twice_and_other_files_are_refused(made: dict[str, bytes], model: bytes) -> None:
    for build in (half, lambda m: packed(m, []), lambda m: int8(m, [])):
        with pytest.raises(ValueError, match="quantized already, w8; give the fp32 or fp16 file"):
            build(made["w8"])
    proto = onnx.load_from_string(model)
    del proto.metadata_props[:]
    for other in (b"", b"no model", model[:1000], proto.SerializeToString()):
        with pytest.raises(
            ModelError, match=r"x\.onnx: (not an ONNX file|an ONNX file, but not a Photochrom)"
        ):
            read_metadata(other, "x.onnx")


def test_fp16_can_be_made_smaller_or_faster_still(
    model: bytes, made: dict[str, bytes], feeds: list[Feed]
) -> None:
    for build in (half, lambda m: packed(m, feeds)):
        again = build(made["fp16"])
        assert len(again) == pytest.approx(len(build(model)), rel=0.01)
        assert difference(made["fp16"], again, feeds) < 0.5
    assert tensors(half(made["fp16"])).keys() == tensors(made["fp16"]).keys()
