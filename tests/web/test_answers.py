"""Error answers of applications, of middleware and of Starlette have one form."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from photochrom.web.answers import HANDLERS, error_response, report_error, send_error


async def fail(request: Request) -> Response:
    if request.path_params["how"] == "own":
        raise HTTPException(409, "the photo is in colour already", {"Retry-After": "3"})
    if request.path_params["how"] == "left":
        raise ClientDisconnect
    return error_response(418, "no coffee")


async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
    await send_error(send, 429, "too many", [("retry-after", "7")])


def test_every_answer_is_one_sentence_in_json(asgi_client: Any) -> None:
    client = asgi_client(Starlette(routes=[Route("/{how}", fail)], exception_handlers=HANDLERS))
    cases = {
        "/own": (409, "the photo is in colour already"),
        "/left": (400, "the request ended early"),
        "/coffee": (418, "no coffee"),
        "/a/b": (404, "there is nothing here"),
    }
    for path, (status, words) in cases.items():
        got = client.get(path)
        assert (got.status_code, got.json()) == (status, {"detail": words})
        assert got.headers["content-type"] == "application/json"
    assert client.get("/own").headers["retry-after"] == "3"
    refused = client.post("/coffee")
    assert (refused.status_code, refused.json()) == (405, {"detail": "that method is not taken here"})
    assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD"}


def test_middleware_answers_in_the_same_form(asgi_client: Any) -> None:
    got = asgi_client(middleware).get("/")
    assert (got.status_code, got.json(), got.headers["retry-after"]) == (429, {"detail": "too many"}, "7")


def test_a_report_names_the_place_and_not_the_message(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        int("grandmother-1931.jpg")
    except ValueError as error:
        report_error(error)
    err = capsys.readouterr().err
    assert err.startswith("photochrom: ValueError at test_answers.py:")
    assert "grandmother" not in err
