"""Batches: every photo once a pass, the same for any number of processes, and the truth as it was."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.color
import torch
from PIL import Image

from photochrom.data.dataset import PhotoDataset
from photochrom.data.stream import PhotoStream, load
from photochrom.training.batches import Batch, Loader, advance, make_batch
from photochrom.training.budget import Budget, Position
from photochrom.training.recipe import Recipe

MakeRecipe = Callable[..., Recipe]
FIELDS = ("rgb", "grey", "ab", "hints")


def by_steps(steps: int, photos: int = 8) -> Callable[[Position], float]:
    return lambda at: Budget(steps=steps).progress(at, photos)


def same(one: Batch, other: Batch) -> bool:
    pairs = [(getattr(one, name), getattr(other, name)) for name in FIELDS]
    return one.keys == other.keys and all(torch.equal(a, b) if a is not None else b is None for a, b in pairs)


def test_a_pass_over_the_photos_through_the_loader(photos: PhotoDataset, recipe: MakeRecipe) -> None:
    # Batches of three do not divide eight photos: passes go on within a batch.
    settings = recipe(stages=[{"size": 32, "batch": 3}], seed=2)
    loader = Loader(photos, settings, by_steps(8))
    seen = [key for _, _, batch in loader.batches(Position(), lambda: 0.0) for key in batch.keys]
    assert len(seen) == 24
    assert [set(Counter(seen[i : i + 8]).values()) for i in (0, 8, 16)] == [{1}] * 3


def test_batches_from_any_position_on_are_those_of_the_whole_run(
    photos: PhotoDataset, recipe: MakeRecipe
) -> None:
    stages = [
        {"size": 64, "batch": 3, "share": 0.5, "step": "a"},
        {"size": 32, "batch": 4, "share": 0.5, "step": "b"},
    ]
    kinds = {name: {"kind": "regression"} for name in "ab"}
    settings = recipe(stages=stages, steps=kinds, data={"aged": 1.0, "space": "rgb"}, seed=9)
    whole = list(Loader(photos, settings, by_steps(6)).batches(Position(), lambda: 7.0))
    assert [(at.step, at.photos, at.stage_photos) for at, _, _ in whole] == [
        (0, 0, 0),
        (1, 3, 3),
        (2, 6, 6),
        (3, 9, 0),
        (4, 13, 4),
        (5, 17, 8),
    ]
    assert [(stage.step, tuple(batch.rgb.shape)) for _, stage, batch in whole] == [
        ("a", (3, 3, 64, 64))
    ] * 3 + [("b", (4, 3, 32, 32))] * 3
    for at, stage, batch in whole:
        resumed = next(iter(Loader(photos, settings, by_steps(6)).batches(at, lambda: 0.0)))
        assert (resumed[0], resumed[1]) == (at, stage)
        assert same(resumed[2], batch)
    other = Loader(photos, settings.model_copy(update={"seed": 10}), by_steps(6))
    assert not same(next(iter(other.batches(Position(), lambda: 0.0)))[2], whole[0][2])


def test_batches_of_several_sizes(photos: PhotoDataset, recipe: MakeRecipe) -> None:
    settings = recipe(stages=[{"size": 64, "other_sizes": [32, 96], "batch": 2}], seed=5)
    (stage,) = settings.stages
    loader = Loader(photos, settings, by_steps(20), stride=4)
    shapes = [tuple(batch.rgb.shape) for _, _, batch in loader.batches(Position(), lambda: 0.0)]
    assert shapes == [(2, 3, size, size) for size in (stage.size_at(5, step) for step in range(20))]
    assert len(set(shapes)) == 3


def test_the_last_stage_ends_after_its_passes(photos: PhotoDataset, recipe: MakeRecipe) -> None:
    stages = [
        {"size": 32, "batch": 4, "share": 0.25},
        {"size": 32, "batch": 2, "share": 0.75, "passes": 0.6},
    ]
    loader = Loader(photos, recipe(stages=stages), by_steps(100))
    taken = [(at.step, at.stage_photos) for at, _, _ in loader.batches(Position(), lambda: 0.0)]
    # 25 steps in the first stage; then 0.6 * 8 = 4.8 photos take three batches of two.
    assert taken[24:] == [(24, 96), (25, 0), (26, 2), (27, 4)]


def test_advance_takes_the_clock_and_counts_a_new_stage_from_zero(recipe: MakeRecipe) -> None:
    stages = [{"size": 32, "batch": 4, "share": 0.5}, {"size": 64, "batch": 2, "share": 0.5}]
    settings = recipe(stages=stages)
    at = Position(step=1, photos=4, stage_photos=4, seconds=9.0)
    assert advance(settings, by_steps(6), at, settings.stages[0], 12.5) == Position(2, 8, 8, 12.5)
    at = Position(step=2, photos=8, stage_photos=8, seconds=9.0)
    assert advance(settings, by_steps(6), at, settings.stages[0], 12.5) == Position(3, 12, 0, 12.5)


@pytest.mark.parametrize("world", [2, 4])
def test_shares_of_processes_make_up_the_joint_batch(
    photos: PhotoDataset, recipe: MakeRecipe, world: int
) -> None:
    data = {"aged": 0.7, "films": 0.5, "hinted": 0.6, "revealed": 0.2}
    settings = recipe(stages=[{"size": 32, "batch": 4}], data=data, seed=3)
    at, stage = Position(step=5, photos=23, stage_photos=23), settings.stages[0]
    joint = Loader(photos, settings, by_steps(9), stride=4).make(at, stage)
    parts = [
        Loader(photos, settings, by_steps(9), stride=4, rank=rank, world=world).make(at, stage)
        for rank in range(world)
    ]
    assert [key for part in parts for key in part.keys] == joint.keys
    assert np.array_equal(np.concatenate([part.indices for part in parts]), joint.indices)
    for name in FIELDS:
        assert torch.equal(torch.cat([getattr(part, name) for part in parts]), getattr(joint, name)), name


def test_a_batch_that_cannot_be_shared_is_an_error(photos: PhotoDataset, recipe: MakeRecipe) -> None:
    with pytest.raises(ValueError, match="a batch of 4 cannot be shared by 3 processes"):
        Loader(photos, recipe(), by_steps(1), world=3)


def batch_of(photos: PhotoDataset, settings: Recipe, stride: int | None = None) -> Batch:
    rngs = [np.random.default_rng((1, i)) for i in range(8)]
    return make_batch(photos, np.arange(8), settings.stages[0].size, rngs, settings, stride)


def test_grey_is_the_luma_and_ab_the_color_of_the_mean(photos: PhotoDataset, recipe: MakeRecipe) -> None:
    batch = batch_of(photos, recipe(), stride=4)
    assert batch.hints is None
    assert batch.ab is not None
    assert (batch.rgb.shape, batch.grey.shape, batch.ab.shape) == (
        (8, 3, 32, 32),
        (8, 1, 32, 32),
        (8, 2, 8, 8),
    )
    luma = (batch.rgb.double() * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(
        dim=1, keepdim=True
    )
    torch.testing.assert_close(batch.grey.double(), luma, atol=1e-6, rtol=0)
    mean = batch.rgb.double().reshape(8, 3, 8, 4, 8, 4).mean(dim=(3, 5)).permute(0, 2, 3, 1).numpy()
    expected = torch.from_numpy(skimage.color.rgb2lab(mean)[..., 1:]).permute(0, 3, 1, 2)
    torch.testing.assert_close(batch.ab.double(), expected, atol=0.02, rtol=0)
    assert batch_of(photos, recipe()).ab is None


def test_age_and_film_are_put_on_the_input_only(photos: PhotoDataset, recipe: MakeRecipe) -> None:
    plain = batch_of(photos, recipe(data={"smallest_crop": 1, "flip": False}), stride=4)
    for change in ({"aged": 1.0}, {"films": 1.0}):
        batch = batch_of(photos, recipe(data={"smallest_crop": 1, "flip": False, **change}), stride=4)
        assert torch.equal(batch.rgb, plain.rgb)
        assert torch.equal(batch.ab, plain.ab)
        assert [torch.equal(a, b) for a, b in zip(batch.grey, plain.grey, strict=True)] == [False] * 8
        assert batch.grey.min() >= 0
        assert batch.grey.max() <= 1


def test_hints_tell_the_truth_where_they_say_anything(photos: PhotoDataset, recipe: MakeRecipe) -> None:
    batch = batch_of(photos, recipe(data={"hinted": 1.0}), stride=4)
    assert batch.hints is not None
    mask = batch.hints[:, 2:]
    assert batch.hints.shape == (8, 3, 32, 32)
    assert sorted(mask.unique().tolist()) == [0, 1]
    assert (batch.hints * (1 - mask) == 0).all()
    # Each photo is of one colour but for its stripes, and a hint is the mean of a small square.
    truth = batch.ab.mean(dim=(2, 3), keepdim=True)
    assert ((batch.hints[:, :2] - truth).abs() * mask).max() < 5
    away = (batch.hints[:, :2] - truth.roll(1, dims=0)).abs().amax(dim=1, keepdim=True)
    assert away[mask == 1].min() > 5

    revealed = batch_of(photos, recipe(data={"revealed": 1.0}), stride=1)
    assert (revealed.hints[:, 2] == 1).all()
    torch.testing.assert_close(revealed.hints[:, :2], revealed.ab, atol=1e-4, rtol=0)


def test_photos_smaller_than_a_stage_sit_it_out(photos: PhotoDataset, recipe: MakeRecipe) -> None:
    mixed = PhotoDataset.pack([photos[i] if i < 3 else photos[i][:40, :48] for i in range(8)])
    stages = [{"size": 64, "batch": 4, "share": 0.5}, {"size": 32, "batch": 4, "share": 0.5}]
    seen: dict[int, set[str]] = {64: set(), 32: set()}
    for _, stage, batch in Loader(mixed, recipe(stages=stages), by_steps(8)).batches(Position(), lambda: 0.0):
        seen[stage.size] |= set(batch.keys)
    assert seen == {64: {"0", "1", "2"}, 32: {str(i) for i in range(8)}}
    with pytest.raises(
        ValueError, match=r"no photo is as large as the recipe's 96 px; --size makes it smaller"
    ):
        Loader(mixed, recipe(stages=[{"size": 96, "batch": 2}]), by_steps(1))


def test_photos_that_reach_a_stage_when_enlarged_take_part(photos: PhotoDataset, recipe: MakeRecipe) -> None:
    # Short sides of 64, 40 and 32: enlarged by 1.6 they reach 64 but for the last two.
    sides = [64] * 3 + [40] * 3 + [32] * 2
    mixed = PhotoDataset.pack([photos[i][:side, : side + 8] for i, side in enumerate(sides)])
    for enlarge, reach in ((1.0, 3), (1.59, 3), (1.6, 6), (2.0, 8)):
        data = {"enlarge": enlarge, "smallest_crop": 1, "flip": False}
        settings = recipe(stages=[{"size": 64, "batch": 4}], data=data)
        loader = Loader(mixed, settings, by_steps(8))
        batches = [batch for _, _, batch in loader.batches(Position(), lambda: 0.0)]
        assert {key for batch in batches for key in batch.keys} == {str(i) for i in range(reach)}
    small = next(batch.rgb[batch.keys.index("7")] for batch in batches if "7" in batch.keys)
    # The largest square of a photo of 32 px, somewhere along its longer side, at twice its size.
    square = cv2.resize(mixed[7][:, :32], (64, 64), interpolation=cv2.INTER_LINEAR)
    assert np.abs(small.permute(1, 2, 0).numpy() - square / 255).max() < 0.05
    with pytest.raises(
        ValueError, match=r"no photo .* 96 px; .* data\.enlarge lets smaller photos take part"
    ):
        Loader(mixed, recipe(stages=[{"size": 96, "batch": 2}], data={"enlarge": 1.4}), by_steps(1))


@pytest.fixture
def folder(photos: PhotoDataset, tmp_path: Path) -> Path:
    for i in range(8):
        Image.fromarray(photos[i]).save(tmp_path / f"{i}.png")
    return tmp_path


def test_a_stream_makes_the_same_batches_and_decodes_ahead(folder: Path, recipe: MakeRecipe) -> None:
    settings = recipe(data={"aged": 0.5})
    stream, held = load([folder], resident=False), load([folder], resident=True)
    assert isinstance(stream, PhotoStream)
    announced: list[list[int]] = []
    prefetch = stream.prefetch
    stream.prefetch = lambda indices: (announced.append(list(indices)), prefetch(indices))[1]  # type: ignore[method-assign]
    streamed = list(Loader(stream, settings, by_steps(3)).batches(Position(), lambda: 0.0))
    resident = list(Loader(held, settings, by_steps(3)).batches(Position(), lambda: 0.0))
    stream.close()
    assert all(same(a[2], b[2]) for a, b in zip(streamed, resident, strict=True))
    wanted = [list(batch.indices) for _, _, batch in streamed]
    assert announced[:3] == wanted


def test_a_batch_moves_as_a_whole(photos: PhotoDataset, recipe: MakeRecipe) -> None:
    batch = batch_of(photos, recipe(data={"hinted": 1.0}), stride=4)
    moved = batch.to(torch.device("meta"))
    assert {getattr(moved, name).device.type for name in FIELDS} == {"meta"}
    assert moved.keys == batch.keys
    assert replace(batch, ab=None, hints=None).to(torch.device("meta")).ab is None
