"""Who is compared: grey, the truth, models, and pictures of other tools."""

from pathlib import Path

import numpy as np
import pytest
import skimage.color
from numpy.typing import NDArray
from PIL import Image

from photochrom.bench import entries
from photochrom.bench.protocol import Protocol

Pixels = NDArray[np.uint8]


@pytest.fixture
def photo(astronaut: Pixels) -> tuple[Pixels, Pixels]:
    """A face (64, 64, 3) and its luma (64, 64), by Pillow."""
    rgb = np.ascontiguousarray(astronaut[60:124, 190:254])
    return rgb, np.asarray(Image.fromarray(rgb).convert("L"))


def test_grey_and_truth_are_the_photo_without_and_with_its_colors(photo: tuple[Pixels, Pixels]) -> None:
    rgb, luma = photo
    grey = entries.grey().make("a.png", luma, rgb)
    assert np.array_equal(grey, np.asarray(Image.fromarray(luma).convert("RGB")))
    assert np.array_equal(entries.truth().make("a.png", luma, rgb), rgb)
    assert (entries.grey().kind, entries.truth().kind) == ("baseline", "truth")


@pytest.mark.parametrize("merge", ["luma", "lab"])
def test_a_model_keeps_the_luma_or_the_lightness(photo: tuple[Pixels, Pixels], merge: str) -> None:
    rgb, luma = photo
    entry = entries.model("photochrom", Protocol(size=64, merge=merge))  # type: ignore[arg-type]
    picture = entry.make("a.png", luma, rgb)
    assert (picture.shape, picture.dtype) == (rgb.shape, np.uint8)
    assert np.ptp(picture, axis=2).mean() > 3, "no colours"
    if merge == "luma":
        ours = np.asarray(Image.fromarray(picture).convert("L")).astype(int)
        assert np.abs(ours - luma).max() <= 1
    else:
        lightness = skimage.color.rgb2lab(np.dstack([luma] * 3))[..., 0]
        # Colours outside sRGB are clipped, so a few pixels are off.
        assert np.median(np.abs(skimage.color.rgb2lab(picture)[..., 0] - lightness)) < 0.5
    assert entry.name == "photochrom"
    assert entry.parameters == 2_914_482
    assert entry.milliseconds is not None
    assert entry.milliseconds > 0


def test_pictures_are_found_by_their_stems(photo: tuple[Pixels, Pixels], tmp_path: Path) -> None:
    rgb, luma = photo
    Image.fromarray(rgb).save(tmp_path / "a.PNG")
    Image.fromarray(rgb[:50, :40]).save(tmp_path / "small.png")
    (tmp_path / "notes.txt").write_text("not a picture")
    entry = entries.pictures("theirs", tmp_path)
    assert np.array_equal(entry.make("box/a.jpg", luma, rgb), rgb)
    with pytest.raises(ValueError, match="no picture b"):
        entry.make("box/b.jpg", luma, rgb)
    with pytest.raises(ValueError, match=r"small\.png: is 40x50, and the photo as it is measured 64x64"):
        entry.make("small.jpg", luma, rgb)


def test_two_pictures_of_one_stem_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    with pytest.raises(ValueError, match=r"a\.png and a\.jpg are both a"):
        entries.pictures("theirs", tmp_path)
    with pytest.raises(ValueError, match="nowhere: not a folder of pictures"):
        entries.pictures("theirs", tmp_path / "nowhere")


def test_a_row_says_what_the_entry_says() -> None:
    said = entries.describe(entries.grey())
    assert said == {
        "name": "grey",
        "kind": "baseline",
        "parameters": None,
        "milliseconds": None,
        "about": "nothing done",
    }
