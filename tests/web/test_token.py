"""A token, and everything that is not it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI

from photochrom.web import token
from photochrom.web.token import TokenAuth

TOKEN = "a token of 24 characters"


def app_of(word: str = TOKEN) -> FastAPI:
    app = FastAPI()
    app.add_middleware(TokenAuth, token=word, is_open=lambda scope: scope["path"] == "/open")

    @app.get("/open")
    @app.get("/closed")
    async def read() -> str:
        return "read"

    return app


def test_the_right_token_opens_what_is_not_open(asgi_client: Any) -> None:
    client = asgi_client(app_of())
    refused = client.get("/closed")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert "token" in refused.json()["detail"]
    assert client.get("/nothing").status_code == 401
    assert client.get("/open").status_code == 200
    assert client.get("/closed", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        "",
        TOKEN,
        f"Basic {TOKEN}",
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN.upper()}",
        b"Bearer \xff\xfe",
        f"Bearer {'x' * 5000}",
    ],
)
def test_no_other_token_will_do(asgi_client: Any, given: str | bytes) -> None:
    assert asgi_client(app_of()).get("/closed", headers=[(b"Authorization", given)]).status_code == 401  # type: ignore[list-item]


def test_tokens_are_compared_in_constant_time(asgi_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is sent, `compare_digest` sees two strings of one length, neither of them the token."""
    seen: list[tuple[bytes, bytes]] = []
    compare = token.hmac.compare_digest
    monkeypatch.setattr(token.hmac, "compare_digest", lambda a, b: seen.append((a, b)) or compare(a, b))
    client = asgi_client(app_of())
    for given in ("", "x", TOKEN, "x" * 500):
        client.get("/closed", headers={"Authorization": f"Bearer {given}"})
    assert len(seen) == 4
    assert {len(each) for pair in seen for each in pair} == {32}
    assert not any(TOKEN.encode() in pair for pair in seen)


def test_any_scheme_case_and_a_token_in_another_script(asgi_client: Any) -> None:
    client = asgi_client(app_of("секрет-фото"))
    for scheme in ("bearer", "BEARER"):
        header = f"{scheme} секрет-фото".encode()
        assert client.get("/closed", headers=[(b"Authorization", header)]).status_code == 200  # type: ignore[list-item]


def test_a_websocket_is_closed() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    auth = TokenAuth(lambda *_: None, token=TOKEN, is_open=lambda _: True)  # type: ignore[arg-type,return-value]
    asyncio.run(auth({"type": "websocket"}, None, send))  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1008}]
