"""`create_app`: the studio as an ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from photochrom._version import __version__
from photochrom.studio import limits, telemetry
from photochrom.studio.refusal import Refusal, invalid
from photochrom.studio.routes import colorize, docs, jobs, models, page, photos
from photochrom.studio.settings import Settings
from photochrom.studio.studio import Studio

__all__ = ["create_app"]

WORDS = {404: "there is nothing here", 405: "that method is not taken here"}


def create_app(settings: Settings | None = None) -> FastAPI:
    """The page and the API. ``app.state.studio`` holds its `Studio` while it runs.

    Parameters
    ----------
    settings : None reads the environment

    Raises
    ------
    ValueError
        If the environment holds what cannot be meant.
    """
    settings = settings or Settings()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            studio = await asyncio.to_thread(Studio, settings, app.state.telemetry)
        except Exception as error:
            app.state.failure = error  # uvicorn would put a traceback into a log, and nothing else
            raise
        app.state.studio = studio
        sweeper = asyncio.create_task(studio.sweep())
        try:
            yield
        finally:
            sweeper.cancel()
            await asyncio.to_thread(studio.close)

    app = FastAPI(
        title="Photochrom studio",
        summary="Colour for black-and-white photographs, on this machine.",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's own page loads its scripts from elsewhere
        redoc_url=None,
        license_info={"name": "Apache-2.0"},
    )
    for router in (page, colorize, jobs, photos, models, docs, telemetry):
        app.include_router(router.router)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _left)
    limits.guard(app, settings)
    return app


def _answer(status: int, detail: str, headers: Any = None) -> JSONResponse:
    return JSONResponse({"detail": detail}, status, headers)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return _answer(error.status, str(error), error.headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return await _refused(request, invalid(error.errors()))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _answer(error.status_code, WORDS.get(error.status_code, str(error.detail)), error.headers)


async def _left(request: Request, error: Exception) -> JSONResponse:
    return _answer(HTTPStatus.BAD_REQUEST, "the request ended early")
