"""Sets in memory: what is kept, what is left out and counted, and that subsets share the pixels."""

import io
import statistics
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from photochrom.data import dataset
from photochrom.data.dataset import (
    GREY_BELOW,
    MOST_NAMES,
    LeftOut,
    PhotoDataset,
    by_hash,
    colorfulness,
    estimated_bytes,
    fits,
    ordered,
)
from photochrom.data.sources import find, find_all
from photochrom.data.splits import ranked

Pixels = NDArray[np.uint8]


def color(seed: int, height: int = 12, width: int = 16) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def grey(seed: int) -> Pixels:
    return np.repeat(color(seed)[..., :1], 3, axis=2)


def encoded(pixels: Pixels, format: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format)
    return file.getvalue()


FILES = {
    "a.png": encoded(color(1)),
    "c.bmp": encoded(color(3), "BMP"),
    "cut.png": encoded(color(4))[:200],
    "deep/er/b.PNG": encoded(color(2, 20, 10)),
    "empty.jpg": b"",
    "grey.png": encoded(grey(5)),
    "greyer.tif": encoded(grey(6)[..., 0], "TIFF"),
    "text.jpeg": b"not a picture",
}
KEPT = {"a.png": color(1), "c.bmp": color(3), "deep/er/b.PNG": color(2, 20, 10)}


def folder(path: Path, files: dict[str, bytes] = FILES) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


@pytest.fixture
def some() -> PhotoDataset:
    """Six photos of 10 to 15 rows."""
    return PhotoDataset.pack([color(i, 10 + i, 20 - i) for i in range(6)], [f"{i}.png" for i in range(6)])


def test_color_photos_are_kept_and_the_rest_is_counted(tmp_path: Path) -> None:
    photos = PhotoDataset.load(find(folder(tmp_path)))
    assert photos.keys == list(KEPT)
    for i, pixels in enumerate(KEPT.values()):
        np.testing.assert_array_equal(photos[i], pixels)
    assert photos.left_out.grey == 2
    assert photos.left_out.broken.keys() == {"cut.png", "empty.jpg", "text.jpeg"}
    assert photos.left_out.broken["empty.jpg"] == "the file is empty"
    assert str(photos) == "3 photos in 0 MB; left out: 2 grey, 3 unreadable (cut.png, empty.jpg, text.jpeg)"
    assert photos.atlas.shape == (2 * 12 * 16 + 20 * 10, 3)
    assert photos.nbytes == photos.atlas.numel()


def test_few_of_many_broken_names_are_said() -> None:
    assert str(LeftOut(1, dict.fromkeys("abcde", ""))) == "1 grey, 5 unreadable (a, b, c, ...)"
    assert str(LeftOut()) == "0 grey, 0 unreadable"


def test_the_names_of_the_first_grey_photos_are_kept() -> None:
    left_out = LeftOut()
    for number in range(MOST_NAMES + 5):
        left_out.add_grey(str(number))
    assert (left_out.grey, left_out.grey_names[0], len(left_out.grey_names)) == (
        MOST_NAMES + 5,
        "0",
        MOST_NAMES,
    )


def test_nothing_usable_says_what_there_was(tmp_path: Path) -> None:
    folder(tmp_path, {name: data for name, data in FILES.items() if name not in KEPT})
    with pytest.raises(
        FileNotFoundError, match="no colour photos in it; left out: 2 grey, 3 unreadable"
    ) as caught:
        PhotoDataset.load(find(tmp_path))
    assert str(tmp_path) in str(caught.value)


def test_a_folder_of_grey_pictures(tmp_path: Path) -> None:
    folder(tmp_path, {f"{i}.png": encoded(grey(i)) for i in range(4)})
    with pytest.raises(FileNotFoundError, match="left out: 4 grey, 0 unreadable"):
        PhotoDataset.load(find(tmp_path))


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_limit_takes_a_reproducible_share_of_the_color_photos(tmp_path: Path, limit: int) -> None:
    files = {f"{i:02d}.png": encoded(grey(i) if i % 3 == 0 else color(i)) for i in range(20)}
    photos = PhotoDataset.load(find(folder(tmp_path, files)), limit=limit)
    usable = [key for key in ranked(list(files)) if int(key[:2]) % 3]
    assert photos.keys == sorted(usable[:limit])
    assert len(photos.groups) == limit
    for i, key in enumerate(photos.keys):
        np.testing.assert_array_equal(photos[i], color(int(key[:2])))


def test_a_limit_beyond_what_there_is(tmp_path: Path) -> None:
    assert PhotoDataset.load(find(folder(tmp_path)), limit=100).keys == sorted(KEPT)


def test_short_side(tmp_path: Path) -> None:
    photos = PhotoDataset.load(find(folder(tmp_path)), short_side=11)
    assert [tuple(shape) for shape in photos.shapes] == [(11, 15), (11, 15), (20, 10)]
    sides = photos.short_sides
    assert sides is not None
    assert sides.tolist() == [11, 11, 10]


def test_groups_come_from_the_source(tmp_path: Path) -> None:
    files = {name: encoded(color(i)) for i, name in enumerate(("1_L.png", "1_R.png", "2_L.png"))}
    photos = PhotoDataset.load(find_all([folder(tmp_path, files)]))
    assert photos.groups == ["1", "1", "2_L.png"]
    train, validation = photos.split("2/1")
    assert (train.groups, validation.groups) == (["1", "1"], ["2_L.png"])


