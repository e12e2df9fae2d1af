"""Looks in the API: the list, and the field `look` of each request."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom.pipeline.looks import LOOKS, parse_look


def test_the_list_has_every_look_with_its_options(studio: Any) -> None:
    listed = studio.http.get("/api/looks").json()
    assert [each["name"] for each in listed] == list(LOOKS)
    for each in listed:
        assert parse_look({key: value for key, value in each.items() if key != "name"}) == LOOKS[each["name"]]


def test_a_form_and_a_view_take_a_look(studio: Any, grey: bytes, pixels: Any) -> None:
    given = {"file": ("a.jpg", grey)}
    warm, cool = (
        pixels(studio.http.post("/api/colorize", files=given, data={"look": look}).content).astype(int)
        for look in ("warmer", "cooler")
    )
    assert (warm - cool)[..., 0].mean() > 3
    path = studio.photo(grey)
    seen = [
        pixels(studio.http.post(f"{path}/view", json=body).content).astype(int)
        for body in ({"look": "warmer"}, {"strength": 1.1, "warmth": 0.8}, {"look": "warmer", "strength": 0})
    ]
    assert np.array_equal(seen[0], seen[1])
    assert np.ptp(seen[2], axis=2).max() < 3


@pytest.mark.parametrize("look", ["vivid", "/etc/hostname.json", "../looks.toml", ""])
def test_a_look_is_a_name_and_never_a_file(studio: Any, grey: bytes, look: str) -> None:
    answer = studio.http.post(f"{studio.photo(grey)}/view", json={"look": look})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("look: must be one of natural, fuller, ")


def test_a_view_of_a_given_side(studio: Any, make_photo: Any) -> None:
    path = studio.photo(make_photo(200, 100))
    for side, size in ((64, (64, 32)), (4096, (200, 100))):
        data = studio.http.post(f"{path}/view", json={"side": side}).content
        assert Image.open(io.BytesIO(data)).size == size
