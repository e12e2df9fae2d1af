"""Colours that the colour tests share."""

import numpy as np
import pytest
from numpy.typing import NDArray


@pytest.fixture(scope="session")
def cube() -> NDArray[np.float64]:
    """The sRGB cube in steps of 1/16: (289, 17, 3) float64 in [0, 1], corners, edges and greys included."""
    level = np.linspace(0.0, 1.0, 17)
    colors = np.stack(np.meshgrid(level, level, level, indexing="ij"), axis=-1).reshape(289, 17, 3)
    colors.setflags(write=False)
    return colors


@pytest.fixture(scope="session")
def inner() -> NDArray[np.float64]:
    """(3, 4, 3) float64 colours where every conversion is smooth: not grey, not dark, no ties."""
    base = np.array([[0.2, 0.45, 0.8], [0.75, 0.3, 0.5], [0.55, 0.85, 0.25]])
    jitter = np.random.default_rng(0).uniform(-0.04, 0.04, (3, 4, 3))
    return base[:, None, :] + jitter
