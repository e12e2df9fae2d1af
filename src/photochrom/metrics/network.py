"""Classifiers and feature networks from ONNX files, with the interface of the metrics."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import onnxruntime
import torch
from torch import Tensor
from torch.nn import functional as F

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class OnnxNetwork:
    """An ONNX file that runs on the CPU. It is a `photochrom.metrics.photos.Network`.

    Parameters
    ----------
    file : path to a model with one input ``(B, 3, H, W)``
    logits, features : names of outputs
        By default the first and the last output. With a single output both are the same, which fits a file of Inception
        features for FID and a plain classifier. Maps ``(B, D, h, w)`` are averaged to ``(B, D)``.
    mean, std : mean and deviation by which sRGB in [0, 1] is normalised; the defaults are torchvision's
        0.5 and 0.5 give [-1, 1].
    side : the side of the square input in pixels, if the file takes any size
        A file with a fixed size gets that size.
    fit : how photos are brought to this size
        "crop" takes the middle and first enlarges smaller photos. "stretch" resizes bilinearly, as FID does.
    threads : the number of threads of ONNX Runtime

    Raises
    ------
    ValueError
        If the file has another kind of input, lacks a named output, or takes any size and `side` is None.
    """

    def __init__(
        self,
        file: Path | str,
        *,
        logits: str | None = None,
        features: str | None = None,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
        side: int | None = None,
        fit: Literal["crop", "stretch"] = "crop",
        threads: int = 1,
    ) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].shape[1] != 3:
            shapes = ", ".join(str(x.shape) for x in inputs)
            raise ValueError(f"{file}: expected one input (batch, 3, height, width), found {shapes}")
        self._input = inputs[0].name
        batch, _, height, width = inputs[0].shape
        self._single = batch == 1
        if isinstance(height, int) and height == width:
            side = height
        if side is None or isinstance(height, int) != isinstance(width, int):
            raise ValueError(f"{file}: takes {height}x{width} pixels; say which with side=")
        names = [x.name for x in self._session.get_outputs()]
        self._outputs = [logits or names[0], features or names[-1]]
        for name in self._outputs:
            if name not in names:
                raise ValueError(f"{file}: no output {name!r}; there are {', '.join(names)}")
        self._side, self._fit = side, fit
        self._mean = torch.tensor(mean)[:, None, None]
        self._std = torch.tensor(std)[:, None, None]

    def __call__(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits and features of ``(B, 3, H, W)`` sRGB in [0, 1], on the device of `rgb`."""
        x = (fitted(rgb.float().cpu(), self._side, self._fit) - self._mean) / self._std
        parts = torch.split(x, 1) if self._single else [x]
        outputs = [self._session.run(self._outputs, {self._input: part.numpy()}) for part in parts]
        logits, features = (
            torch.cat([torch.from_numpy(run[i]) for run in outputs]).to(rgb.device) for i in (0, 1)
        )
        return _pooled(logits), _pooled(features)


def fitted(rgb: Tensor, side: int, fit: Literal["crop", "stretch"]) -> Tensor:
    """Bring photos ``(B, 3, H, W)`` to ``(B, 3, side, side)``; see `OnnxNetwork`."""
    height, width = rgb.shape[2:]
    if fit == "stretch":
        new = (side, side)
    else:
        scale = max(1.0, side / min(height, width))
        new = (round(height * scale), round(width * scale))
    if new != (height, width):
        rgb = F.interpolate(rgb, size=new, mode="bilinear", align_corners=False)
    top, left = (rgb.shape[2] - side) // 2, (rgb.shape[3] - side) // 2
    return rgb[:, :, top : top + side, left : left + side]


def _pooled(x: Tensor) -> Tensor:
    return x.flatten(2).mean(dim=2) if x.ndim > 2 else x
