"""Photos that a tiny net learns in seconds, recipes of few lines, and a way to stop a run between two steps."""

import colorsys
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor

from photochrom.data.dataset import PhotoDataset
from photochrom.losses import classification
from photochrom.training.networks import Networks, build_networks
from photochrom.training.recipe import Recipe
from photochrom.training.steps import Step

# On a busy machine more threads only wait for each other.
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


@pytest.fixture(scope="session")
def photos() -> PhotoDataset:
    """Eight photos (64, 72, 3), each of one colour, told apart by their brightness and their stripes."""
    pictures = []
    for i in range(8):
        color = np.array(colorsys.hsv_to_rgb(i / 8, 0.5, 1.0))
        stripes = 0.95 + 0.05 * np.sin(np.indices((64, 72))[i % 2] * (0.1 + 0.05 * i))
        brightness = (0.4 + 0.08 * i) * stripes
        pictures.append(np.rint(255 * brightness[..., None] * color).astype(np.uint8))
    return PhotoDataset.pack(pictures, [f"photo {i}" for i in range(8)])


@pytest.fixture(scope="session")
def recipe() -> Callable[..., Recipe]:
    """Builds a recipe: four photos of 32 px a step, ``test_cnn4`` in RGB and regression, where nothing else is said."""

    def build(**changes: Any) -> Recipe:
        plain = {
            "net": {"name": "test_cnn4"},
            "data": {"space": "rgb"},
            "stages": [{"size": 32, "batch": 4}],
            "steps": {"train": {"kind": "regression"}},
        }
        return Recipe.model_validate(plain | changes)

    return build


@pytest.fixture
def networks(tmp_path: Path) -> Callable[[Recipe], Networks]:
    """Builds a recipe's networks from seed 0, in float32 on the CPU."""

    def build(recipe: Recipe) -> Networks:
        torch.manual_seed(0)
        return build_networks(recipe, Fabric(accelerator="cpu", devices=1), tmp_path)

    return build


@pytest.fixture
def before_step(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Step, int], None]], None]:
    """Has a function called with the step and its number before each step of a run."""

    def install(act: Callable[[Step, int], None]) -> None:
        begin = Step.begin

        def wrapped(self: Step, number: int, seed: int) -> None:
            act(self, number)
            begin(self, number, seed)

        monkeypatch.setattr(Step, "begin", wrapped)

    return install


@pytest.fixture
def interrupt(before_step: Callable[[Callable[[Step, int], None]], None]) -> Callable[[set[int]], None]:
    """Presses Ctrl-C while the steps with these numbers are at work."""

    def install(numbers: set[int]) -> None:
        def act(_: Step, number: int) -> None:
            if number in numbers:
                signal.raise_signal(signal.SIGINT)

        before_step(act)

    return install
