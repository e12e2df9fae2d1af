"""The limits around a small app of the tests' own: what is let through, what is refused, and with which words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, UploadFile
from starlette.responses import StreamingResponse

from photochrom.studio import bodies, limits
from photochrom.studio.bodies import Bodies
from photochrom.studio.limits import HEADERS, Rate, guard, network
from photochrom.studio.settings import Settings

TOKEN = "a token of 24 characters"


def small_app(**settings: Any) -> FastAPI:
    app = FastAPI()
    guard(app, Settings(**settings))

    @app.get("/")
    @app.get("/static/studio.css")
    @app.get("/healthz")
    @app.get("/api/models")
    async def read() -> str:
        return "read"

    @app.post("/api/colorize")
    async def form(file: UploadFile) -> int:
        return len(await file.read())

    @app.post("/api/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.post("/api/deaf")
    async def deaf() -> str:
        return "did not look"

    @app.get("/api/broken")
    async def broken() -> None:
        raise RuntimeError("grandmother-1931.jpg")

    @app.get("/api/half")
    async def half() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"half of "
            raise RuntimeError("grandmother-1931.jpg")

        return StreamingResponse(parts())

    return app


def ask(app: Any, method: str, path: str, **more: Any) -> httpx.Response:
    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://studio") as client:
            return await client.request(method, path, **more)

    return asyncio.run(go())


class Wire:
    """Speaks ASGI by hand: gives the parts of a body one by one, and notes how many were taken."""

    def __init__(self, parts: Iterable[bytes | float | None], **headers: str) -> None:
        self.parts = list(parts)
        self.taken = 0
        self.sent: list[dict[str, Any]] = []
        self.taken_at_answer: int | None = None
        lines = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
        self.scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/raw",
            "headers": lines,
            "client": ("192.0.2.1", 1),
            "query_string": b"",
            "scheme": "http",
            "server": ("studio", 80),
        }

    async def receive(self) -> dict[str, Any]:
        if self.taken == len(self.parts):
            return {"type": "http.disconnect"}
        part = self.parts[self.taken]
        self.taken += 1
        if part is None:
            return {"type": "http.disconnect"}
        if isinstance(part, float):
            await asyncio.sleep(part)
            part = b"-"
        return {"type": "http.request", "body": part, "more_body": self.taken < len(self.parts)}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.taken_at_answer = self.taken
        self.sent.append(message)

    def run(self, app: Any, path: str = "/api/raw") -> tuple[int, Any]:
        asyncio.run(app({**self.scope, "path": path}, self.receive, self.send))
        assert not self.sent[-1].get("more_body", False)
        body = b"".join(message.get("body", b"") for message in self.sent[1:])
        return self.sent[0]["status"], json.loads(body)

    def header(self, name: bytes) -> bytes | None:
        return dict(self.sent[0]["headers"]).get(name)


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
def test_the_token_guards_all_but_the_page(path: str, open_to_all: bool) -> None:
    app = small_app(token=TOKEN)
    refused = ask(app, "GET", path)
    assert (refused.status_code == 401) is not open_to_all
    if not open_to_all:
        assert refused.headers["www-authenticate"] == "Bearer"
        assert "token" in refused.json()["detail"]
    assert ask(app, "GET", path, headers={"Authorization": f"Bearer {TOKEN}"}).status_code != 401
    assert ask(small_app(), "GET", path).status_code != 401


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
def test_no_other_token_will_do(given: str | bytes) -> None:
    app = small_app(token=TOKEN)
    assert ask(app, "GET", "/api/models", headers=[(b"Authorization", given)]).status_code == 401  # type: ignore[list-item]
    assert ask(app, "POST", "/static/studio.css").status_code == 401


def test_tokens_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is sent, `compare_digest` sees two strings of one length, neither of them the token."""
    seen: list[tuple[bytes, bytes]] = []
    compare = limits.hmac.compare_digest
    monkeypatch.setattr(limits.hmac, "compare_digest", lambda a, b: seen.append((a, b)) or compare(a, b))
    app = small_app(token=TOKEN)
    for given in ("", "x", TOKEN, "x" * 500):
        ask(app, "GET", "/api/models", headers={"Authorization": f"Bearer {given}"})
    assert len(seen) == 4
    assert {len(each) for pair in seen for each in pair} == {32}
    assert not any(TOKEN.encode() in pair for pair in seen)


