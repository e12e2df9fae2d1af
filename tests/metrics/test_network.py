"""ONNX files as networks: preprocessing and outputs against the same arithmetic in torch."""

from pathlib import Path

import onnx
import pytest
import torch
from onnx import TensorProto, helper

from photochrom.metrics.network import OnnxNetwork, fitted


def model(path: Path, batch: str | int = "batch", side: str | int = 8) -> Path:
    """Output "map": the input doubled. Output "sum": the input summed over the picture."""
    shape = [batch, 3, side, side]
    graph = helper.make_graph(
        [
            helper.make_node("Add", ["x", "x"], ["map"]),
            helper.make_node("ReduceSum", ["x", "axes"], ["sum"], keepdims=0),
        ],
        "toy",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info("sum", TensorProto.FLOAT, [batch, 3]),
            helper.make_tensor_value_info("map", TensorProto.FLOAT, shape),
        ],
        [helper.make_tensor("axes", TensorProto.INT64, [2], [2, 3])],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    onnx.save(made, str(path))
    return path


def photos(height: int, width: int) -> torch.Tensor:
    return torch.rand(3, 3, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("batch", ["batch", 1])
def test_it_normalises_crops_and_pools(batch: str | int, tmp_path: Path) -> None:
    network = OnnxNetwork(model(tmp_path / "toy.onnx", batch), mean=(0.5, 0.4, 0.3), std=(0.1, 0.2, 0.3))
    rgb = photos(10, 13)
    normalised = (rgb[:, :, 1:9, 2:10] - torch.tensor([0.5, 0.4, 0.3])[:, None, None]) / torch.tensor(
        [0.1, 0.2, 0.3]
    )[:, None, None]
    logits, features = network(rgb)
    torch.testing.assert_close(logits, normalised.sum(dim=(2, 3)))
    torch.testing.assert_close(features, 2 * normalised.mean(dim=(2, 3)))


def test_outputs_by_name(tmp_path: Path) -> None:
    network = OnnxNetwork(model(tmp_path / "toy.onnx"), logits="map", features="sum", mean=(0,), std=(1,))
    rgb = photos(8, 8)
    logits, features = network(rgb)
    torch.testing.assert_close(logits, 2 * rgb.mean(dim=(2, 3)))
    torch.testing.assert_close(features, rgb.sum(dim=(2, 3)))


def test_photos_of_another_size_are_fitted() -> None:
    flat = torch.full((1, 3, 4, 6), 0.3)
    flat[..., 3:] = 0.6
    # Enlarged to 8x12 and cropped, or squeezed: the border between the two halves stays in the middle.
    for fit in ("crop", "stretch"):
        made = fitted(flat, 8, fit)  # type: ignore[arg-type]
        assert made.shape == (1, 3, 8, 8)
        assert float(made[..., 2].max()) == pytest.approx(0.3)
        assert float(made[..., 5].min()) == pytest.approx(0.6)


def test_files_that_do_not_fit_raise(tmp_path: Path) -> None:
    path = model(tmp_path / "toy.onnx", side="side")
    with pytest.raises(ValueError, match="say which with side="):
        OnnxNetwork(path)
    assert OnnxNetwork(path, side=5)(photos(9, 9))[0].shape == (3, 3)
    with pytest.raises(ValueError, match="no output 'probabilities'; there are sum, map"):
        OnnxNetwork(path, side=5, logits="probabilities")
    grey = onnx.load(str(path))
    grey.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 1
    onnx.save(grey, str(path))
    with pytest.raises(ValueError, match="expected one input"):
        OnnxNetwork(path, side=5)
