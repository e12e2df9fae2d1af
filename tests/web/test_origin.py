"""Requests that the pages of other sites send."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI

from photochrom.web.origin import OriginCheck


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://studio"}, 200),
        ({"Origin": "http://studio:8000"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://outside-of-the-proxy.example"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_other_sites_cannot_send(asgi_client: Any, headers: dict[str, str], status: int) -> None:
    app = FastAPI()
    app.add_middleware(OriginCheck)

    @app.api_route("/", methods=["GET", "POST", "DELETE"])
    async def answer() -> str:
        return "here"

    client = asgi_client(app)
    assert client.post("/", headers=headers).status_code == status
    assert client.request("DELETE", "/", headers=headers).status_code == status
    assert client.get("/", headers=headers).status_code == 200
