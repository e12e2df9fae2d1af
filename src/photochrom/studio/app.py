"""`create_app`: the studio as an ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from photochrom._version import __version__
from photochrom.studio import limits, telemetry
from photochrom.studio.api_error import ApiError, invalid_error
from photochrom.studio.routes import colorize, docs, jobs, looks, models, page, photos
from photochrom.studio.settings import Settings
from photochrom.studio.studio import Studio
from photochrom.web.answers import HANDLERS, error_response

__all__ = ["create_app"]


def create_app(settings: Settings | None = None) -> FastAPI:
    """The page and the API. ``app.state.studio`` holds its `Studio` while it runs.

    Parameters
    ----------
    settings : None reads the environment

    Raises
    ------
    ValueError
        If a setting in the environment is wrong.
    """
    settings = settings or Settings()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            studio = await asyncio.to_thread(Studio, settings, app.state.telemetry)
        except Exception as error:
            app.state.failure = error  # uvicorn would only write a traceback to its log
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
        docs_url=None,  # FastAPI's own page loads scripts from another server
        redoc_url=None,
        license_info={"name": "Apache-2.0"},
    )
    for router in (page, colorize, jobs, photos, looks, models, docs, telemetry):
        app.include_router(router.router)
    app.add_exception_handler(ApiError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    limits.guard(app, settings)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error_response(error.status, str(error), error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return await _refused(request, invalid_error(error.errors()))
