"""Headers of every answer, and what is no HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI, Response

from photochrom.web.body import BodyLimit
from photochrom.web.headers import HEADERS, SecurityHeaders
from photochrom.web.origin import OriginCheck
from photochrom.web.rate import RateLimit
from photochrom.web.unexpected import UnexpectedErrors


def test_every_answer_carries_the_headers_that_the_application_did_not_set(asgi_client: Any) -> None:
    app = FastAPI()
    app.add_middleware(SecurityHeaders)

    @app.get("/")
    async def page() -> Response:
        return Response(headers={"cache-control": "no-cache"})

    client = asgi_client(app)
    missing, found = client.get("/nothing"), client.get("/")
    assert {name: missing.headers.get(name) for name in HEADERS} == HEADERS
    assert {name: found.headers.get(name) for name in HEADERS} == HEADERS | {"Cache-Control": "no-cache"}


def test_the_policy_allows_nothing_from_elsewhere() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "http" not in policy


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
def test_what_is_no_request_passes_all_middleware(kind: str) -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    layers: list[Callable[[Any], Any]] = [
        SecurityHeaders,
        UnexpectedErrors,
        OriginCheck,
        lambda inner: RateLimit(inner, per_minute=1),
        lambda inner: BodyLimit(inner, most=1, seconds=1),
    ]
    for layer in layers:
        asyncio.run(layer(app)({"type": kind}, None, None))
    assert seen == [kind] * 5
