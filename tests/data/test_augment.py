"""Crops: where they lie, what they average, and that both ways of making them agree."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from photochrom.data import augment
from photochrom.data.augment import center_crops, crops, gathered, random_resized_crops, resized, taps
from photochrom.data.dataset import PhotoDataset

Pixels = NDArray[np.uint8]


def noise(count: int, height: int, width: int) -> PhotoDataset:
    rng = np.random.default_rng(1)
    return PhotoDataset.pack([rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(count)])


def coordinates(height: int, width: int) -> Pixels:
    """Red is the row, green the column."""
    rows, columns = np.indices((height, width))
    return np.stack([rows, columns, np.zeros_like(rows)], axis=-1).astype(np.uint8)


def generators(count: int, seed: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng((seed, i)) for i in range(count)]


def levels(batch: Tensor) -> NDArray[np.float64]:
    """(B, size, size, 3) in 0..255."""
    found: NDArray[np.float64] = (batch.double() * 255).permute(0, 2, 3, 1).numpy()
    return found


@pytest.fixture(params=["opencv", "gathered"])
def both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test of this fixture runs as on a CPU and as on a GPU."""
    if request.param == "gathered":
        monkeypatch.setattr(augment, "_with_opencv", gathered)
    return str(request.param)


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(("height", "width"), [(40, 60), (61, 33), (32, 32), (200, 90), (3, 2)])
@pytest.mark.parametrize("size", [32, 64])
@pytest.mark.parametrize("make", [center_crops, resized, lambda *a: random_resized_crops(*a, generators(2))])
def test_shape_and_range(height: int, width: int, size: int, make: Callable[..., Tensor]) -> None:
    batch = make(noise(3, height, width), [2, 0], size)
    assert batch.shape == (2, 3, size, size)
    assert batch.dtype == torch.float32
    assert batch.min() >= 0
    assert batch.max() <= 1
    assert batch.std() > 0.05
    # Nets are fastest with this layout, and a copy into it would cost as much as the crops.
    assert batch.is_contiguous(memory_format=torch.channels_last)


def test_a_crop_depends_on_its_own_generator_alone() -> None:
    photos = noise(5, 50, 70)
    batch = random_resized_crops(photos, range(5), 32, generators(5))
    alone = random_resized_crops(photos, [3], 32, generators(5)[3:4])
    assert torch.equal(batch[3:4], alone)
    assert torch.equal(batch, random_resized_crops(photos, range(5), 32, generators(5)))
    assert not torch.equal(batch, random_resized_crops(photos, range(5), 32, generators(5, seed=1)))


def test_a_generator_for_every_photo() -> None:
    with pytest.raises(ValueError, match="3 photos need as many generators, not 2"):
        random_resized_crops(noise(3, 20, 20), range(3), 16, generators(2))


@pytest.mark.usefixtures("both")
def test_a_crop_of_the_whole_photo_is_the_photo_or_its_mirror() -> None:
    photos = noise(1, 32, 32)
    batch = levels(random_resized_crops(photos, [0] * 20, 32, generators(20), smallest=1.0))
    mirrored = [not np.allclose(crop, photos[0], atol=1e-3) for crop in batch]
    assert set(mirrored) == {False, True}
    for crop, mirror in zip(batch, mirrored, strict=True):
        np.testing.assert_allclose(crop, photos[0][:, ::-1] if mirror else photos[0], atol=1e-3)
    still = levels(random_resized_crops(photos, [0] * 20, 32, generators(20), smallest=1.0, flip=False))
    np.testing.assert_allclose(still, np.broadcast_to(photos[0], still.shape), atol=1e-3)


@pytest.mark.usefixtures("both")
def test_crops_are_squares_within_the_photo_and_the_bounds() -> None:
    photos = PhotoDataset.pack([coordinates(100, 160)])
    batch = levels(random_resized_crops(photos, [0] * 60, 50, generators(60), smallest=0.5, flip=False))
    red, green = batch[..., 0], batch[..., 1]
    # Along a ramp of slope 1 a crop's side is its number of pixels times the step between two of them.
    rows = (red[:, -5] - red[:, 4]).mean(axis=1) / 41 * 50
    columns = (green[:, :, -5] - green[:, :, 4]).mean(axis=1) / 41 * 50
    np.testing.assert_allclose(rows, columns, atol=1.5)
    assert rows.min() >= 50 - 1.5
    assert rows.max() <= 100 + 1.5
    assert np.ptp(rows) > 30
    assert red.max() <= 99.01
    assert green.max() <= 159.01
    assert np.ptp(green.min(axis=(1, 2))) > 60


@pytest.mark.usefixtures("both")
def test_a_reduced_crop_averages_and_does_not_skip_pixels() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    batch = random_resized_crops(PhotoDataset.pack([stripes]), [0] * 4, 32, generators(4), smallest=1.0)
    assert (batch - 0.5).abs().max() < 0.01


