"""The affinity step changes nothing else, its error falls, and the product uses the learned affinity."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from photochrom.color.luma import rgb_to_luma
from photochrom.data.dataset import PhotoDataset
from photochrom.engine.colorizer import Colorizer
from photochrom.engine.hints import Hint
from photochrom.engine.options import Options
from photochrom.engine.predict import predict
from photochrom.engine.preview import Preview
from photochrom.engine.session import Session
from photochrom.errors import RecipeError
from photochrom.media import photo as media
from photochrom.media.photo import Photo
from photochrom.training.batches import make_batch
from photochrom.training.budget import Budget
from photochrom.training.export import export, load_trained
from photochrom.training.loop import train
from photochrom.training.networks import Networks, Pretrained
from photochrom.training.recipe import Recipe
from photochrom.training.start import read_start
from photochrom.training.steps import make_step

MakeRecipe = Callable[..., Recipe]
RATE = {"rate": 1e-2}
WITHOUT: dict[str, Any] = {
    "net": {"name": "test_photochrom"},
    "steps": {"train": {"kind": "classification", "optimizer": {"rate": 1e-3}}},
}
WITH: dict[str, Any] = {
    "net": {"name": "test_photochrom", "args": {"affinity": True}},
    "steps": {"train": {"kind": "affinity", "points": 10, "optimizer": RATE}},
}


def two_halves() -> PhotoDataset:
    """Sixteen photos (64, 64, 3) of smooth and striped halves of one brightness, each of any colour."""
    rng = np.random.default_rng(0)
    stripes = 0.6 + 0.2 * (np.indices((64, 64))[0] // 2 % 2)
    smooth = np.full((64, 64), 0.7)
    pictures = []
    for _ in range(16):
        left = np.arange(64) < 32
        grey = np.where(left, smooth, stripes)
        colors = rng.uniform(0.3, 1.0, (2, 3))
        colors /= (colors @ [0.299, 0.587, 0.114])[:, None]
        rgb = grey[..., None] * np.where(left[:, None], colors[0], colors[1])
        pictures.append(np.rint(255 * np.clip(rgb, 0, 1)).astype(np.uint8))
    return PhotoDataset.pack(pictures)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, recipe: MakeRecipe) -> tuple[Path, Path]:
    """A moment of classification, and affinity learned from there."""
    folder, photos = tmp_path_factory.mktemp("affinity"), two_halves()
    stage = {"stages": [{"size": 64, "batch": 4}], "data": {"smallest_crop": 0.9}}
    train(recipe(**WITHOUT, **stage), photos, folder / "first", Budget(steps=2))
    start = Pretrained(start=read_start(folder / "first"))
    train(recipe(**WITH, **stage), photos, folder / "second", Budget(steps=80), pretrained=start)
    return folder / "first", folder / "second"


def test_nothing_else_changes(runs: tuple[Path, Path]) -> None:
    first, second = (load_trained(path).net.state_dict() for path in runs)
    assert first
    for key, value in first.items():
        # Not the running statistics of the net's norms either.
        assert torch.equal(second[key], value), key
    assert {key.split(".")[0] for key in second.keys() - first.keys()} == {"affinity"}


def test_the_error_falls(recipe: MakeRecipe, networks: Callable[[Recipe], Networks]) -> None:
    settings, photos = recipe(**WITH), two_halves()
    step = make_step(networks(settings), settings.steps["train"])
    errors = []
    for turn in range(120):
        # Each crop and each set of hints comes round again: the same questions, before and after.
        number = turn % 30
        rngs = [np.random.default_rng((number, i)) for i in range(4)]
        batch = make_batch(photos, (np.arange(4) + 4 * number) % 16, 64, rngs, settings, 4)
        step.begin(number, number)
        errors.append(float(step.step(batch)["rmse"]))
    assert np.mean(errors[-30:-20]) < 0.93 * np.mean(errors[:10])


def test_the_product_follows_what_was_learned(runs: tuple[Path, Path], tmp_path: Path) -> None:
    """Halves of one colour as far as the net knows, which only what was learned can tell apart."""
    session = Session(_exported(runs[1], tmp_path), threads=1)
    assert session.has_affinity
    assert not session.takes_hints
    luma = np.ascontiguousarray(rgb_to_luma(np.float32(two_halves()[0]) / 255)).astype(np.float32)
    hints = (Hint(0.25, 0.5, "#c02020"),)
    before, after = (predict(session, luma, Options(size=64, hints=given))[0].hinted for given in ((), hints))
    moved = np.hypot(*np.moveaxis(after - before, -1, 0))
    height, width = moved.shape
    assert moved[:, : width // 2 - 2].mean() > 2 * moved[:, width // 2 + 2 :].mean()
    assert np.hypot(*(after[height // 2, width // 4] - hints[0].ab)) < 3


def test_a_hint_moves_without_the_network(runs: tuple[Path, Path], tmp_path: Path) -> None:
    colorizer = Colorizer(_exported(runs[1], tmp_path), threads=1)
    asked: list[list[str]] = []
    run = colorizer.session.run

    def counted(*inputs: Any, **more: Any) -> Any:
        asked.append(inputs[1])
        return run(*inputs, **more)

    colorizer.session.run = counted  # type: ignore[method-assign]
    pixels = np.ascontiguousarray(two_halves()[0])
    preview = Preview(colorizer, _photo(pixels))
    looks = [Options(hints=(Hint(x, 0.5, "#c02020"),)) for x in (0.2, 0.3, 0.8)]
    views = [preview.view(look) for look in (Options(), *looks)]
    assert asked == [["ab", "affinity"]]
    assert all((view != views[0]).any() for view in views[1:])
    for look, view in zip(looks, views[1:], strict=True):
        np.testing.assert_array_equal(Preview(colorizer, _photo(pixels)).view(look), view)


def test_a_net_without_affinity_cannot_learn_it(
    recipe: MakeRecipe, networks: Callable[[Recipe], Networks]
) -> None:
    with pytest.raises(RecipeError, match=r"learns no affinity; set net\.args\.affinity"):
        networks(recipe(**(WITH | {"net": {"name": "test_eccv16"}})))
    with pytest.raises(RecipeError, match="gives colours, not a distribution"):
        networks(recipe(**(WITH | {"net": {"name": "test_cnn4"}})))


def test_points_are_from_one_to_all(recipe: MakeRecipe, networks: Callable[[Recipe], Networks]) -> None:
    settings = recipe(**WITH)
    step: Any = make_step(networks(settings), settings.steps["train"])
    step.begin(3, 3)
    cells, given = step.reveal(400, 64, torch.device("cpu"))
    assert cells.shape == given.shape == (400, 10)
    assert set(cells.unique().tolist()) <= set(range(64))
    counts = given.sum(dim=1)
    assert set(counts.tolist()) == set(range(1, 11))
    # One is asked more often than ten: users begin with one.
    assert (counts == 1).sum() > 3 * (counts == 10).sum()
    step.begin(3, 3)
    assert torch.equal(cells, step.reveal(400, 64, torch.device("cpu"))[0])


def _exported(run: Path, folder: Path) -> Path:
    export(load_trained(run), folder / "model.onnx", {"size": 64})
    return folder / "model.onnx"


def _photo(pixels: np.ndarray) -> Photo:
    encoded = BytesIO()
    Image.fromarray(pixels).save(encoded, "PNG")
    return media.open(encoded.getvalue())
