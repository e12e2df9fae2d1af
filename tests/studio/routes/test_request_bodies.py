"""Fields of forms and the JSON of the live view, as requests to the pipeline."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any

import pytest
from fastapi import Request

from photochrom.engine.hints import Hint
from photochrom.engine.options import Options
from photochrom.pipeline.request import ColorizeRequest
from photochrom.studio.api_error import ApiError
from photochrom.studio.routes.request_bodies import (
    Appearance,
    ColorizeForm,
    Position,
    body_of,
    colorize_request,
    document,
)


def test_a_form_without_fields_is_the_default() -> None:
    assert colorize_request({}, 16) == ColorizeRequest()
    assert colorize_request({"strength": " ", "hints": ""}, 16) == ColorizeRequest()


def test_every_field_reaches_the_request() -> None:
    fields = {
        "look": "cooler",
        "strength": "0.5",
        "warmth": "0.25",
        "size": "256",
        "quality": "best",
        "colorfulness": "0.4",
        "candidates": "3",
        "seed": "9",
        "format": "jpg",
        "force": "true",
        "salvage": "true",
        "jpeg_quality": "80",
        "hints": '{"hints": [{"x": 0.5, "y": 0.25, "color": "#a06040"}]}',
    }
    assert set(fields) == set(ColorizeForm.model_fields)
    hints = (Hint(0.5, 0.25, "#a06040"),)
    options = Options(
        strength=0.5,
        warmth=0.25,
        size=256,
        quality="best",
        colorfulness=0.4,
        candidates=3,
        seed=9,
        hints=hints,
    )
    assert colorize_request(fields, 16) == ColorizeRequest(options, "JPEG", 80, force=True, salvage=True)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"strength": "2"}, "strength: "),
        ({"colour": "more"}, "colour: "),
        ({"format": "gif"}, "format: must be one of jpeg, "),
        ({"candidates": "5"}, "candidates: this server makes at most 4 at once"),
        ({"hints": "red"}, "hints: is not JSON"),
        ({"hints": "[" * 100_000}, "hints: "),
        ({"seed": "9223372036854775808"}, "seed: "),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, str], words: str) -> None:
    with pytest.raises(ApiError) as raised:
        colorize_request(fields, 4)
    assert raised.value.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert str(raised.value).startswith(words)


def test_a_look_replaces_the_look_of_the_photo_and_keeps_the_rest() -> None:
    sent = ColorizeRequest(Options(size=128, candidates=2, strength=0.2), "PNG", 70, force=True)
    look = Appearance(strength=1.5, seed=4, quality="fast")
    made = look.applied_to(sent, 16)
    options = Options(size=128, candidates=2, strength=1.5, seed=4, quality="fast")
    assert made == ColorizeRequest(options, "PNG", 70, force=True)
    assert Appearance(format="webp").applied_to(sent, 16).format == "WEBP"
    # Candidate 3 of a photo that was sent for two: there must be four.
    assert Appearance(candidate=3).applied_to(sent, 16).options.candidates == 4
    for wrong, words in (
        (Appearance(candidate=2, candidates=2), "candidate: 2 is not one of 2"),
        (Appearance(candidate=3), "candidates: this server makes at most 3 at once"),
    ):
        with pytest.raises(ApiError) as raised:
            wrong.applied_to(sent, 3)
        assert str(raised.value).startswith(words)


def body(data: bytes) -> Position:
    async def read() -> Position:
        parts = [data[start : start + 50_000] for start in range(0, len(data), 50_000)]

        async def receive() -> dict[str, Any]:
            part = parts.pop(0) if parts else b""
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        return await body_of(Request({"type": "http", "headers": []}, receive), Position)

    return asyncio.run(read())


def test_a_body_of_json() -> None:
    assert body(b'{"x": 0, "y": 1}') == Position(x=0, y=1)
    for data, status, words in (
        (b"", 422, "x: "),
        (b'{"x": 0, "y": 1.01}', 422, "y: "),
        (b"\xff", 422, ""),
        (b" " * 131_073, 413, "at most 128 KiB of JSON are taken"),
    ):
        with pytest.raises(ApiError) as raised:
            body(data)
        assert raised.value.status == status
        assert str(raised.value).startswith(words)


def test_the_description_refers_to_nothing_and_has_no_null() -> None:
    for described in (
        document(Appearance),
        document(ColorizeForm, files=False),
        document(ColorizeForm, files=True),
    ):
        text = json.dumps(described)
        assert "$ref" not in text
        assert "null" not in text
    one, several = (
        document(ColorizeForm, files=many)["requestBody"]["content"]["multipart/form-data"]["schema"]
        for many in (False, True)
    )
    photo = {"type": "string", "format": "binary"}
    assert one["properties"]["file"] == photo
    assert several["properties"]["file"] == {"type": "array", "items": photo, "minItems": 1}
    assert one["required"] == several["required"] == ["file"]
