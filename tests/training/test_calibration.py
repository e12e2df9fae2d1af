"""What an exported model is measured on, against scikit-image."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import skimage.color
from numpy.typing import NDArray

from photochrom.data.dataset import PhotoDataset
from photochrom.modelfile.onnx_file import restated, write_metadata
from photochrom.training.calibration import Feed, Reader, channel_means, difference, feeds_of, invented

Floats = NDArray[np.float32]


def toy(a: float, b: float) -> bytes:
    """A model whose colours at a quarter of the size are `a` and `b` times the mean lightness."""
    lightness, hints, ab = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, channels, "h", "w"])
        for name, channels in (("lightness", 1), ("hints", 3), ("ab", 2))
    )
    strength = onnx.helper.make_tensor_value_info("prior_strength", onnx.TensorProto.FLOAT, [])
    weights = onnx.numpy_helper.from_array(np.array([a, b], np.float32).reshape(2, 1, 1, 1), "weights")
    nodes = [
        onnx.helper.make_node("AveragePool", ["lightness"], ["mean"], kernel_shape=[4, 4], strides=[4, 4]),
        onnx.helper.make_node("Conv", ["mean", "weights"], ["ab"]),
    ]
    graph = onnx.helper.make_graph(nodes, "toy", [lightness, hints, strength], [ab], [weights])
    proto = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9)
    write_metadata(proto, {"size": 64, "multiple": 32, "prior_strength": 0.25})
    return bytes(proto.SerializeToString())


@pytest.fixture(scope="module")
def model() -> bytes:
    return toy(0.3, -0.2)


def run(model: bytes, feed: Feed) -> Floats:
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["ab"], feed)[0])


def test_difference_is_ciede2000_of_the_colors(model: bytes) -> None:
    feeds = feeds_of(model, invented(2, side=80))
    other = toy(0.1, 0.4)
    assert difference(model, model, feeds) == 0
    expected = []
    for feed in feeds:
        lightness = feed["lightness"].reshape(16, 4, 16, 4).mean(axis=(1, 3))
        labs = [np.dstack([lightness, *run(m, feed)[0]]) for m in (model, other)]
        expected.append(skimage.color.deltaE_ciede2000(*labs).mean())
    assert difference(model, other, feeds) == pytest.approx(np.mean(expected), rel=1e-3)


def test_feeds_are_photos_at_the_models_size(model: bytes, photos: PhotoDataset) -> None:
    feeds = feeds_of(restated(model, size=50), photos)
    assert len(feeds) == len(photos)
    assert all(feed["lightness"].shape == (1, 1, 64, 64) for feed in feeds)
    assert [bool(feed["hints"].any()) for feed in feeds] == [False, True] * 4
    assert float(feeds[0]["prior_strength"]) == 0.25
    crop = photos[3][:, 4:68] / 255
    grey = np.repeat((crop @ [0.299, 0.587, 0.114])[..., None], 3, axis=2)
    np.testing.assert_allclose(feeds[3]["lightness"][0, 0], skimage.color.rgb2lab(grey)[..., 0], atol=0.01)
    a, b, mask = feeds[3]["hints"][0]
    assert set(np.unique(mask)) == {0.0, 1.0}
    truth = skimage.color.rgb2lab(crop)
    assert np.abs(a - truth[..., 1])[mask == 1].max() < 6
    assert np.abs(b - truth[..., 2])[mask == 1].max() < 6


def test_invented_pictures_are_the_seeds() -> None:
    first, again, other = invented(2, side=40), invented(2, side=40), invented(2, side=40, seed=1)
    assert [picture.shape for picture in (first[0], first[1])] == [(40, 40, 3)] * 2
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[1], other[1])


def test_channel_means_are_those_of_the_activations() -> None:
    rng = np.random.default_rng(0)
    scale = np.array([1.0, -2.0, 3.0], np.float32).reshape(1, 3, 1, 1)
    nodes = [
        onnx.helper.make_node("Mul", ["x", "scale"], ["middle"]),
        onnx.helper.make_node("Relu", ["middle"], ["y"]),
    ]
    x, y = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 3, "h", "w"]) for name in "xy"
    )
    graph = onnx.helper.make_graph(nodes, "g", [x], [y], [onnx.numpy_helper.from_array(scale, "scale")])
    proto = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9)
    feeds = [{"x": rng.normal(size=(1, 3, side, side)).astype(np.float32)} for side in (4, 6)]
    got = channel_means(proto, ["middle", "y"], feeds)
    # Each picture counts once, whatever its size.
    middle = [feed["x"] * scale for feed in feeds]
    np.testing.assert_allclose(
        got["middle"], np.mean([m.mean(axis=(0, 2, 3)) for m in middle], axis=0), rtol=1e-5
    )
    np.testing.assert_allclose(
        got["y"], np.mean([m.clip(0).mean(axis=(0, 2, 3)) for m in middle], axis=0), rtol=1e-5
    )
    assert [output.name for output in proto.graph.output] == ["y"], "the model itself has changed"


def test_reader_gives_each_feed_once_and_a_range_again() -> None:
    feeds: list[Feed] = [{"x": np.full(1, i, np.float32)} for i in range(4)]
    reader = Reader(feeds)
    assert len(reader) == 4
    assert [reader.get_next() for _ in range(5)] == [*feeds, None]
    reader.set_range(1, 3)
    assert [reader.get_next() for _ in range(3)] == [*feeds[1:3], None]
