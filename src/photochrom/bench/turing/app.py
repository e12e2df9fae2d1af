"""The study's page and its small API, as an ASGI application.

    GET  /                 the page; /page.css, /page.js
    GET  /picture/TOKEN    a JPEG; the token says neither what the picture shows nor whose it is
    GET  /api/state        the next pair, or the participant's score
    POST /api/begin        {"again": bool}
    POST /api/look         {"pair": TOKEN}
    POST /api/answer       {"pair": TOKEN, "side": "left" | "right", "shown": [ms, ms], "thought": ms}

A participant is known by a cookie with a random token. No part of a URL ever becomes the path of a file.
"""

from __future__ import annotations

import sqlite3
import sys
from dataclasses import asdict
from http import HTTPStatus
from importlib.resources import files
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from photochrom.bench.turing.store import Study
from photochrom.bench.turing.trials import SIDES, Side
from photochrom.web.answers import HANDLERS, error_response, validation_sentence
from photochrom.web.body import BodyLimit
from photochrom.web.headers import SecurityHeaders
from photochrom.web.origin import OriginCheck
from photochrom.web.unexpected import UnexpectedErrors

__all__ = ["LONGEST_BODY", "create_app"]

LONGEST_BODY = 4096
BODY_SECONDS = 30.0
LONGEST_MS = 86_400_000.0
COOKIE_SECONDS = 90 * 86_400
PAGE = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}

Milliseconds = Annotated[float, Field(ge=0, le=LONGEST_MS, allow_inf_nan=False)]


class Body(BaseModel):
    """A request's JSON. Nothing is converted: ``true`` is no time."""

    model_config = ConfigDict(strict=True)


class BeginBody(Body):
    """Whether somebody else begins in a browser whose participant has finished."""

    again: bool = False


class LookBody(Body):
    """The pair that is about to be shown."""

    pair: str


class AnswerBody(Body):
    """The side that was taken for the coloured one, and the times as `Study.answer` takes them."""

    pair: str
    side: Side
    shown: tuple[Milliseconds, Milliseconds]
    thought: Milliseconds


AnyBody = TypeVar("AnyBody", bound=Body)


def create_app(study: Study) -> Starlette:
    """The application of one study. Its requests are not counted by client: a class may share one address."""
    app = Starlette(
        routes=[
            *(Route(path, _page_file(name, kind)) for path, (name, kind) in PAGE.items()),
            Route("/picture/{token}", _picture),
            Route("/api/state", _state),
            Route("/api/begin", _begin, methods=["POST"]),
            Route("/api/look", _look, methods=["POST"]),
            Route("/api/answer", _answer, methods=["POST"]),
        ],
        middleware=[  # the first is the outermost
            Middleware(SecurityHeaders),
            Middleware(UnexpectedErrors),
            Middleware(BodyLimit, most=LONGEST_BODY, seconds=BODY_SECONDS),
            Middleware(OriginCheck),
        ],
        exception_handlers={**HANDLERS, sqlite3.Error: _answer_database_error},
    )
    app.router.redirect_slashes = False
    app.state.study = study
    return app


def _page_file(name: str, kind: str) -> Any:
    data = files("photochrom.bench.turing").joinpath(name).read_bytes()

    async def send_file(request: Request) -> Response:
        return Response(data, media_type=kind)

    return send_file


async def _picture(request: Request) -> Response:
    jpeg = await run_in_threadpool(_study(request).picture, request.path_params["token"])
    if jpeg is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "there is no such picture")
    return Response(jpeg, media_type="image/jpeg")


async def _state(request: Request) -> Response:
    return JSONResponse(await run_in_threadpool(_state_of, _study(request), _participant(request)))


async def _begin(request: Request) -> Response:
    body = await _read(request, BeginBody)
    study = _study(request)
    participant = await run_in_threadpool(study.begin, _participant(request), again=body.again)
    response = JSONResponse(await run_in_threadpool(_state_of, study, participant))
    response.set_cookie(
        _cookie_name(study), participant, COOKIE_SECONDS, path="/", httponly=True, samesite="strict"
    )
    return response


async def _look(request: Request) -> Response:
    body = await _read(request, LookBody)
    if not await run_in_threadpool(_study(request).look, _participant(request) or "", body.pair):
        raise HTTPException(HTTPStatus.NOT_FOUND, "there is no such pair")
    return JSONResponse({})


async def _answer(request: Request) -> Response:
    body = await _read(request, AnswerBody)
    study, participant = _study(request), _participant(request) or ""
    try:
        coloured = await run_in_threadpool(
            study.answer, participant, body.pair, body.side, body.shown, body.thought
        )
    except LookupError:
        raise HTTPException(HTTPStatus.NOT_FOUND, "there is no such pair") from None
    state = await run_in_threadpool(_state_of, study, participant)
    return JSONResponse({"coloured": coloured, **state})


def _state_of(study: Study, participant: str | None) -> dict[str, Any]:
    sizes = study.plan
    known: dict[str, Any] = {
        "seconds": study.settings.seconds,
        "pause": study.settings.pause,
        "practice": sizes.practice,
        "pairs": sizes.tests + sizes.checks,
    }
    state = study.state(participant) if participant else None
    if state is None:
        return {**known, "stage": "new"}
    if state.pair is None:
        return {**known, "stage": "done", "fooled": state.fooled, "answered": state.answered}
    pair = asdict(state.pair) | {side: f"/picture/{getattr(state.pair, side)}" for side in SIDES}
    return {**known, "stage": "pair", "pair": pair}


def _study(request: Request) -> Study:
    study: Study = request.app.state.study
    return study


def _cookie_name(study: Study) -> str:
    # Browsers send cookies to every port of a host. Without the id, two studies on one machine would mix up their
    # participants.
    return f"participant-{study.id}"


def _participant(request: Request) -> str | None:
    return request.cookies.get(_cookie_name(_study(request)))


async def _read(request: Request, model: type[AnyBody]) -> AnyBody:
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind.strip().lower() != "application/json":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json")
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, validation_sentence(error.errors())) from None


async def _answer_database_error(request: Request, error: Exception) -> Response:
    print(f"photochrom: {_study(request).path}: {error}", file=sys.stderr, flush=True)
    return error_response(HTTPStatus.SERVICE_UNAVAILABLE, "the study cannot be written")
