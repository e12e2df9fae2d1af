"""What may be asked, and what of it decides the pixels."""

from __future__ import annotations

import json

import pytest

from photochrom.engine.hints import Hint
from photochrom.engine.options import Options
from photochrom.errors import OptionError
from photochrom.pipeline.request import ColorizeRequest


def test_out_of_range() -> None:
    with pytest.raises(OptionError, match="jpeg_quality must be between 1 and 100, got 0"):
        ColorizeRequest(jpeg_quality=0)


def test_what_is_recorded() -> None:
    plain = ColorizeRequest()
    assert plain.recorded(1, "f") == '{"model":"f"}'
    assert ColorizeRequest(force=True, salvage=True, max_pixels=9).recorded(1, "f") == plain.recorded(1, "f")
    several = ColorizeRequest(Options(candidates=3, seed=2), jpeg_quality=80)
    assert json.loads(several.recorded(1, "f")) == {"jpeg_quality": 80, "model": "f"}
    assert json.loads(several.recorded(2, "f")) == {
        "candidates": 3,
        "jpeg_quality": 80,
        "model": "f",
        "seed": 2,
    }
    hinted = ColorizeRequest(Options(hints=(Hint(0.5, 0.25, "#ff0000"), Hint(0, 1, reach="keep"))))
    assert json.loads(hinted.recorded(1, "f"))["hints"] == [
        {"x": 0.5, "y": 0.25, "color": "#ff0000", "reach": "thing"},
        {"x": 0, "y": 1, "reach": "keep"},
    ]
