"""Reading photos: what is kept, what is left out, and that it is counted."""

import io
import statistics
import tarfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from photochrom.data.shards import GREY_BELOW, PhotoSet, colourfulness, load


def colour(seed: int, height: int = 12, width: int = 16) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def grey(seed: int, height: int = 12, width: int = 16) -> NDArray[np.uint8]:
    return np.repeat(colour(seed, height, width)[..., :1], 3, axis=2)


def encoded(pixels: NDArray[np.uint8], format: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format)
    return file.getvalue()


FILES = {
    "a.png": encoded(colour(1)),
    "deep/er/b.PNG": encoded(colour(2, 20, 10)),
    "c.bmp": encoded(colour(3), "BMP"),
    "cut.png": encoded(colour(4))[:200],
    "empty.jpg": b"",
    "grey.png": encoded(grey(5)),
    "greyer.tif": encoded(grey(6)[..., 0], "TIFF"),
    "text.jpeg": b"not a picture",
    "notes.txt": b"not meant to be one",
}
KEPT = {"a.png": colour(1), "deep/er/b.PNG": colour(2, 20, 10), "c.bmp": colour(3)}


def folder(path: Path, files: dict[str, bytes] = FILES) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def tar(path: Path, files: dict[str, bytes] = FILES) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        directory = tarfile.TarInfo("album.jpg")
        directory.type = tarfile.DIRTYPE
        archive.addfile(directory)
    return path


def assert_is_files(photos: PhotoSet) -> None:
    found = dict(zip(photos.keys, photos.photos, strict=True))
    assert found.keys() == KEPT.keys()
    for key, pixels in KEPT.items():
        np.testing.assert_array_equal(found[key], pixels)
    assert len(photos) == 3
    assert photos.grey == 2
    assert sorted(photos.broken) == ["cut.png", "empty.jpg", "text.jpeg"]


def test_folder(tmp_path: Path) -> None:
    assert_is_files(load([folder(tmp_path)]))


def test_tar(tmp_path: Path) -> None:
    assert_is_files(load([tar(tmp_path / "photos.tar")]))


def test_summary_says_what_was_left_out(tmp_path: Path) -> None:
    assert str(load([folder(tmp_path)])) == "3 photos in 0 MB; left out: 2 grey, 3 unreadable"


def test_folder_and_tar_together_in_the_order_given(tmp_path: Path) -> None:
    first = folder(tmp_path / "folder", {"z.png": FILES["a.png"]})
    second = tar(tmp_path / "second.tar", {"y.bmp": FILES["c.bmp"], "x.png": FILES["a.png"]})
    assert load([second, first]).keys == ["y.bmp", "x.png", "z.png"]
    assert load([first, second]).keys == ["z.png", "y.bmp", "x.png"]


def test_folder_is_read_in_sorted_order(tmp_path: Path) -> None:
    names = ["m.png", "b/a.png", "a.png", "z.png"]
    assert load([folder(tmp_path, dict.fromkeys(names, FILES["a.png"]))]).keys == sorted(names)


@pytest.mark.parametrize("limit", [1, 3, 5])
def test_limit_counts_files_over_all_paths(tmp_path: Path, limit: int) -> None:
    files = {f"{i}.png": encoded(colour(i)) for i in range(3)}
    paths = [folder(tmp_path / "folder", files), tar(tmp_path / "more.tar", files)]
    assert len(load(paths, limit=limit)) == limit


@pytest.mark.parametrize(
    ("size", "expected"),
    [((80, 40), (20, 40)), ((40, 81), (40, 20)), ((20, 30), (30, 20)), ((10, 90), (90, 10))],
)
def test_short_side_reduces_larger_photos_only(
    tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    pixels = np.broadcast_to(np.array([200, 30, 60], np.uint8), (size[1], size[0], 3))
    photos = load([folder(tmp_path, {"a.png": encoded(np.ascontiguousarray(pixels))})], short_side=20)
    shape = photos.photos[0].shape[:2]
    assert shape == expected
    assert (photos.photos[0] == [200, 30, 60]).all()


def test_short_side_averages(tmp_path: Path) -> None:
    pixels = np.full((4, 4, 3), [200, 40, 80], np.uint8)
    pixels[::2, ::2] = 0
    (photo,) = load([folder(tmp_path, {"a.png": encoded(pixels)})], short_side=2).photos
    np.testing.assert_array_equal(photo, np.broadcast_to([150, 30, 60], (2, 2, 3)))


def test_a_photo_taken_upright_stands_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned a quarter; rotate clockwise to view
    Image.fromarray(colour(7, 12, 16)).save(tmp_path / "turned.png", exif=exif)
    (photo,) = load([tmp_path]).photos
    np.testing.assert_array_equal(photo, np.rot90(colour(7, 12, 16), -1))


def test_a_picture_too_large_to_open_is_counted_and_the_rest_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder(tmp_path, {"a.png": FILES["a.png"], "huge.png": encoded(colour(8, 100, 100))})
    # Pillow refuses at twice this.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 12 * 16)
    photos = load([tmp_path])
    assert (photos.keys, photos.broken) == (["a.png"], ["huge.png"])


def test_a_folder_named_like_a_photo_is_not_read_as_one(tmp_path: Path) -> None:
    folder(tmp_path, {"album.jpg/a.png": FILES["a.png"]})
    photos = load([tmp_path])
    assert (photos.keys, photos.broken) == (["album.jpg/a.png"], [])


@pytest.mark.parametrize("name", ["nowhere", "nowhere.tar"])
def test_missing_path_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError, match=name):
        load([tmp_path / name])


def test_a_file_that_is_neither_folder_nor_tar(tmp_path: Path) -> None:
    folder(tmp_path, {"a.png": FILES["a.png"]})
    with pytest.raises(FileNotFoundError, match=r"a\.png: neither a folder of photos nor a \.tar"):
        load([tmp_path / "a.png"])


def test_nothing_usable_says_what_there_was(tmp_path: Path) -> None:
    files = {name: data for name, data in FILES.items() if name not in KEPT}
    with pytest.raises(
        FileNotFoundError, match=r"no colour photos under .*left out: 2 grey, 3 unreadable"
    ) as caught:
        load([folder(tmp_path, files)])
    assert str(tmp_path) in str(caught.value)


def test_a_tar_cut_short_is_named(tmp_path: Path) -> None:
    path = tar(tmp_path / "photos.tar")
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(ValueError, match=r"photos\.tar: not a whole tar file"):
        load([path])


@pytest.mark.parametrize("seed", range(4))
def test_colourfulness_by_its_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (9, 7, 3), dtype=np.uint8)
    pixels[..., seed % 3] //= 4
    triples = [tuple(map(int, pixel)) for pixel in pixels.reshape(-1, 3)]
    rg = [r - g for r, g, _ in triples]
    yb = [(r + g) / 2 - b for r, g, b in triples]
    sigma = (statistics.pvariance(rg) + statistics.pvariance(yb)) ** 0.5
    mu = (statistics.fmean(rg) ** 2 + statistics.fmean(yb) ** 2) ** 0.5
    assert colourfulness(pixels) == pytest.approx(sigma + 0.3 * mu, rel=1e-5)


def test_colourfulness_of_known_pictures(chelsea: NDArray[np.uint8]) -> None:
    red = np.zeros((5, 5, 3), np.uint8)
    red[..., 0] = 255
    assert colourfulness(red) == pytest.approx(0.3 * (255**2 + 127.5**2) ** 0.5)
    assert colourfulness(grey(9)) == 0
    assert colourfulness(chelsea) > GREY_BELOW
