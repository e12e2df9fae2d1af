"""Sources: what is found where, and what is passed over."""

import io
import tarfile
from pathlib import Path
from typing import Any

import cv2
import fsspec
import numpy as np
import pytest
import skimage.color
from numpy.typing import NDArray
from PIL import Image

from photochrom.data import sources
from photochrom.data.decode import BrokenPhoto
from photochrom.data.sources import Folder, Joined, KaggleArrays, Tar, find, find_all

Pixels = NDArray[np.uint8]


def color(seed: int, height: int = 12, width: int = 16) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def encoded(pixels: Pixels | Image.Image, format: str = "PNG", **more: Any) -> bytes:
    file = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(file, format, **more)
    return file.getvalue()


PNG = encoded(color(0))


def folder(path: Path, files: dict[str, bytes] | list[str]) -> Path:
    for name in files:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(files[name] if isinstance(files, dict) else PNG)
    return path


def tar(path: Path, files: dict[str, bytes] | list[str]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name in files:
            data = files[name] if isinstance(files, dict) else PNG
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def keys_of(path: str | Path, **more: Any) -> list[str]:
    return [item.key for item in find(path, **more).items]


IMAGENET = [f"train/n0144076{i}/n0144076{i}_{j}.JPEG" for i in (4, 7) for j in (10, 9)]
COCO = ["annotations/instances.json", "train2017/000000000009.jpg", "val2017/000000000139.jpg"]


def test_imagenet(tmp_path: Path) -> None:
    assert keys_of(folder(tmp_path, IMAGENET)) == sorted(IMAGENET)


def test_coco(tmp_path: Path) -> None:
    assert keys_of(folder(tmp_path, COCO)) == COCO[1:]


def test_what_is_no_photo_is_passed_over(tmp_path: Path) -> None:
    hidden = ["._a.jpg", ".thumbs/a.jpg", "__MACOSX/a.jpg", "deep/._b.png", "notes.txt", "a.jpg.part"]
    kept = ["A.JPG", "a.png", "b.bmp", "c.tiff", "deep/er/d.WebP"]
    assert keys_of(folder(tmp_path / "folder", [*kept, *hidden])) == kept
    # Inside a tar nothing is walked, so that hidden folders count.
    inside = [name for name in hidden if name[0] == "." and "/" not in name]
    assert keys_of(tar(tmp_path / "a.tar", [*kept, *inside])) == kept


def test_links_to_folders_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    elsewhere = folder(tmp_path / "disk", ["n01/a.jpg"])
    root = folder(tmp_path / "set", ["n02/b.jpg"])
    (root / "n01").symlink_to(elsewhere / "n01")
    (root / "n02" / "up").symlink_to(root)
    assert keys_of(root) == ["n01/a.jpg", "n02/b.jpg"]


def test_a_folder_named_like_a_photo_is_not_read_as_one(tmp_path: Path) -> None:
    assert keys_of(folder(tmp_path, ["album.jpg/a.png"])) == ["album.jpg/a.png"]


def test_flickr1024_pairs_share_a_group(tmp_path: Path) -> None:
    names = ["Train/0001_L.png", "Train/0001_R.png", "Train/0002_L.png"]
    for path in (folder(tmp_path / "set", names), tar(tmp_path / "set.tar", names)):
        groups = [item.group for item in find(path).items]
        assert groups[:2] == ["Train/0001", "Train/0001"]
        assert groups[2] not in groups[:2]


def test_a_tar_keeps_its_order_and_its_samples_together(tmp_path: Path) -> None:
    items = find(tar(tmp_path / "a.tar", ["z.jpg", "y.right.png", "y.cls", "y.left.png"])).items
    assert [(item.key, item.group) for item in items] == [
        ("z.jpg", "z"),
        ("y.right.png", "y"),
        ("y.left.png", "y"),
    ]


def test_the_later_of_two_members_of_one_name_counts(tmp_path: Path) -> None:
    path = tar(tmp_path / "a.tar", {"a.png": PNG})
    with tarfile.open(path, "a") as archive:
        member = tarfile.TarInfo("a.png")
        member.size = len(later := encoded(color(5)))
        archive.addfile(member, io.BytesIO(later))
    (item,) = find(path).items
    np.testing.assert_array_equal(item.read(), color(5))


def test_folder_and_tar_give_the_same_pixels(tmp_path: Path) -> None:
    files = {f"{i}.png": encoded(color(i)) for i in range(5)}
    for source in (find(folder(tmp_path / "a", files)), find(tar(tmp_path / "a.tar", files))):
        assert len(source) == 5
        for i in (3, 0, 4, 1, 2):
            np.testing.assert_array_equal(source.read(source.items[i]), color(i))


def test_a_folder_of_tars(tmp_path: Path) -> None:
    folder(tmp_path, ["beside.png", ".hidden.tar"])
    for i in range(2):
        tar(tmp_path / f"x-{i}.tar", {f"{i}.png": encoded(color(i))})
    source = find(tmp_path)
    assert [item.key for item in source.items] == ["0.png", "1.png", "beside.png"]
    np.testing.assert_array_equal(source.read(source.items[1]), color(1))
    (tmp_path / "beside.png").unlink()
    assert keys_of(tmp_path) == keys_of(f"{tmp_path}/x-{{0..1}}.tar") == keys_of(f"{tmp_path}/*.tar") != []


def test_keys_that_two_sources_share_tell_them_apart(tmp_path: Path) -> None:
    a = tar(tmp_path / "a.tar", {"1.png": encoded(color(1)), "only.png": PNG})
    b = tar(tmp_path / "b.tar", {"1.png": encoded(color(2))})
    source = find_all([a, b])
    assert isinstance(source, Joined)
    assert [(item.key, item.group) for item in source.items] == [
        ("a.tar/1.png", "a.tar/1"),
        ("only.png", "only"),
        ("b.tar/1.png", "b.tar/1"),
    ]
    np.testing.assert_array_equal(source.items[2].read(), color(2))


def test_a_path_given_twice_is_read_once(tmp_path: Path) -> None:
    path = tar(tmp_path / "a.tar", ["1.png"])
    assert isinstance(find_all([path, tmp_path / "." / "a.tar", str(path)]), Tar)
    other = tar(tmp_path / "b.tar", ["2.png"])
    assert len(find_all([f"{tmp_path}/*.tar", path, other, tmp_path])) == 2


def test_an_address(tmp_path: Path) -> None:
    files = fsspec.filesystem("memory")
    files.pipe("/sources/x-0.tar", tar(tmp_path / "x.tar", ["a.png"]).read_bytes())
    try:
        assert keys_of("memory://sources/x-{0..0}.tar", cache=tmp_path / "cache") == ["a.png"]
        assert keys_of("memory://sources/x-*.tar", cache=tmp_path / "cache") == ["a.png"]
    finally:
        files.rm("/sources", recursive=True)


def test_only_tars_have_addresses() -> None:
    with pytest.raises(ValueError, match="only tars can be read from an address"):
        find("https://localhost/photos/")


@pytest.mark.parametrize("name", ["nowhere", "nowhere.tar", "a.png"])
def test_neither_folder_nor_tar(tmp_path: Path, name: str) -> None:
    folder(tmp_path, ["a.png"])
    with pytest.raises(FileNotFoundError, match=f"{name}: neither a folder of photos nor a .tar of them"):
        find(tmp_path / name)


@pytest.mark.parametrize("files", [[], ["notes.txt", ".a.jpg"]])
def test_nothing_in_it(tmp_path: Path, files: list[str]) -> None:
    full = folder(tmp_path / "full", ["a.png"])
    (empty := tmp_path / "empty").mkdir()
    folder(empty, files)
    for paths in ([empty], [full, empty], [tar(tmp_path / "empty.tar", files), full]):
        with pytest.raises(
            FileNotFoundError, match=r"empty(\.tar)?: no photos in it \(looked for .*\.webp\)"
        ):
            find_all(paths)


def test_a_folder_that_may_not_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder(tmp_path, ["a/1.png", "b/2.png"])
    scan = sources.os.scandir

    def refused(path: Any) -> Any:
        if str(path).endswith("b"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(sources.os, "scandir", refused)
    with pytest.raises(PermissionError, match="b'"):
        find(tmp_path)


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    folder(tmp_path, ["a.png", "b.png"])
    (tmp_path / "c.png").symlink_to(tmp_path / "nowhere")
    source = find(tmp_path)
    (tmp_path / "a.png").unlink()
    for item, broken in zip(source.items, (True, False, True), strict=True):
        if broken:
            with pytest.raises(BrokenPhoto, match=rf"^{item.key}: there is no such file or folder$"):
                item.read()
        else:
            np.testing.assert_array_equal(item.read(), color(0))


def kaggle(path: Path, rgb: NDArray[np.uint8], counts: tuple[int, ...]) -> Path:
    lab = np.stack([cv2.cvtColor(photo, cv2.COLOR_RGB2LAB) for photo in rgb])
    (path / "l").mkdir(parents=True)
    (path / "ab").mkdir()
    np.save(path / "l" / "gray_scale.npy", lab[..., 0])
    for i, part in enumerate(np.split(lab[..., 1:], np.cumsum(counts))[: len(counts)]):
        np.save(path / "ab" / f"ab{i + 1}.npy", part)
    return path


def test_kaggle_arrays(tmp_path: Path, astronaut: Pixels, chelsea: Pixels) -> None:
    rgb = np.stack([astronaut[:64, 200:264], chelsea[100:164, 100:164], astronaut[300:364, :64]])
    source = find(kaggle(tmp_path, rgb, (2, 1)))
    assert isinstance(source, KaggleArrays)
    assert [item.key for item in source.items] == ["00000", "00001", "00002"]
    for item, truth in zip(source.items, rgb, strict=True):
        back = item.read()
        assert back.dtype == np.uint8
        # 8-bit Lab loses up to a level or two.
        assert np.abs(back.astype(int) - truth).mean() < 2.5
        assert item.read(short_side=16).shape == (16, 16, 3)


def test_kaggle_arrays_by_their_definition(tmp_path: Path) -> None:
    stored = np.random.default_rng(1).integers(100, 156, (1, 8, 8, 3), dtype=np.uint8)
    kaggle(tmp_path, stored, (1,))
    np.save(tmp_path / "l" / "gray_scale.npy", stored[..., 0])
    np.save(tmp_path / "ab" / "ab1.npy", stored[..., 1:])
    lab = stored[0].astype(np.float64)
    expected = skimage.color.lab2rgb(np.dstack([lab[..., 0] * 100 / 255, lab[..., 1:] - 128])) * 255
    assert np.abs(find(tmp_path).items[0].read() - expected).max() <= 0.51


def test_kaggle_arrays_with_some_of_the_colors(tmp_path: Path) -> None:
    path = kaggle(tmp_path, np.stack([color(i, 8, 8) for i in range(5)]), (2, 1))
    assert len(find(path)) == 3


def test_kaggle_arrays_stay_on_the_disk(tmp_path: Path) -> None:
    source = KaggleArrays(kaggle(tmp_path, np.stack([color(0, 8, 8)]), (1,)))
    lightness, parts = source._arrays
    assert isinstance(lightness, np.memmap)
    assert isinstance(parts[0], np.memmap)


def test_kaggle_arrays_that_do_not_fit(tmp_path: Path) -> None:
    path = kaggle(tmp_path, np.stack([color(i, 8, 8) for i in range(3)]), (2, 1))
    first, second = path / "ab" / "ab1.npy", path / "ab" / "ab2.npy"

    def says(error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message):
            find(path)

    np.save(second, np.zeros((1, 8, 7, 2), np.uint8))
    says(ValueError, r"ab is \(1, 8, 7, 2\), which does not fit l, \(3, 8, 8\)")
    np.save(second, np.zeros((2, 8, 8, 2), np.uint8))
    says(ValueError, "more photos in ab than the 3 in l")
    np.save(second, np.zeros((1, 8, 8, 2), np.float32))
    says(ValueError, r"ab2\.npy: float32 of 4 dimensions, not uint8 of 4")
    second.write_bytes(first.read_bytes()[:200])
    says(ValueError, r"ab2\.npy: not a whole array")
    second.write_bytes(b"")
    says(ValueError, r"ab2\.npy: not a whole array")
    first.unlink()
    says(FileNotFoundError, r"ab1\.npy: the arrays' colours are missing")


def test_16_bit_color(tmp_path: Path) -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (12, 16, 3), dtype=np.uint16)
    cv2.imwrite(str(tmp_path / "a.png"), deep[..., ::-1])
    pixels = find(tmp_path).items[0].read()
    assert np.abs(pixels - deep / 257).max() <= 1


def test_listing_waits_until_it_is_asked_for(tmp_path: Path) -> None:
    path = folder(tmp_path, ["a.png"])
    source = Folder(path)
    folder(path, ["b.png"])
    assert len(source) == 2
    folder(path, ["c.png"])
    assert len(source) == 2


def test_numbered_tars_of_one_set_are_one_collection(tmp_path: Path) -> None:
    for name in ("birds-00", "birds-01", "cats"):
        tar(tmp_path / f"{name}.tar", [f"{name}.jpg"])
    assert [Path(item.collection).name for item in find(tmp_path).items] == ["birds", "birds", "cats"]
