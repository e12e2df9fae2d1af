"""Each phase of NoGAN leaves what the next one needs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from photochrom.data.dataset import PhotoDataset
from photochrom.training.batches import Batch
from photochrom.training.networks import Networks
from photochrom.training.recipe import Recipe
from photochrom.training.steps import make_step

MakeRecipe = Callable[..., Recipe]
Build = Callable[[Recipe], Networks]
UNET = {"name": "test_residual_unet", "args": {"dropout": 0.0}}
FAST = {"rate": 1e-2, "discriminator_rate": 1e-3, "schedule": "one_cycle"}
SIDE = 32
Changed = Callable[[nn.Module, list[Tensor]], bool]
Values = Callable[[nn.Module], list[Tensor]]
AllPhotos = Callable[[PhotoDataset, Recipe, Any], Batch]
Take = Callable[..., list[dict[str, float]]]


def nogan(recipe: MakeRecipe) -> Recipe:
    gan = {"discriminator": {"name": "test_resnet_critic"}, "sees": "picture", "weight": 0.1}
    common = {"kind": "nogan", "gan": gan, "loss": {"kind": "mse", "pixel": 10}}
    steps = {
        phase: {**common, "phase": phase, "optimizer": FAST | {"schedule": "constant"}}
        for phase in ("generator", "pictures", "critic", "both")
    }
    stages = [{"size": SIDE, "batch": 8, "share": 0.25, "step": name} for name in steps]
    data = {"smallest_crop": 1, "flip": False}
    return recipe(net=UNET, data=data, stages=stages, steps=steps)


def test_each_phase_of_nogan_leaves_what_the_next_one_needs(
    photos: PhotoDataset,
    recipe: MakeRecipe,
    networks: Build,
    tmp_path: Path,
    take: Take,
    all_photos: AllPhotos,
    values: Values,
    changed: Changed,
) -> None:
    settings = nogan(recipe)
    built = networks(settings)
    net, batch = built.generator, all_photos(photos, settings, built.generator)
    (_, _, discriminator) = built.discriminators[0]
    assert len(built.discriminators) == 1, "two phases name one discriminator"
    with pytest.raises(ValueError, match="no pictures; the phase pictures must come before"):
        make_step(built, settings.steps["critic"])

    untouched = values(discriminator)
    losses = take(make_step(built, settings.steps["generator"]), batch, 60)
    assert losses[-1]["loss"] < losses[0]["loss"] / 5
    assert not changed(discriminator, untouched)

    learned = values(net)
    assert take(make_step(built, settings.steps["pictures"]), batch, 1) == [{"pictures": 8}]
    assert not changed(net, learned)
    files = sorted((tmp_path / "pictures").iterdir())
    assert [file.name for file in files] == [f"{i:07}.png" for i in range(8)]
    with torch.no_grad():
        pictures = built.space.to_rgb(net.eval()(built.space.grey_to_input(batch.grey)), batch.grey)
    for file, picture in zip(files, pictures, strict=True):
        saved = cv2.imread(str(file))[..., ::-1].astype(np.float32) / 255
        assert np.abs(saved - picture.permute(1, 2, 0).numpy()).max() <= 0.502 / 255

    step = make_step(built, settings.steps["critic"])
    losses = take(step, batch, 40)
    assert not changed(net, learned)
    assert changed(discriminator, untouched)
    assert np.mean([row["discriminator"] for row in losses[-10:]]) < np.mean(
        [row["discriminator"] for row in losses[:10]]
    )
    assert np.mean([row["discriminator_accuracy"] for row in losses[-10:]]) > 0.7

    taught = values(discriminator)
    both = make_step(built, settings.steps["both"])
    assert both.discriminator.module is discriminator
    assert not changed(discriminator, taught)
    losses = take(both, batch, 2)
    assert changed(net, learned)
    assert changed(discriminator, taught)
    assert losses[0]["pixel"] < 10 * 0.01


def test_a_saved_picture_that_is_none_is_named(
    photos: PhotoDataset,
    recipe: MakeRecipe,
    networks: Build,
    tmp_path: Path,
    take: Take,
    all_photos: AllPhotos,
) -> None:
    settings = nogan(recipe)
    built = networks(settings)
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "0000001.png").write_bytes(b"\x89PNG cut short")
    step = make_step(built, settings.steps["critic"])
    with pytest.raises(OSError, match=r"0000001\.png: not a picture; delete it"):
        take(step, all_photos(photos, settings, built.generator), 1)


def test_pictures_that_cannot_be_written_are_an_error(
    photos: PhotoDataset,
    recipe: MakeRecipe,
    networks: Build,
    monkeypatch: pytest.MonkeyPatch,
    take: Take,
    all_photos: AllPhotos,
) -> None:
    settings = nogan(recipe)
    built = networks(settings)
    monkeypatch.setattr(cv2, "imwrite", lambda *_: False)
    with pytest.raises(OSError, match="could not be written; is the disk full"):
        take(make_step(built, settings.steps["pictures"]), all_photos(photos, settings, built.generator), 1)


def test_the_discriminators_own_phase_needs_pictures_to_see(recipe: MakeRecipe, networks: Build) -> None:
    settings = recipe(steps={"train": {"kind": "nogan", "phase": "critic", "gan": {"sees": "pair"}}})
    with pytest.raises(ValueError, match=r"needs gan\.sees=picture"):
        make_step(networks(settings), settings.steps["train"])
