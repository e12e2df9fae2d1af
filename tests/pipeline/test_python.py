"""Python's interface: the kind that goes in comes out, and a type checker knows it."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import photochrom
from photochrom.pipeline.python import Colorizer

Put = Callable[..., Path]


def test_path(put: Put, colorizer: Colorizer, tmp_path: Path) -> None:
    source = put("a.jpg")
    assert colorizer.colorize(source) == tmp_path / "a.color.jpg"
    assert colorizer.colorize(str(source)) == tmp_path / "a.color.jpg"  # done, and no error
    assert colorizer.colorize(source, candidates=2) == [tmp_path / f"a.color.{i}.jpg" for i in (1, 2)]


def test_bytes(put: Put, colorizer: Colorizer) -> None:
    data = colorizer.colorize(put("a.png").read_bytes(), format="WEBP")
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == ("WEBP", (56, 40))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "1", "P"])
def test_pil(put: Put, colorizer: Colorizer, mode: str) -> None:
    with Image.open(put("a.png")) as image:
        result = colorizer.colorize(image.convert(mode))
    assert (result.mode, result.size) == ("RGBA" if mode == "RGBA" else "RGB", (56, 40))
    assert b"compositeWithTrainedAlgorithmicMedia" in result.info["xmp"]


def test_pil_keeps_what_it_says_of_itself(put: Put, colorizer: Colorizer) -> None:
    image = Image.open(put("a.png"))
    image.info["dpi"] = (300, 300)
    assert colorizer.colorize(image).info["dpi"] == (300, 300)
    with pytest.raises(photochrom.UnsupportedError, match="I;16"):
        colorizer.colorize(Image.new("I;16", (4, 4)))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [0, 3, 4])
def test_arrays(colorizer: Colorizer, kind: type[np.unsignedinteger], channels: int) -> None:
    y, x = np.mgrid[:40, :56]
    grey = ((60 + x + y) * (1 if kind is np.uint8 else 257)).astype(kind)
    array = grey if channels == 0 else np.repeat(grey[..., None], channels, axis=2)
    result = colorizer.colorize(array)
    assert (result.shape, result.dtype) == ((40, 56, max(3, channels)), kind)
    if channels == 4:
        np.testing.assert_array_equal(result[..., 3], grey)
    weights = np.array([0.299, 0.587, 0.114])
    assert np.abs(result[..., :3] @ weights - grey).max() <= (1 if kind is np.uint8 else 2) + 0.5


def test_wrong_kinds(colorizer: Colorizer) -> None:
    with pytest.raises(photochrom.UnsupportedError, match="float64"):
        colorizer.colorize(np.zeros((4, 4)))
    with pytest.raises(photochrom.UnsupportedError, match="shape"):
        colorizer.colorize(np.zeros((4, 4, 2), np.uint8))
    with pytest.raises(TypeError, match="cannot colorize a int"):
        colorizer.colorize(3)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="strenght"):
        colorizer.colorize(np.zeros((4, 4), np.uint8), strenght=1)  # type: ignore[call-overload]
    with pytest.raises(photochrom.OptionError, match="strength must be"):
        colorizer.colorize(np.zeros((4, 4), np.uint8), strength=9)


def test_confidence_and_candidates(colorizer: Colorizer) -> None:
    grey = np.tile(np.arange(56, dtype=np.uint8) * 4, (40, 1))
    one, sure = colorizer.colorize(grey, return_confidence=True)
    assert (one.shape, sure.shape, sure.dtype) == ((40, 56, 3), (40, 56), np.float32)
    assert 0 <= sure.min() <= sure.max() <= 1
    several, _ = colorizer.colorize(grey, candidates=2, return_confidence=True)
    assert len(several) == 2
    assert len(colorizer.colorize(grey, candidates=1)) == 1


def test_in_color(put: Put, colorizer: Colorizer) -> None:
    source = put("a.png", color=True)
    with pytest.raises(photochrom.AlreadyColorError, match="force=True"):
        colorizer.colorize(source)
    with pytest.raises(photochrom.AlreadyColorError):
        colorizer.colorize(np.asarray(Image.open(source)))
    assert colorizer.colorize(np.asarray(Image.open(source)), force=True).shape == (40, 56, 3)


def test_the_whole_public_surface_is_there() -> None:
    for name in photochrom.__all__:
        assert getattr(photochrom, name) is not None
    with pytest.raises(AttributeError, match="nonesuch"):
        photochrom.nonesuch  # type: ignore[attr-defined]  # noqa: B018


USER = """
from pathlib import Path
from typing import assert_type
import numpy as np
from numpy.typing import NDArray
from PIL import Image
import photochrom

c = photochrom.Colorizer()
array: NDArray[np.uint8] = np.zeros((4, 4), np.uint8)
assert_type(photochrom.colorize("a.jpg"), Path)
assert_type(c.colorize(Path("a.jpg"), candidates=3), list[Path])
assert_type(c.colorize(b"", strength=0.5), bytes)
assert_type(c.colorize(array), NDArray[np.uint8])
picture, sure = c.colorize(array, return_confidence=True)
assert_type(picture, NDArray[np.uint8])
assert_type(sure, NDArray[np.float32])
both = c.colorize(b"", candidates=2, return_confidence=True, hints=(photochrom.Hint(0.5, 0.5, "#ff0000"),))
assert_type(both, tuple[list[bytes], NDArray[np.float32]])
try:
    photochrom.colorize("a.jpg")
except photochrom.PhotochromError as error:
    assert_type(error.code, str)
"""


def test_a_users_project_passes_mypy_strict(tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(USER)
    (tmp_path / "wrong.py").write_text("import photochrom\nphotochrom.colorize('a.jpg', strenght=1)\n")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run([*command, "user.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    wrong = subprocess.run([*command, "wrong.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert wrong.returncode == 1
    assert "strenght" in wrong.stdout
