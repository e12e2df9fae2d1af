"""``GET /api/models``: the models of the package, and which is in use."""

from __future__ import annotations

from typing import Any

from photochrom.engine.models import available


def test_models(studio: Any) -> None:
    listed = studio.http.get("/api/models").json()
    assert {each["name"] for each in listed} == {info.name for info in available()}
    assert [each["name"] for each in listed if each["default"]] == ["photochrom"]
    for each in listed:
        assert set(each) == {
            "name",
            "description",
            "licence",
            "parameters",
            "bytes",
            "default",
            "distribution",
        }
    assert listed[0]["distribution"] is True
