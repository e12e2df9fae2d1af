"""Error answers: one JSON object with one sentence, ``{"detail": "..."}``, whoever gives it.

Middleware has no request object and answers with `send_error`. An application answers with `error_response` and adds
`HANDLERS` to its exception handlers.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Scope, Send

__all__ = ["HANDLERS", "error_response", "report_error", "send_error", "validation_sentence"]

WORDS = {
    HTTPStatus.NOT_FOUND.phrase: "there is nothing here",
    HTTPStatus.METHOD_NOT_ALLOWED.phrase: "that method is not taken here",
}
"""Sentences in place of the phrases that Starlette's router gives."""


def error_response(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An error answer for an application to return."""
    return JSONResponse({"detail": detail}, status, headers)


async def send_error(send: Send, status: int, detail: str, headers: Iterable[tuple[str, str]] = ()) -> None:
    """Send an error answer from middleware."""
    response = error_response(status, detail, dict(headers))
    scope: Scope = {"type": "http"}
    await response(scope, _no_request, send)


def report_error(error: BaseException) -> None:
    """Print the type of an unexpected error and where it happened on stderr.

    The message is left out: it may hold the name or the content of somebody's photo.
    """
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[:-4:-1])
    print(f"photochrom: {type(error).__name__} at {where}", file=sys.stderr, flush=True)


def validation_sentence(errors: Sequence[Any]) -> str:
    """The first of pydantic's complaints about a request: ``FIELD: what is wrong``."""
    first = errors[0]
    if first["type"] == "json_invalid":
        return "the body is not JSON"
    place = ".".join(str(part)[:40] for part in first["loc"] if part != "body")
    words = str(first["msg"]).removeprefix("Value error, ")
    return ": ".join(filter(None, [place, words]))[:500]


async def _no_request() -> Any:
    raise AssertionError("an error answer reads no request")


async def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return error_response(error.status_code, WORDS.get(error.detail, error.detail), error.headers)


async def _answer_disconnect(request: Request, error: Exception) -> Response:
    return error_response(HTTPStatus.BAD_REQUEST, "the request ended early")


HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    HTTPException: _answer_http,
    ClientDisconnect: _answer_disconnect,
}
"""Exception handlers that put the errors of Starlette itself into the same form."""
