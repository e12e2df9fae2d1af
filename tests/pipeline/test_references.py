"""References opened: any colour picture, and a sentence for everything else."""

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import photochrom
from photochrom.errors import PhotoError, UnsupportedError
from photochrom.pipeline.references import open_reference


def jpeg(rgb: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=95)
    return out.getvalue()


def test_every_kind_of_source_opens(astronaut: np.ndarray, tmp_path: Path) -> None:
    data = jpeg(astronaut)
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    for source in (path, str(path), data, io.BytesIO(data)):
        found = open_reference(source)
        assert found.digest == hashlib.sha256(data).hexdigest()
        assert max(found.rgb.shape) == 256
        expected = np.asarray(Image.fromarray(astronaut).resize((256, 256), Image.Resampling.BOX), int)
        assert np.abs(found.rgb.astype(int) - expected).mean() < 3
    assert open_reference(path).name.endswith("a.jpg")
    for source in (astronaut, Image.fromarray(astronaut)):
        assert len(open_reference(source).digest) == 64
    assert open_reference(found) is found


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda rgb: jpeg(np.repeat(rgb[..., :1], 3, axis=2)),
            "x.jpg: is not in colour, and a reference must be",
        ),
        (lambda rgb: jpeg(rgb[:20, :200]), "x.jpg: is too small for a reference"),
        (lambda rgb: jpeg(rgb)[:300], "x.jpg: "),
        (lambda rgb: b"no picture", "x.jpg: "),
        (lambda rgb: b"", "x.jpg: "),
    ],
)
def test_what_is_no_reference_is_said(astronaut: np.ndarray, make: Any, words: str) -> None:
    with pytest.raises(PhotoError) as caught:
        open_reference(make(astronaut), name="x.jpg")
    assert caught.value.sentence().startswith(words)


def test_a_huge_one_is_refused_before_it_is_decoded(astronaut: np.ndarray) -> None:
    with pytest.raises(photochrom.TooLargeError):
        open_reference(jpeg(astronaut), max_pixels=1000)


def test_a_toned_print_is_no_reference(astronaut: np.ndarray) -> None:
    grey = astronaut.mean(axis=2, keepdims=True)
    sepia = np.clip(grey * [1.0, 0.85, 0.65], 0, 255).astype(np.uint8)
    with pytest.raises(UnsupportedError, match="not in colour"):
        open_reference(jpeg(sepia))


def test_python_takes_references_and_records_them(astronaut: np.ndarray, tmp_path: Path) -> None:
    data = jpeg(astronaut[:256, :256])
    path = tmp_path / "same.jpg"
    path.write_bytes(data)
    grey = np.asarray(Image.fromarray(astronaut[:256, :256]).convert("L"))
    plain, taken = photochrom.colorize(grey), photochrom.colorize(grey, references=(path,))
    true = astronaut[:256, :256].astype(int)
    assert np.abs(taken - true).mean() < 0.5 * np.abs(plain - true).mean()
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "PNG")
    from photochrom.media import provenance

    mark = provenance.read(photochrom.colorize(out.getvalue(), references=(data,)))
    assert mark is not None
    assert hashlib.sha256(data).hexdigest() in mark.options
    with pytest.raises(photochrom.OptionError, match="at most"):
        photochrom.colorize(grey, references=(data,) * 9)
