"""The middleware around a small application: which limits the settings set, and in which order they stand."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI, Request

from photochrom.studio.limits import guard
from photochrom.studio.settings import Settings
from photochrom.web.headers import HEADERS

TOKEN = "a token of 24 characters"


def app_of(**settings: Any) -> FastAPI:
    app = FastAPI()
    guard(app, Settings(**settings))

    @app.get("/")
    @app.get("/static/studio.css")
    @app.get("/healthz")
    @app.get("/api/models")
    async def read() -> str:
        return "read"

    @app.post("/api/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.get("/api/broken")
    async def broken() -> None:
        raise RuntimeError("grandmother-1931.jpg")

    return app


@pytest.mark.parametrize(
    ("path", "open_to_all"),
    [
        ("/", True),
        ("/static/studio.css", True),
        ("/healthz", True),
        ("/api/models", False),
        ("/metrics", False),
        ("/openapi.json", False),
        ("/static", False),
        ("/nothing/here", False),
    ],
)
def test_the_token_guards_all_but_the_page(asgi_client: Any, path: str, open_to_all: bool) -> None:
    client = asgi_client(app_of(token=TOKEN))
    assert (client.get(path).status_code == 401) is not open_to_all
    assert client.post(path).status_code == 401
    assert client.get(path, headers={"Authorization": f"Bearer {TOKEN}"}).status_code != 401
    assert asgi_client(app_of()).get(path).status_code != 401


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", {}, 200),
        ("GET", "/nothing", {}, 404),
        ("GET", "/api/broken", {}, 500),
        ("POST", "/api/raw", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("POST", "/api/raw", {"Content-Length": "2000"}, 413),
    ],
)
def test_every_answer_carries_the_headers_and_is_counted(
    asgi_client: Any,
    method: str,
    path: str,
    headers: dict[str, str],
    status: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    client = asgi_client(app_of(max_bytes=1024))
    got = client.request(method, path, headers=headers)
    assert got.status_code == status
    assert {name: got.headers.get(name) for name in HEADERS} == HEADERS
    assert f'status="{status}"'.encode() in client.app.state.telemetry.text()
    out, err = capsys.readouterr()
    assert "grandmother" not in out + err + got.text


def test_a_client_may_make_so_many_requests_and_any_number_of_health_checks(asgi_client: Any) -> None:
    client = asgi_client(app_of(requests_per_minute=3))
    assert [client.get("/api/models").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert client.get("/healthz").status_code == 200