@pytest.mark.usefixtures("both")
def test_center_crop_is_the_middle_square() -> None:
    photos = PhotoDataset.pack([coordinates(40, 100), coordinates(101, 40)])
    wide, high = levels(center_crops(photos, [0, 1], 40))
    np.testing.assert_allclose(wide, photos[0][:, 30:70], atol=1e-3)
    np.testing.assert_allclose(high, photos[1][30:70], atol=1e-3)
    (half,) = levels(center_crops(photos, [0], 20))
    expected = photos[0][:, 30:70].reshape(20, 2, 20, 2, 3).mean(axis=(1, 3))
    # OpenCV rounds to whole levels.
    np.testing.assert_allclose(half, expected, atol=0.501)


@pytest.mark.usefixtures("both")
def test_resized_takes_the_whole_photo() -> None:
    # 10 rows become 20, bilinearly; 40 columns become 20, by area.
    photo = coordinates(10, 40) * 6
    (square,) = levels(resized(PhotoDataset.pack([photo]), [0], 20))
    np.testing.assert_allclose(square[0, :, 1], np.arange(20) * 12 + 3, atol=0.501)
    np.testing.assert_allclose(square[:, 0, 0], np.clip(np.arange(20) / 2 - 0.25, 0, 9) * 6, atol=0.501)


@pytest.mark.parametrize("size", [7, 24, 64, 100, 150])
@pytest.mark.parametrize("picture", ["astronaut", "chelsea"])
def test_both_ways_agree_with_opencv(request: pytest.FixtureRequest, picture: str, size: int) -> None:
    photo: Pixels = request.getfixturevalue(picture)
    photos = PhotoDataset.pack([photo[:200, :230], photo[150:, 100:]])
    boxes = np.array(
        [[10, 20, 130, 130], [3, 0, 100, 100], [0, 40, 64, 64], [20, 5, 24, 24], [7, 7, 101, 90]]
    )
    which, mirrored = np.array([0, 1, 1, 0, 0]), np.array([False, True, False, False, True])
    ours = levels(gathered(photos, which, size, boxes, mirrored))
    cpu = levels(crops(photos, which, size, boxes, mirrored))
    assert np.abs(ours - cpu).max() < 1.1
    assert np.abs(ours - cpu).mean() < 0.4
    for crop, i, (top, left, height, width), flip in zip(ours, which, boxes, mirrored, strict=True):
        box = photos[i][top : top + height, left : left + width].astype(np.float32)
        if height != width and (height > size) != (width > size):
            continue  # OpenCV has no name for area one way and linear the other
        how = cv2.INTER_AREA if height > size else cv2.INTER_LINEAR
        expected = cv2.resize(box[:, ::-1] if flip else box, (size, size), interpolation=how)
        assert np.abs(crop - expected).max() < 0.02


@pytest.mark.parametrize("extent", [1, 2, 5, 16, 17, 33, 100])
def test_taps_by_their_definition(extent: int) -> None:
    positions, weights = taps(np.array([7]), np.array([extent]), 16)
    assert positions.min() >= 7
    assert positions.max() <= 7 + extent - 1
    np.testing.assert_allclose(weights.sum(axis=2), 1, atol=1e-6)
    assert weights.min() >= 0
    line = np.random.default_rng(0).random(7 + extent)
    found = (line[positions] * weights).sum(axis=2)[0]
    if extent > 16:
        # Cut into 16 parts each, the pixels divide evenly among the new ones.
        expected = np.repeat(line[7:], 16).reshape(16, extent).mean(axis=1)
    else:
        expected = np.interp((np.arange(16) + 0.5) * extent / 16 - 0.5, np.arange(extent), line[7:])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_taps_of_a_mixed_batch_are_those_of_each_alone() -> None:
    starts, extents = np.array([0, 4, 9]), np.array([5, 16, 50])
    positions, weights = taps(starts, extents, 16)
    line = np.random.default_rng(0).random(80)
    for i in range(3):
        alone, alone_weights = taps(starts[i : i + 1], extents[i : i + 1], 16)
        together = (line[positions[i]] * weights[i]).sum(axis=1)
        np.testing.assert_allclose(together, (line[alone[0]] * alone_weights[0]).sum(axis=1), atol=1e-6)


@pytest.mark.usefixtures("both")
def test_photos_of_a_subset_are_found(chelsea: Pixels) -> None:
    photos = PhotoDataset.pack([chelsea[:50], chelsea[60:100, :80], chelsea[100:, :77]])
    subset = photos.subset([2, 1])
    assert torch.equal(center_crops(subset, [1, 0], 32), center_crops(photos, [1, 2], 32))


@pytest.mark.usefixtures("both")
def test_an_empty_batch() -> None:
    assert random_resized_crops(noise(1, 9, 9), [], 16, []).shape == (0, 3, 16, 16)