def test_a_large_set_grows_without_losing_a_pixel(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [color(i, 30, 40 + i % 7) for i in range(50)]
    packer = dataset._Packer()
    for picture in pictures:
        packer.add(picture)
    photos = PhotoDataset(*packer.finish(), *([[""] * 50] * 3))
    assert photos.nbytes == photos.atlas.numel()
    for i, picture in enumerate(pictures):
        np.testing.assert_array_equal(photos[i], picture)


def test_subsets_share_the_pixels(some: PhotoDataset) -> None:
    subset = some.subset([4, 1])
    assert subset.keys == ["4.png", "1.png"]
    assert subset.atlas is some.atlas
    assert subset.nbytes == 3 * (14 * 16 + 11 * 19)
    np.testing.assert_array_equal(subset[0], color(4, 14, 16))
    np.testing.assert_array_equal(subset.take(np.array([1, 1]))[1], color(1, 11, 19))
    assert np.shares_memory(subset[0], some[4])
    assert len(some.subset([])) == 0


def test_a_set_in_memory_never_waits(some: PhotoDataset) -> None:
    some.prefetch([1, 2])
    some.take([1, 2])
    assert some.waited == 0


def test_split_of_a_set(some: PhotoDataset) -> None:
    train, validation = some.split("4/2", seed=5)
    assert sorted(train.keys + validation.keys) == some.keys
    assert train.atlas is validation.atlas is some.atlas
    assert [validation.keys, train.keys] != [part.keys for part in some.split("2/4", seed=6)]


def test_only_its_own_pixels_move_to_another_device(some: PhotoDataset) -> None:
    assert some.to("cpu") is some
    assert some.to("meta").atlas.shape == some.atlas.shape
    moved = some.subset([3, 2]).to("meta")
    assert moved.device == torch.device("meta")
    assert moved.atlas.shape == (13 * 17 + 12 * 18, 3)
    assert moved.keys == ["3.png", "2.png"]
    assert moved.offsets.tolist() == [0, 13 * 17]


@pytest.mark.parametrize(
    "photo",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3)),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_what_is_no_photo_is_refused(photo: Pixels) -> None:
    with pytest.raises(ValueError, match=r"a photo is \(H, W, 3\) uint8"):
        PhotoDataset.pack([photo])


def test_keys_must_be_as_many_as_photos() -> None:
    with pytest.raises(ValueError, match="1 photos, 2 keys, 2 groups and 1 collections"):
        PhotoDataset.pack([color(0)], ["a", "b"])


def test_estimate_of_the_memory(tmp_path: Path) -> None:
    source = find(folder(tmp_path, {f"{i}.png": encoded(color(i, 10, 10 + i % 2)) for i in range(40)}))
    exact = sum(3 * 10 * (10 + i % 2) for i in range(40))
    assert estimated_bytes(source) == pytest.approx(exact, rel=0.05)
    assert estimated_bytes(source, limit=10) == pytest.approx(exact / 4, rel=0.05)
    assert estimated_bytes(source, short_side=5) == pytest.approx(40 * 5 * 5 * 3, rel=0.2)
    assert fits(source, int(exact * 1.1))
    assert not fits(source, int(exact * 0.9))
    assert fits(source, int(exact * 0.9), limit=20)


def test_estimate_where_nothing_can_be_read(tmp_path: Path) -> None:
    assert estimated_bytes(find(folder(tmp_path, {"a.png": b"", "b.png": encoded(grey(0))}))) == 0


def test_work_is_done_a_little_ahead_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset.os, "cpu_count", lambda: 2)
    drawn: list[int] = []
    both = threading.Barrier(2, timeout=60)

    def numbers() -> Iterator[int]:
        for i in range(1000):
            drawn.append(i)
            yield i

    def work(i: int) -> int:
        if i < 2:
            both.wait()  # which needs two threads
        return i * i

    results = ordered(work, numbers())
    for i in range(100):
        assert next(results) == (i, i * i)
        assert len(drawn) <= i + 1 + 4 * 2
    results.close()  # type: ignore[attr-defined]
    assert list(ordered(work, range(20))) == [(i, i * i) for i in range(20)]


def test_order_by_hash_is_that_of_the_names(tmp_path: Path) -> None:
    source = find(folder(tmp_path))
    assert [item.key for item in by_hash(source.items)] == ranked([item.key for item in source.items])


@pytest.mark.parametrize("seed", range(4))
def test_colorfulness_by_its_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (9, 7, 3), dtype=np.uint8)
    pixels[..., seed % 3] //= 4
    triples = [tuple(map(int, pixel)) for pixel in pixels.reshape(-1, 3)]
    rg = [r - g for r, g, _ in triples]
    yb = [(r + g) / 2 - b for r, g, b in triples]
    sigma = (statistics.pvariance(rg) + statistics.pvariance(yb)) ** 0.5
    mu = (statistics.fmean(rg) ** 2 + statistics.fmean(yb) ** 2) ** 0.5
    assert colorfulness(pixels) == pytest.approx(sigma + 0.3 * mu, rel=1e-5)


def test_colorfulness_of_known_pictures(chelsea: Pixels) -> None:
    red = np.zeros((5, 5, 3), np.uint8)
    red[..., 0] = 255
    assert colorfulness(red) == pytest.approx(0.3 * (255**2 + 127.5**2) ** 0.5)
    assert colorfulness(grey(9)) == 0
    assert colorfulness(chelsea) > GREY_BELOW
