"""The server from its start to its end, over real sockets."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from photochrom.web.address import listen
from photochrom.web.server import Server

WAIT = 30.0


async def client_address(request: Request) -> Response:
    return PlainTextResponse(request.client.host if request.client else "")


@pytest.fixture
def start() -> Iterator[Callable[..., tuple[Server, int]]]:
    """Starts a server on a thread; in the end all must have stopped."""
    running: list[tuple[Server, threading.Thread, socket.socket]] = []

    def begin(*routes: Route, **options: Any) -> tuple[Server, int]:
        listener = listen("127.0.0.1", 0)
        ready = threading.Event()
        app = Starlette(routes=[Route("/", client_address), *routes])
        server = Server(app, ready=ready.set, **options)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        running.append((server, thread, listener))
        thread.start()
        assert ready.wait(WAIT)
        return server, listener.getsockname()[1]

    yield begin
    for server, thread, listener in running:
        server.should_exit = True
        thread.join(WAIT)
        listener.close()
        assert not thread.is_alive()


def ask(port: int, path: str = "/", **headers: str) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.get(f"http://127.0.0.1:{port}{path}", headers=given, timeout=WAIT)


def test_it_answers_once_it_is_ready_and_says_nothing_of_itself(
    start: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    _, port = start()
    answer = ask(port)
    assert (answer.status_code, answer.content, answer.headers.get("Server")) == (200, b"127.0.0.1", None)
    assert capsys.readouterr() == ("", "")


def test_a_client_cannot_choose_its_address_unless_a_proxy_is_expected(start: Any) -> None:
    for forwarded, seen in ((False, b"127.0.0.1"), (True, b"192.0.2.7")):
        _, port = start(forwarded=forwarded)
        assert ask(port, X_Forwarded_For="192.0.2.7").content == seen


def test_running_answers_hear_of_the_end(start: Any) -> None:
    """The answer below would last for ever. `ending` ends it, so that the client gets all of it."""
    begun, over = threading.Event(), threading.Event()

    async def long(request: Request) -> Response:
        begun.set()
        while not over.is_set():
            await asyncio.sleep(0.01)
        return PlainTextResponse("the end")

    server, port = start(Route("/long", long), ending=over.set)
    got: list[bytes] = []
    client = threading.Thread(target=lambda: got.append(ask(port, "/long").content))
    client.start()
    assert begun.wait(WAIT)
    server.handle_exit(signal.SIGTERM, None)
    client.join(WAIT)
    assert got == [b"the end"]


def test_a_second_signal_does_not_wait() -> None:
    server = Server(Starlette())
    server.handle_exit(signal.SIGINT, None)
    assert (server.should_exit, server.force_exit) == (True, False)
    server.handle_exit(signal.SIGINT, None)
    assert server.force_exit
