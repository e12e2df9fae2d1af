"""What all routes share: the client, and answers that stream from the store."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from photochrom.engine.reference import Reference
from photochrom.studio.api_error import ApiError
from photochrom.studio.names import disposition
from photochrom.studio.routes.uploads import Form
from photochrom.studio.service import ResultFile
from photochrom.studio.store import Store
from photochrom.studio.studio import Studio
from photochrom.studio.workers import Task
from photochrom.web.rate import client_network

__all__ = ["ERRORS", "CurrentStudio", "Owner", "Stream", "file_answer", "parts", "references_of", "result_of"]

CHUNK = 1 << 18
PAUSE = 0.5
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": words,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {"detail": {"type": "string"}},
                    "required": ["detail"],
                }
            }
        },
    }
    for status, words in {
        400: "The photo is damaged, or no photo.",
        401: "The server asks for a token.",
        403: "Another site's page may not ask.",
        404: "There is no such thing, or its time is over.",
        408: "The request came too slowly.",
        409: "The photo is in colour already.",
        413: "Too large.",
        415: "Not a kind that is worked on.",
        422: "A field is not as it must be.",
        429: "Too much at once; try again later.",
        503: "The server is shutting down.",
    }.items()
}
"""The error answers for OpenAPI; each is one sentence."""


def _studio(request: Request) -> Studio:
    studio: Studio = request.app.state.studio
    return studio


def _owner(request: Request) -> str:
    return client_network(request.scope.get("client"))


CurrentStudio = Annotated[Studio, Depends(_studio)]
"""The studio that answers."""
Owner = Annotated[str, Depends(_owner)]
"""The client, as the queue and the store count clients."""


async def references_of(form: Form, studio: Studio) -> tuple[Reference, ...]:
    """The references of a form. Their files are removed from the store, whatever happens.

    Raises
    ------
    ApiError
        If one cannot be a reference.
    """

    def opened() -> tuple[Reference, ...]:
        return tuple(studio.service.open_reference(blob, name) for name, blob in form.references)

    try:
        return await run_in_threadpool(opened)
    finally:
        studio.store.drop(*(blob for _, blob in form.references))


async def result_of(task: Task, request: Request, studio: Studio) -> Any:
    """Wait for a task. It is cancelled if the client leaves.

    Raises
    ------
    ApiError
        The error of the task; 503 if the server stops first.
    """
    waiting = asyncio.wrap_future(task.future)
    try:
        while not waiting.done():
            await asyncio.wait({waiting}, timeout=PAUSE)
            if not waiting.done() and await request.is_disconnected():
                break
    finally:
        left = not waiting.done()
        if left:
            _abandon(task, studio)
            waiting.cancel()  # otherwise asyncio warns of an error that nobody has read
    if left:
        raise ApiError(HTTPStatus.REQUEST_TIMEOUT, "the client left")
    if waiting.cancelled():
        raise ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "the server is shutting down")
    return waiting.result()


def _abandon(task: Task, studio: Studio) -> None:
    """Cancel a task. If it has results in the store already, they are removed."""

    def clean_up(future: Any) -> None:
        if not future.cancelled() and future.exception() is None:
            studio.store.drop(*(each.blob for each in future.result()))

    task.future.add_done_callback(clean_up)
    studio.workers.cancel(task)


class Stream(StreamingResponse):
    """An answer in parts. It calls `release` however it ends."""

    def __init__(self, content: Any, *, release: Callable[[], object] = lambda: None, **options: Any) -> None:
        super().__init__(content, **options)
        self._release = release

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._release()


def file_answer(store: Store, made: ResultFile, *, once: bool = False) -> Stream:
    """A file to save.

    Parameters
    ----------
    once : remove it from the store afterwards
    """
    hold = store.hold([made.blob])
    hold.__enter__()

    def release() -> None:
        hold.__exit__(None, None, None)
        if once:
            store.drop(made.blob)

    return Stream(
        parts(store, made),
        release=release,
        media_type=made.type,
        headers={
            "Content-Disposition": disposition(made.name),
            "Content-Length": str(made.blob.bytes),
            # JSON is ASCII here, so that a header can hold it.
            "Photochrom-Notes": json.dumps(made.notes),
        },
    )


def parts(store: Store, made: ResultFile) -> Iterator[bytes]:
    """The bytes of a file in parts; Starlette reads them on a thread."""
    with store.open(made.blob) as file:
        while data := file.read(CHUNK):
            yield data
