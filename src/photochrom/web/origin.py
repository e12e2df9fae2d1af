"""Which pages may send requests."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from photochrom.web.answers import send_error

__all__ = ["OriginCheck"]


class OriginCheck:
    """Refuses requests with a body that a browser sends for a page of another site.

    Without this check any page that a user opens could fill the queue of the server on the user's own machine.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["method"] not in ("GET", "HEAD")
            and is_foreign(Headers(scope=scope))
        ):
            await send_error(send, 403, "this request came from another site's page")
            return
        await self.app(scope, receive, send)


def is_foreign(headers: Headers) -> bool:
    """Whether a browser says that another site's page sent the request. Other programs send neither header."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    # Browsers send Sec-Fetch-Site over HTTPS and to the machine itself, but not over plain HTTP.
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host", "")
