"""The limits of the studio: which middleware of `photochrom.web` stands before it, and with which settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.types import Scope

from photochrom.studio.telemetry import RequestCounter, Telemetry
from photochrom.web.body import BodyLimit
from photochrom.web.headers import SecurityHeaders
from photochrom.web.origin import OriginCheck
from photochrom.web.rate import RateLimit
from photochrom.web.token import TokenAuth
from photochrom.web.unexpected import UnexpectedErrors

if TYPE_CHECKING:
    from fastapi import FastAPI

    from photochrom.studio.settings import Settings

__all__ = ["guard"]

HEALTH = "/healthz"
OPEN_TO_ALL = ("/", HEALTH)


def guard(app: FastAPI, settings: Settings) -> None:
    """Put every limit of `settings` before `app`, in the right order, and `app.state.telemetry` around them."""
    telemetry = Telemetry()
    app.state.telemetry = telemetry
    # The middleware that is added last is the outermost.
    if settings.token is not None:
        app.add_middleware(TokenAuth, token=settings.token.get_secret_value(), is_open=is_open)
    app.add_middleware(OriginCheck)
    # A health check that is refused would look like a server that is down.
    app.add_middleware(RateLimit, per_minute=settings.requests_per_minute, unlimited=(HEALTH,))
    app.add_middleware(BodyLimit, most=settings.max_bytes, seconds=settings.body_seconds)
    app.add_middleware(UnexpectedErrors)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestCounter, telemetry=telemetry)


def is_open(scope: Scope) -> bool:
    """Whether a request needs no token: the page, its files and the health check hold nothing of a photo."""
    path = scope["path"]
    return scope["method"] in ("GET", "HEAD") and (path in OPEN_TO_ALL or path.startswith("/static/"))
