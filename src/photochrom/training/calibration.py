"""Inputs on which an exported model is calibrated and compared, and statistics of its activations."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from photochrom.color.difference import ciede2000
from photochrom.color.lab import grey_to_lightness, rgb_to_lab
from photochrom.color.luma import rgb_to_luma
from photochrom.data.augment import center_crops
from photochrom.data.dataset import PhotoDataset
from photochrom.data.hints import random_hints
from photochrom.modelfile.names import AB, HINTS, LIGHTNESS, PRIOR_STRENGTH, TEMPERATURE
from photochrom.modelfile.onnx_file import read_metadata, upgraded

Feed = dict[str, NDArray[np.float32]]
"""The inputs of a model by name, for one photo."""


def feeds_of(model: bytes, photos: PhotoDataset, seed: int = 0) -> list[Feed]:
    """Make the model's inputs from the middle of each photo, at the model's own size.

    Every second photo has hints of its own colours. Ranges measured without hints would clip them. The inputs have the
    names of the present schema, whatever the schema of the model.
    """
    metadata = read_metadata(model)
    multiple = int(metadata.get("multiple", 32))
    size = -(-int(metadata.get("size", 256)) // multiple) * multiple
    names = {node.name for node in onnx.load_from_string(upgraded(model)).graph.input}
    feeds = []
    for i in range(len(photos)):
        rgb = center_crops(photos, [i], size)
        rng = np.random.default_rng([seed, i])
        hints = random_hints(rgb_to_lab(rgb, axis=1)[:, 1:], [rng], share=i % 2)
        every = {
            LIGHTNESS: grey_to_lightness(rgb_to_luma(rgb, axis=1)[:, None]).numpy(),
            HINTS: hints.numpy(),
            TEMPERATURE: np.asarray(metadata.get(TEMPERATURE, 1.0), np.float32),
            PRIOR_STRENGTH: np.asarray(metadata.get(PRIOR_STRENGTH, 1.0), np.float32),
        }
        feeds.append({name: value for name, value in every.items() if name in names})
    return feeds


def invented(count: int, side: int = 256, seed: int = 0) -> PhotoDataset:
    """Make smooth random pictures as a substitute for photos. They are good for a test, but not for calibration."""
    rng = np.random.default_rng(seed)
    soft = [
        cv2.resize(rng.random((9, 9, 3)), (side, side), interpolation=cv2.INTER_CUBIC) for _ in range(count)
    ]
    return PhotoDataset.pack([np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8) for picture in soft])


def difference(one: bytes, other: bytes, feeds: Sequence[Feed]) -> float:
    """Return the mean CIEDE2000 between the colours of two models, at the size of their outputs."""
    total = 0.0
    sessions = [started(model) for model in (one, other)]
    for feed in feeds:
        first, second = (session.run([AB], feed)[0] for session in sessions)
        batch, _, height, width = first.shape
        step = feed[LIGHTNESS].shape[2] // height
        lightness = feed[LIGHTNESS].reshape(batch, 1, height, step, width, step).mean(axis=(3, 5))
        before, after = (np.concatenate([lightness, ab], axis=1) for ab in (first, second))
        total += float(ciede2000(before, after, axis=1).mean())
    return total / len(feeds)


def channel_means(
    proto: onnx.ModelProto, names: list[str], feeds: Sequence[Feed]
) -> dict[str, NDArray[np.float64]]:
    """Return the mean of each channel of these activations over all feeds."""
    watched = onnx.ModelProto()
    watched.CopyFrom(proto)
    there = {output.name for output in proto.graph.output}
    watched.graph.output.extend(helper.make_empty_tensor_value_info(x) for x in names if x not in there)
    session = started(watched.SerializeToString())
    sums: dict[str, Any] = dict.fromkeys(names, 0.0)
    for feed in feeds:
        for name, value in zip(names, session.run(names, feed), strict=True):
            sums[name] = sums[name] + value.mean(axis=(0, *range(2, value.ndim)), dtype=np.float64)
    return {name: total / len(feeds) for name, total in sums.items()}


def started(model: bytes) -> Any:
    """Start a session on the CPU without its warnings."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class Reader:
    """A reader of feeds with the interface that ONNX Runtime's calibration needs."""

    def __init__(self, feeds: Sequence[Feed]) -> None:
        self.feeds, self.rest = feeds, iter(feeds)

    def __len__(self) -> int:
        """Return the number of feeds."""
        return len(self.feeds)

    def set_range(self, start_index: int, end_index: int) -> None:
        """Continue with the feeds in this range."""
        self.rest = iter(self.feeds[start_index:end_index])

    def get_next(self) -> Feed | None:
        """Return the next feed, or None at the end."""
        return next(self.rest, None)
