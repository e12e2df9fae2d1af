"""The options of a run and those of a row."""

from __future__ import annotations

import json

import pytest

from photochrom.engine.hints import Hint
from photochrom.engine.options import Options
from photochrom.errors import OptionError
from photochrom.jobs.bulk_request import request_of, row_key
from photochrom.pipeline.request import ColorizeRequest

BASE = ColorizeRequest(Options(strength=0.8, seed=3), format="PNG")
POINT = {"x": 0.5, "y": 0.25, "color": "#a06040"}


def test_a_row_changes_only_what_it_names() -> None:
    assert request_of(BASE, "") is BASE
    found = request_of(BASE, json.dumps({"strength": 1.2, "force": True, "format": "jpg"}))
    assert found == ColorizeRequest(Options(strength=1.2, seed=3), format="JPEG", force=True)
    assert request_of(BASE, '{"warmth": 0.5}').options.warmth == 0.5


@pytest.mark.parametrize("hints", [[POINT], {"hints": [POINT]}, json.dumps([POINT])])
def test_hints_of_a_row(hints: object) -> None:
    found = request_of(BASE, json.dumps({"hints": hints}))
    assert found.options.hints == (Hint(0.5, 0.25, "#a06040"),)


@pytest.mark.parametrize(
    "options",
    [
        {"strength": 9},
        {"strength": "much"},
        {"quality": "worst"},
        {"format": "GIF87"},
        {"hints": "[{"},
        {"hints": [{"x": 1}]},
        {"jpeg_quality": 0},
    ],
)
def test_what_is_wrong_with_a_row_is_an_option_error(options: dict[str, object]) -> None:
    with pytest.raises(OptionError) as caught:
        request_of(BASE, json.dumps(options))
    assert "\n" not in str(caught.value)


def test_a_key_stands_for_what_decides_the_result() -> None:
    def key(request: ColorizeRequest = BASE, model: str = "m", comparisons: bool = False) -> str:
        return row_key(request, model, comparisons=comparisons)

    same = ColorizeRequest(BASE.options, format="PNG", salvage=True, max_pixels=5)
    assert key() == key(same)
    others = [
        key(ColorizeRequest(Options(strength=0.7, seed=3), format="PNG")),
        key(ColorizeRequest(BASE.options)),
        key(ColorizeRequest(Options(strength=0.8, seed=3, candidates=2), format="PNG")),
        key(model="other"),
        key(comparisons=True),
    ]
    assert len({key(), *others}) == 6
