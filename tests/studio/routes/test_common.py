"""Answers that stream from the store, and tasks whose client leaves."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import Request
from starlette.requests import ClientDisconnect

from photochrom.studio.api_error import ApiError
from photochrom.studio.routes import common
from photochrom.studio.routes.common import Stream, file_answer, result_of
from photochrom.studio.service import ResultFile
from photochrom.studio.store import Store
from photochrom.studio.workers import WorkerPool


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(1 << 22, tmp_path)
    yield made
    made.close()


@pytest.fixture
def workers() -> Iterator[WorkerPool]:
    pool = WorkerPool(1, 8)
    yield pool
    pool.close(20)


def send(answer: Stream, *, fails: bool = False) -> tuple[dict[str, str], bytes]:
    """The headers and the body that an answer sends; where it `fails`, the connection breaks at the body."""
    messages: list[Any] = []

    async def take(message: Any) -> None:
        if fails and message["type"] == "http.response.body":
            raise OSError("broken")
        messages.append(message)

    async def receive() -> Any:
        await asyncio.Event().wait()

    scope = {"type": "http", "asgi": {"spec_version": "2.4"}}
    asyncio.run(answer(scope, receive, take))
    headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    return headers, b"".join(message["body"] for message in messages[1:])


def test_a_file_to_save_is_whole_and_outlives_its_removal(store: Store) -> None:
    data = bytes(range(256)) * 2500  # three parts
    made = ResultFile(store.write(data, "me"), "ü.png", ".png", None, "PNG", ("Großes fehlt.",))
    answer = file_answer(store, made)
    store.drop(made.blob)  # its time is over before it is sent
    headers, body = send(answer)
    assert body == data
    assert (headers["content-type"], headers["content-length"]) == ("image/png", "640000")
    assert "filename*=UTF-8''%C3%BC.color.png" in headers["content-disposition"]
    assert headers["photochrom-notes"].isascii()
    assert json.loads(headers["photochrom-notes"]) == ["Großes fehlt."]
    assert store.files == 0


@pytest.mark.parametrize("fails", [False, True])
def test_a_file_that_is_sent_once_is_gone_however_that_ends(store: Store, fails: bool) -> None:
    made = ResultFile(store.write(b"photo", "me"), "a.png", ".png", None, "PNG")
    if fails:
        with pytest.raises(ClientDisconnect):
            send(file_answer(store, made, once=True), fails=True)
    else:
        assert send(file_answer(store, made, once=True))[1] == b"photo"
    assert store.files == 0


def request(*, left: bool) -> Request:
    async def receive() -> dict[str, Any]:
        if not left:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "headers": []}, receive)


def test_a_result_and_an_error_come_from_the_task(store: Store, workers: WorkerPool) -> None:
    studio: Any = SimpleNamespace(store=store, workers=workers)

    def refuse(task: object) -> None:
        raise ApiError(HTTPStatus.CONFLICT, "a.jpg: is in colour")

    good, bad = workers.submit("me", [lambda task: "done", refuse])
    assert asyncio.run(result_of(good, request(left=False), studio)) == "done"
    with pytest.raises(ApiError, match="is in colour"):
        asyncio.run(result_of(bad, request(left=False), studio))


def test_results_for_a_client_that_left_are_removed(
    store: Store, workers: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(common, "PAUSE", 0.01)
    studio: Any = SimpleNamespace(store=store, workers=workers)
    started, go = threading.Event(), threading.Event()

    def work(task: object) -> list[ResultFile]:
        started.set()
        assert go.wait(20)
        return [ResultFile(store.write(b"photo", "me"), "a.png", ".png", None, "PNG")]

    (task,) = workers.submit("me", [work])
    assert started.wait(20)
    with pytest.raises(ApiError) as raised:
        asyncio.run(result_of(task, request(left=True), studio))
    assert raised.value.status == HTTPStatus.REQUEST_TIMEOUT
    go.set()
    workers.close(20)  # after this the callbacks of the task are done
    assert store.files == 0


def test_a_server_that_stops_says_so(store: Store, workers: WorkerPool) -> None:
    studio: Any = SimpleNamespace(store=store, workers=workers)
    go = threading.Event()
    _, waiting = workers.submit("me", [lambda task: go.wait(20), lambda task: None])
    workers.stop()
    go.set()
    with pytest.raises(ApiError, match="the server is shutting down") as raised:
        asyncio.run(result_of(waiting, request(left=False), studio))
    assert raised.value.status == HTTPStatus.SERVICE_UNAVAILABLE