def test_any_scheme_case_and_a_token_in_another_script() -> None:
    app = small_app(token="секрет-фото")
    for scheme in ("bearer", "BEARER"):
        header = f"{scheme} секрет-фото".encode()
        assert ask(app, "GET", "/api/models", headers=[(b"Authorization", header)]).status_code == 200  # type: ignore[list-item]


@pytest.mark.parametrize("path", ["/", "/api/models", "/nothing", "/api/broken"])
def test_every_answer_carries_the_headers(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    got = ask(small_app(), "GET", path)
    assert {name: got.headers.get(name) for name in HEADERS} == HEADERS
    policy = got.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy


def test_an_error_is_reported_without_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    got = ask(small_app(), "GET", "/api/broken")
    assert got.status_code == 500
    assert list(got.json()) == ["detail"]
    ask(small_app(), "GET", "/api/half")
    out, err = capsys.readouterr()
    assert err.count("RuntimeError at test_limits.py") == 2
    assert "grandmother" not in out + err + got.text


@pytest.mark.parametrize("length", ["1025", "5368709120", "9" * 30, "9" * 5000])
def test_an_announced_length_is_refused_before_a_byte_is_read(length: str) -> None:
    wire = Wire([b"x" * 1025], content_length=length)
    status, answer = wire.run(small_app(max_bytes=1024))
    assert status == 413
    assert answer == {"detail": "the request is too large; at most 1,024 bytes are taken"}
    assert wire.taken_at_answer == 0
    assert wire.header(b"connection") == b"close"


@pytest.mark.parametrize("path", ["/api/raw", "/api/colorize"])
def test_a_streamed_body_is_refused_where_it_passes_the_limit(path: str) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    wire = Wire(
        [head, *[b"x" * 100] * 50, b"\r\n--x--\r\n"],
        transfer_encoding="chunked",
        content_type="multipart/form-data; boundary=x",
    )
    status, _ = wire.run(small_app(max_bytes=1024), path)
    assert status == 413
    assert wire.taken_at_answer is not None
    assert wire.taken_at_answer <= 12
    assert wire.header(b"connection") == b"close"


def test_a_body_at_the_limit_is_taken() -> None:
    wire = Wire([b"x" * 512] * 2, content_length="1024")
    assert wire.run(small_app(max_bytes=1024)) == (200, 1024)
    assert wire.header(b"connection") is None
    assert ask(small_app(max_bytes=1024), "POST", "/api/colorize", files={"file": b"x" * 512}).json() == 512


def test_a_slow_body_ends() -> None:
    wire = Wire([b"x", *[0.02] * 1000], transfer_encoding="chunked")
    status, answer = wire.run(small_app(body_seconds=0.1, max_bytes=2000))
    assert status == 408
    assert "too slowly" in answer["detail"]
    assert wire.taken_at_answer is not None
    assert wire.taken_at_answer == wire.taken < 20


def test_a_large_body_may_take_longer_while_it_keeps_coming() -> None:
    """The second part comes after the allowed time, and what came first has paid for it; then time is up."""
    paid = b"x" * 30 * bodies.SLOWEST_RATE
    assert Wire([paid, 0.3, b"x"], transfer_encoding="chunked").run(small_app(body_seconds=0.1))[0] == 200
    assert Wire([b"x", 0.3, b"x"], transfer_encoding="chunked").run(small_app(body_seconds=0.1))[0] == 408


def test_bodies_on_their_way_are_limited_together() -> None:
    app = small_app(max_bytes=1024)
    wires = [Wire([b"x" * 1000, 0.05, b"x"], transfer_encoding="chunked") for _ in range(6)]

    async def together() -> None:
        await asyncio.gather(*(app(wire.scope, wire.receive, wire.send) for wire in wires))

    asyncio.run(together())
    assert [wire.sent[0]["status"] for wire in wires] == [200] * 4 + [429] * 2
    assert wires[-1].header(b"retry-after")
    assert Wire([b"x" * 1000]).run(app)[0] == 200  # all of it was given back


def test_an_answer_before_the_end_of_the_body_reaches_who_only_writes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wire = Wire([b"x"] * 20, transfer_encoding="chunked")
    assert wire.run(small_app(), "/api/deaf") == (200, "did not look")
    assert (wire.taken_at_answer, wire.taken) == (0, 20)
    assert wire.header(b"connection") == b"close"
    monkeypatch.setattr(bodies, "LINGER_BYTES", 5)
    wire = Wire([b"x"] * 20, transfer_encoding="chunked")
    wire.run(small_app(), "/api/deaf")
    assert wire.taken == 5
    monkeypatch.setattr(bodies, "LINGER_SECONDS", 0.05)
    wire = Wire([30.0] * 20, transfer_encoding="chunked")
    wire.run(small_app(), "/api/deaf")
    assert wire.taken == 1


@pytest.mark.parametrize("path", ["/api/raw", "/api/colorize"])
def test_a_client_that_leaves_is_no_error(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    wire = Wire([b"--x\r\n", None], content_length="1000", content_type="multipart/form-data; boundary=x")
    asyncio.run(small_app()({**wire.scope, "path": path}, wire.receive, wire.send))
    assert not any(message.get("status", 0) >= 500 for message in wire.sent)
    assert capsys.readouterr() == ("", "")


def test_a_client_may_make_so_many_requests() -> None:
    app = small_app(requests_per_minute=3)
    got = [ask(app, "GET", "/api/models") for _ in range(4)]
    assert [each.status_code for each in got] == [200, 200, 200, 429]
    assert 1 <= int(got[-1].headers["retry-after"]) <= 20
    assert "3 a minute" in got[-1].json()["detail"]
    assert ask(app, "GET", "/healthz").status_code == 200


def test_the_rate_over_time_by_client_and_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    rate = Rate(lambda *_: None, per_minute=60, clock=lambda: now)  # type: ignore[arg-type,return-value]
    assert [rate.wait("a") for _ in range(60)] == [0] * 60
    assert rate.wait("a") == pytest.approx(1)
    assert rate.wait("a") == pytest.approx(1)  # asking too early costs nothing more
    assert rate.wait("b") == 0
    now += 1
    assert rate.wait("a") == 0
    assert rate.wait("a") == pytest.approx(1)
    now += 3600
    assert [rate.wait("a") for _ in range(60)] == [0] * 60
    assert len(rate.used_up) == 1  # b was forgotten
    monkeypatch.setattr(limits, "MOST_CLIENTS", 100)
    for number in range(1000):
        rate.wait(str(number))
    assert len(rate.used_up) == 100


@pytest.mark.parametrize(
    ("client", "known_by"),
    [
        (("192.0.2.7", 5), "192.0.2.7"),
        (("::ffff:192.0.2.7", 5), "192.0.2.7"),
        (("2001:db8:1:2:3:4:5:6", 5), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:ffff::", 5), "2001:db8:1:2::/64"),
        (("testclient", 5), "testclient"),
        (("x" * 1000, 5), "x" * 64),
        (None, ""),
    ],
)
def test_clients(client: Any, known_by: str) -> None:
    assert network(client) == known_by


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
def test_other_sites_cannot_send(headers: dict[str, str], status: int) -> None:
    assert ask(small_app(), "POST", "/api/deaf", headers=headers).status_code == status
    assert ask(small_app(), "GET", "/api/models", headers=headers).status_code == 200


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
def test_what_is_no_request_passes(kind: str) -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    layers: list[Callable[[Any], Any]] = [
        limits.Shield,
        limits.Origin,
        lambda inner: Rate(inner, per_minute=1),
        lambda inner: Bodies(inner, most=1, seconds=1),
    ]
    for layer in layers:
        asyncio.run(layer(app)({"type": kind}, None, None))
    assert seen == [kind] * 4


def test_a_websocket_needs_the_token_too() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(limits.Token(lambda *_: None, token=TOKEN)({"type": "websocket"}, None, send))  # type: ignore[arg-type,return-value]
    assert sent == [{"type": "websocket.close", "code": 1008}]
