"""Photos that many tests share."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

# A deadline is an assertion about time, and a busy machine breaks it.
hypothesis.settings.register_profile(
    "photochrom", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("photochrom")


def _read_only(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    # The whole session shares one array: a test that writes into it must fail, not spoil the next.
    pixels = np.array(pixels)
    pixels.setflags(write=False)
    return pixels


@pytest.fixture(scope="session")
def astronaut() -> NDArray[np.uint8]:
    """A portrait in colour: (512, 512, 3) uint8 sRGB, read-only."""
    return _read_only(skimage.data.astronaut())


@pytest.fixture(scope="session")
def chelsea() -> NDArray[np.uint8]:
    """A cat in colour: (300, 451, 3) uint8 sRGB, read-only. Its width is odd."""
    return _read_only(skimage.data.chelsea())


@pytest.fixture
def grey_jpeg(tmp_path: Path, chelsea: NDArray[np.uint8]) -> Path:
    """`chelsea` as an 8-bit grey JPEG, 451 by 300."""
    path = tmp_path / "grey.jpg"
    Image.fromarray(chelsea).convert("L").save(path, quality=90)
    return path


@pytest.fixture
def grey_tiff16(tmp_path: Path, chelsea: NDArray[np.uint8]) -> Path:
    """`chelsea` as a 16-bit grey TIFF, 451 by 300, with more than 256 levels."""
    path = tmp_path / "grey16.tif"
    luma = np.rint(chelsea @ np.array([0.299, 0.587, 0.114]) * 257).astype(np.uint16)
    Image.fromarray(luma).save(path, compression="tiff_adobe_deflate")
    return path
