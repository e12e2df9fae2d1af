"""One torch thread: on a busy machine more of them only wait for each other. And photos to train on."""

import colorsys

import numpy as np
import pytest
import torch
from torch import Tensor

from photochrom.data.photoset import PhotoSet
from photochrom.losses import classification

torch.set_num_threads(1)

_tables: dict[int, tuple[Tensor, Tensor]] = {}


@pytest.fixture(autouse=True)
def one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run here has the same bins, and the loss's table takes longer than the few steps of a test."""
    soft_encode = classification.soft_encode

    def remembered(ab: Tensor, bins: Tensor) -> tuple[Tensor, Tensor]:
        if len(bins) not in _tables:
            _tables[len(bins)] = soft_encode(ab, bins)
        return _tables[len(bins)]

    monkeypatch.setattr(classification, "soft_encode", remembered)


@pytest.fixture
def photos() -> PhotoSet:
    """Eight photos (64, 72, 3), each of one colour, told apart by their brightness and their stripes."""
    pictures = []
    for i in range(8):
        colour = np.array(colorsys.hsv_to_rgb(i / 8, 0.9, 1.0))
        stripes = 0.95 + 0.05 * np.sin(np.indices((64, 72))[i % 2] * (0.1 + 0.05 * i))
        brightness = (0.2 + 0.1 * i) * stripes
        pictures.append(np.rint(255 * brightness[..., None] * colour).astype(np.uint8))
    return PhotoSet.pack(pictures, [f"photo {i}" for i in range(8)])
