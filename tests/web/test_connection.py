"""Connections over real sockets: heads that never end, answers that nobody reads, too many at once."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvicorn
from fastapi import FastAPI, Request, Response

from photochrom.web import connection
from photochrom.web.body import BodyLimit
from photochrom.web.connection import Connection

WAIT = 30.0
LARGE = 64 << 20


@pytest.fixture
def server() -> Iterator[uvicorn.Server]:
    """A small app behind the limits, on a free port."""
    app = FastAPI()
    app.add_middleware(BodyLimit, most=1 << 30, seconds=0.3)

    @app.get("/large")
    async def large() -> Response:
        return Response(bytes(LARGE))

    @app.get("/")
    async def small() -> str:
        return "small"

    @app.post("/")
    async def count(request: Request) -> int:
        return sum([len(part) async for part in request.stream()])

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, http=Connection, log_config=None, access_log=False, timeout_keep_alive=WAIT)  # type: ignore[arg-type]
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    server.address = listener.getsockname()  # type: ignore[attr-defined]
    thread.start()
    until(lambda: server.started)
    yield server
    server.should_exit = True
    thread.join(WAIT)
    assert not thread.is_alive()


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def connect(server: uvicorn.Server) -> socket.socket:
    return socket.create_connection(server.address, WAIT)  # type: ignore[attr-defined]


def ended(client: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    got = bytearray()
    try:
        while part := client.recv(1 << 16):
            got += part
    except ConnectionResetError:
        pass
    return bytes(got)


def answered(client: socket.socket) -> bool:
    """Whether ``GET /`` gets its answer, which may come in two pieces."""
    client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    got = b""
    while not got.endswith(b'"small"'):
        part = client.recv(1 << 16)
        if not part:
            return False
        got += part
    return got.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("start", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\n"])
def test_a_head_has_to_end(server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch, start: bytes) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    with connect(server) as client:
        client.sendall(start)
        assert ended(client) == b""


def test_the_head_of_a_second_request_has_to_end_too(
    server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(server) as client:
        assert answered(client)
        monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
        client.sendall(b"GET / HT")
        assert ended(client) == b""


def test_a_kept_connection_outlives_the_time_of_a_head(
    server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    with connect(server) as client:
        for _ in range(3):
            assert answered(client)
            time.sleep(0.25)


def test_an_answer_has_to_be_read(server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STALL_SECONDS", 0.2)
    connections = server.server_state.connections
    with connect(server) as client:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        until(lambda: connections)
        until(lambda: not connections)
        assert len(ended(client)) < LARGE


def test_an_answer_read_in_pieces_arrives(server: uvicorn.Server) -> None:
    with connect(server) as client:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert len(ended(client)) > LARGE


def test_more_connections_than_the_limit_are_dropped(
    server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST_CONNECTIONS", 3)
    connections = server.server_state.connections
    clients = []
    for number in range(1, 4):
        clients.append(connect(server))
        until(lambda number=number: len(connections) == number)
    with connect(server) as late:
        assert ended(late) == b""
    for client in clients:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert b"small" in ended(client)
        client.close()


def test_five_gigabytes_are_refused_before_they_are_sent(server: uvicorn.Server) -> None:
    with connect(server) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5368709120\r\n\r\n")
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 413")


def test_who_only_writes_still_reads_the_refusal(server: uvicorn.Server) -> None:
    """More than the sockets' buffers hold, written to the end before anything is read."""
    with connect(server) as client:
        size = (1 << 30) + 1
        client.sendall(f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode())
        client.sendall(bytes(24 << 20))
        client.shutdown(socket.SHUT_WR)
        assert ended(client).startswith(b"HTTP/1.1 413")


def test_a_body_that_stops_is_answered(server: uvicorn.Server) -> None:
    with connect(server) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
        got = ended(client)
    assert got.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in got
