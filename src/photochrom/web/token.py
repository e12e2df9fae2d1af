"""Who may use a server that has a token."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from photochrom.web.answers import send_error

__all__ = ["TokenAuth"]


class TokenAuth:
    """Refuses requests without ``Authorization: Bearer TOKEN``.

    Parameters
    ----------
    token : the right token
    is_open : says of a request's scope whether anybody may make it
    """

    def __init__(self, app: ASGIApp, *, token: str, is_open: Callable[[Scope], bool]) -> None:
        self.app, self.is_open = app, is_open
        self.digest = hashlib.sha256(token.encode()).digest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] != "http" or self.is_open(scope) or self.is_right(Headers(scope=scope)):
            await self.app(scope, receive, send)
        else:
            detail = "this server asks for a token: send it as Authorization: Bearer TOKEN"
            await send_error(send, 401, detail, [("www-authenticate", "Bearer")])

    def is_right(self, headers: Headers) -> bool:
        """Whether the headers hold the right token. The time it takes does not depend on how much of it is right."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        digest = hashlib.sha256(given.strip().encode("latin-1")).digest()
        return hmac.compare_digest(digest, self.digest) and scheme.lower() == "bearer"
