"""MobileNetV2 as a feature extractor (Sandler et al. 2018, arXiv:1801.04381)."""

from typing import Literal

from photochrom.nets.inverted_residuals import InvertedResiduals, Stage

# Table 2 of the paper.
STAGES = (
    Stage(1, 16, 1, 1),
    Stage(6, 24, 2, 2),
    Stage(6, 32, 3, 2),
    Stage(6, 64, 4, 2),
    Stage(6, 96, 3, 1),
    Stage(6, 160, 3, 2),
    Stage(6, 320, 1, 1),
)


class MobileNetV2(InvertedResiduals):
    """The 17 blocks of MobileNetV2 1.0; see `InvertedResiduals`.

    Parameters
    ----------
    inputs : 1 (grey) or 3 (sRGB)
    """

    def __init__(self, inputs: Literal[1, 3] = 1) -> None:
        super().__init__("MobileNetV2", STAGES, inputs)
