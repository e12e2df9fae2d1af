"""Pairs that differ in nothing but their colours."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom.bench.turing.pictures import (
    LONGEST,
    from_colorizer,
    from_folder,
    listed,
    missing,
    prepare,
    rainbow,
    read,
)
from photochrom.pipeline.python import Colorizer

RAMP = np.linspace(60, 250, 90)[:, None, None]  # 60 pixels wide, 90 high
RED = np.broadcast_to(RAMP / [1, 3, 5], (90, 60, 3)).astype(np.uint8)
BLUE = RED[..., ::-1]


def put(path: Path, rgb: Any, size: tuple[int, int] | None = None, **options: Any) -> Path:
    path.parent.mkdir(exist_ok=True)
    picture = Image.fromarray(np.ascontiguousarray(rgb))
    (picture.resize(size) if size else picture).save(path, **options)
    return path


def opened(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg))


def prepared(root: Path) -> tuple[list[Any], list[str]]:
    said: list[str] = []
    return list(prepare(listed(root / "truth"), {"m": from_folder(listed(root / "m"))}, said.append)), said


def test_both_are_the_same_kind_of_file_without_metadata(tmp_path: Path) -> None:
    put(tmp_path / "truth/a.jpg", RED, exif=Image.Exif(), comment=b"camera")
    mark = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">compositeWithTrainedAlgorithmicMedia</x:xmpmeta>'
    put(tmp_path / "m/a.color.jpg", BLUE, xmp=mark)
    ((view,), said) = prepared(tmp_path)
    assert (view.stem, said) == ("a", [])
    for jpeg in (view.truth, view.wrong, view.models["m"]):
        picture = opened(jpeg)
        assert (picture.format, picture.size, picture.mode) == ("JPEG", (60, 90), "RGB")
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert picture.quantization == opened(view.truth).quantization
    assert np.abs(np.asarray(opened(view.truth)).astype(int) - RED).mean() < 4
    assert np.abs(np.asarray(opened(view.models["m"])).astype(int) - BLUE).mean() < 4


def test_all_come_down_to_the_smallest_size(tmp_path: Path) -> None:
    put(tmp_path / "truth/a.png", RED, (1200, 1800))
    put(tmp_path / "m/a.png", BLUE, (400, 600))
    put(tmp_path / "truth/b.png", RED, (1200, 1800))
    put(tmp_path / "m/b.png", BLUE, (1200, 1800))
    views, said = prepared(tmp_path)
    sizes = [{opened(jpeg).size for jpeg in (v.truth, v.wrong, v.models["m"])} for v in views]
    assert (sizes, said) == ([{(400, 600)}, {(512, LONGEST)}], [])


def test_what_cannot_be_used_is_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    for stem in "abcd":
        put(tmp_path / f"truth/{stem}.png", RED)
        put(tmp_path / f"m/{stem}.png", BLUE)
    put(tmp_path / "m/a.png", BLUE, (60, 60))
    (tmp_path / "m/b.png").write_bytes((tmp_path / "m/b.png").read_bytes()[:200])
    put(tmp_path / "truth/c.png", np.full((90, 60, 3), 128, np.uint8))
    views, said = prepared(tmp_path)
    assert [view.stem for view in views] == ["d"]
    assert said[0] == f"{tmp_path}/truth/a.png: m's picture is 60 x 60 pixels, the photo 60 x 90; left out"
    assert said[1].startswith(f"{tmp_path}/m/b.png: ")
    assert said[2] == f"{tmp_path}/truth/c.png: the true photo has no colours; left out"
    assert len(said) == 3


def test_a_pixel_of_rounding_is_no_other_size(tmp_path: Path) -> None:
    put(tmp_path / "truth/a.png", RED, (451, 300))
    put(tmp_path / "m/a.png", BLUE, (226, 150))
    views, said = prepared(tmp_path)
    assert (len(views), said) == (1, [])


def test_missing_and_unknown_pictures_are_listed() -> None:
    truth = {"a": Path("t/a.jpg"), "b": Path("t/b.jpg")}
    assert missing(truth, {"b": Path("m/b.png"), "c": Path("m/c.png")}, "m") == [
        "t/a.jpg: m has no picture of it; left out",
        "m/c.png: there is no true photo of that name; left out",
    ]


def test_folders_that_cannot_be_meant(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nowhere: no such folder"):
        listed(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(ValueError, match="no pictures in it"):
        listed(tmp_path)
    put(tmp_path / "a.png", RED)
    put(tmp_path / "a.color.jpg", RED)
    with pytest.raises(ValueError, match=r"a\.color\.jpg and a\.png are the same photo's"):
        listed(tmp_path)


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_an_attention_check_is_colourful_whatever_the_photo(grey: int) -> None:
    plain = np.full((64, 96, 3), grey, np.uint8)
    spread = np.ptp(rainbow(plain).astype(int), axis=2)
    # Before clipping, the channels are at least 0.35 * 1.5 of full scale apart; of that, clipping takes 0.1 at most.
    assert spread.min() > 255 * (0.35 * 1.5 - 0.1) - 1


def test_the_product_colorizes_the_luma_alone(astronaut: np.ndarray[Any, Any], tmp_path: Path) -> None:
    true = read(put(tmp_path / "astronaut.png", astronaut, (96, 96)))
    make = from_colorizer(Colorizer(threads=1))
    made = make("astronaut", true)
    grey = np.asarray(Image.fromarray(true).convert("L"))
    assert (made.shape, made.dtype) == (true.shape, np.uint8)
    assert np.abs(np.asarray(Image.fromarray(made).convert("L")).astype(int) - grey).max() <= 1
    assert np.ptp(made.astype(int), axis=2).mean() > 5
    # Nothing but the luma went in: without the colours the result is the same.
    np.testing.assert_array_equal(make("astronaut", np.dstack([grey] * 3)), made)
