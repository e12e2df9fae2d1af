"""Bodies that are too large, too slow, too many or cut short."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI, Request, UploadFile

from photochrom.web import body
from photochrom.web.answers import HANDLERS
from photochrom.web.body import BodyLimit


def small_app(*, most: int = 1 << 20, seconds: float = 60) -> FastAPI:
    app = FastAPI()
    app.add_middleware(BodyLimit, most=most, seconds=seconds)
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)

    @app.post("/form")
    async def form(file: UploadFile) -> int:
        return len(await file.read())

    @app.post("/")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.post("/deaf")
    async def deaf() -> str:
        return "did not look"

    return app


@pytest.mark.parametrize("length", ["1025", "5368709120", "9" * 30, "9" * 5000])
def test_an_announced_length_is_refused_before_a_byte_is_read(wire: Any, length: str) -> None:
    sent = wire([b"x" * 1025], content_length=length)
    status, answer = sent.run(small_app(most=1024))
    assert status == 413
    assert answer == {"detail": "the request is too large; at most 1,024 bytes are taken"}
    assert sent.taken_at_answer == 0
    assert sent.header(b"connection") == b"close"


@pytest.mark.parametrize("path", ["/", "/form"])
def test_a_streamed_body_is_refused_where_it_passes_the_limit(wire: Any, path: str) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    sent = wire(
        [head, *[b"x" * 100] * 50, b"\r\n--x--\r\n"],
        transfer_encoding="chunked",
        content_type="multipart/form-data; boundary=x",
    )
    sent.scope["path"] = path
    status, _ = sent.run(small_app(most=1024))
    assert status == 413
    assert sent.taken_at_answer is not None
    assert sent.taken_at_answer <= 12
    assert sent.header(b"connection") == b"close"


def test_a_body_at_the_limit_is_taken(asgi_client: Any, wire: Any) -> None:
    sent = wire([b"x" * 512] * 2, content_length="1024")
    assert sent.run(small_app(most=1024)) == (200, 1024)
    assert sent.header(b"connection") is None
    client = asgi_client(small_app(most=1024))
    assert client.post("/form", files={"file": b"x" * 512}).json() == 512


def test_a_slow_body_ends(wire: Any) -> None:
    sent = wire([b"x", *[0.02] * 1000], transfer_encoding="chunked")
    status, answer = sent.run(small_app(seconds=0.1, most=2000))
    assert status == 408
    assert "too slowly" in answer["detail"]
    assert sent.taken_at_answer is not None
    assert sent.taken_at_answer == sent.taken < 20


def test_a_large_body_may_take_longer_while_it_keeps_coming(wire: Any) -> None:
    """The second part comes after the allowed time. It is taken only if the first part was large enough."""
    large = b"x" * 30 * body.SLOWEST_RATE
    app = small_app(seconds=0.1)
    assert wire([large, 0.3, b"x"], transfer_encoding="chunked").run(app)[0] == 200
    assert wire([b"x", 0.3, b"x"], transfer_encoding="chunked").run(app)[0] == 408


def test_bodies_on_their_way_are_limited_together(wire: Any) -> None:
    app = small_app(most=1024)
    wires = [wire([b"x" * 1000, 0.05, b"x"], transfer_encoding="chunked") for _ in range(6)]

    async def together() -> None:
        await asyncio.gather(*(app(each.scope, each.receive, each.send) for each in wires))

    asyncio.run(together())
    assert [each.sent[0]["status"] for each in wires] == [200] * 4 + [429] * 2
    assert wires[-1].header(b"retry-after") == b"10"
    assert wire([b"x" * 1000]).run(app)[0] == 200  # all of it was given back


def test_an_answer_before_the_end_of_the_body_reaches_who_only_writes(
    wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deaf(parts: list[Any]) -> Any:
        sent = wire(parts, transfer_encoding="chunked")
        sent.scope["path"] = "/deaf"
        assert sent.run(small_app()) == (200, "did not look")
        return sent

    sent = deaf([b"x"] * 20)
    assert (sent.taken_at_answer, sent.taken) == (0, 20)
    assert sent.header(b"connection") == b"close"
    monkeypatch.setattr(body, "LINGER_BYTES", 5)
    assert deaf([b"x"] * 20).taken == 5
    monkeypatch.setattr(body, "LINGER_SECONDS", 0.05)
    assert deaf([30.0] * 20).taken == 1


@pytest.mark.parametrize("path", ["/", "/form"])
def test_a_client_that_leaves_is_no_error(wire: Any, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    sent = wire([b"--x\r\n", None], content_length="1000", content_type="multipart/form-data; boundary=x")
    asyncio.run(small_app()({**sent.scope, "path": path}, sent.receive, sent.send))
    assert not any(message.get("status", 0) >= 500 for message in sent.sent)
    assert capsys.readouterr() == ("", "")
