"""Which photos are refused: those in colour, and those whose colours were inferred before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import AlreadyColorError, Remedy
from photochrom.media import photo, provenance
from photochrom.pipeline.policy import check_color

Put = Callable[..., Path]


def test_a_grey_photo_and_a_sepia_one_may_be_colorized(put: Put, tmp_path: Path) -> None:
    path = put("grey.png")
    check_color(photo.open(path))
    grey = np.asarray(Image.open(path))
    # Sepia: every pixel has one hue, only the lightness changes.
    Image.fromarray(np.stack([grey, grey * 0.85, grey * 0.7], axis=-1).astype(np.uint8)).save(path)
    check_color(photo.open(path))


def test_a_photo_in_color_is_refused(put: Put) -> None:
    with pytest.raises(AlreadyColorError, match=r"color\.png: is in colour already") as raised:
        check_color(photo.open(put("color.png", color=True)))
    assert (raised.value.code, raised.value.remedy) == ("in_color", Remedy.FORCE)


def test_the_mark_of_a_result_counts_before_its_pixels(put: Put) -> None:
    for name, color in (("pale.png", False), ("color.png", True)):
        opened = photo.open(put(name, color=color))
        provenance.mark(opened, "eccv16", "1.0")
        with pytest.raises(AlreadyColorError, match=f"{name}: was colorized before, by eccv16") as raised:
            check_color(opened)
        assert raised.value.code == "colorized"
