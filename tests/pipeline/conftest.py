"""A colorizer for all tests of the pipeline, and small photos."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.pipeline.python import Colorizer


@pytest.fixture(scope="session")
def colorizer() -> Colorizer:
    return Colorizer(threads=1)


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small photo at a path below `tmp_path`; another `level` is another photo."""

    def write(name: str, level: int = 90, *, color: bool = False) -> Path:
        y, x = np.mgrid[:40, :56]
        grey = (level + 30 * np.sin(x / 9) + 30 * np.cos(y / 7)).astype(np.uint8)
        pixels = np.stack([grey, grey[::-1], 255 - grey], axis=-1) if color else grey
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        formats = {".png": "PNG", ".tif": "TIFF"}
        Image.fromarray(pixels).save(path, format=formats.get(path.suffix, "JPEG"))
        return path

    return write
