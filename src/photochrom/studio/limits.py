"""What a request must keep to, checked before the app sees it: pure ASGI, so that bodies stream through unbuffered.

From the outside in: `Shield` (headers of every answer; an error that nothing else caught), `Bodies` (bytes and
seconds), `Rate` (requests by client), `Origin` (pages of other sites), `Token`.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photochrom.studio.bodies import Bodies, refuse
from photochrom.studio.refusal import report
from photochrom.studio.telemetry import Counting, Telemetry

if TYPE_CHECKING:
    from fastapi import FastAPI

    from photochrom.studio.settings import Settings

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
OPEN_TO_ALL = ("/", "/healthz")
MOST_CLIENTS = 10_000


def guard(app: FastAPI, settings: Settings) -> None:
    """Put every limit of `settings` before `app`, in the right order, and `app.state.telemetry` around them."""
    telemetry = Telemetry()
    app.state.telemetry = telemetry
    # The one added last is the outermost.
    if settings.token is not None:
        app.add_middleware(Token, token=settings.token.get_secret_value())
    app.add_middleware(Origin)
    app.add_middleware(Rate, per_minute=settings.requests_per_minute)
    app.add_middleware(Bodies, most=settings.max_bytes, seconds=settings.body_seconds)
    app.add_middleware(Shield)
    app.add_middleware(Counting, telemetry=telemetry)


class Shield:
    """Sets the headers that keep a browser from harm, and turns what nothing caught into a plain 500.

    What is reported of such an error is its type and where it happened: its words may hold a photo's name.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def shielded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, shielded)
        except Exception as error:
            report(error)
            if started:
                # Half an answer can only be cut off; the server does that, and must not log the words either.
                raise ConnectionAbortedError("an answer could not be finished") from None
            await refuse(shielded, 500, "something went wrong here; the server has reported where")


class Rate:
    """Limits how many requests a client makes in a minute; a client is an IPv4 address or an IPv6 /64 network.

    Bursts may use up a minute's worth. Kept is one number for each of the `MOST_CLIENTS` last seen.
    """

    def __init__(self, app: ASGIApp, *, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.app, self.per_minute, self.clock = app, per_minute, clock
        self.used_up: OrderedDict[str, float] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A health check must not be taken for an illness.
        if scope["type"] == "http" and scope["path"] != "/healthz":
            wait = self.wait(network(scope.get("client")))
            if wait > 0:
                detail = f"too many requests; at most {self.per_minute} a minute are taken"
                await refuse(send, 429, detail, [("retry-after", str(math.ceil(wait)))])
                return
        await self.app(scope, receive, send)

    def wait(self, client: str) -> float:
        """Count a request of `client`: 0, or how many seconds too early it is."""
        now = self.clock()
        # The generic cell rate algorithm (ITU-T I.371): the time until which what came so far would last.
        until = max(self.used_up.get(client, now), now) + 60 / self.per_minute
        early = until - now - 60
        if early > 1e-6:
            return early
        self.used_up[client] = until
        self.used_up.move_to_end(client)
        # Who is not ahead of time is as good as unknown.
        while len(self.used_up) > MOST_CLIENTS or next(iter(self.used_up.values())) <= now:
            self.used_up.popitem(last=False)
        return 0.0


def network(client: Any) -> str:
    """What a client is known by: the address, or the /64 that one IPv6 customer has."""
    host = str(client[0]) if client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:64]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))
        address = address.ipv4_mapped
    return str(address)


class Origin:
    """Refuses what a page of another site makes a browser send here: it could fill the queue of one's own machine."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["method"] not in ("GET", "HEAD")
            and self.foreign(Headers(scope=scope))
        ):
            await refuse(send, 403, "this request came from another site's page")
            return
        await self.app(scope, receive, send)

    def foreign(self, headers: Headers) -> bool:
        """Whether a browser says so. Other programs send neither header."""
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site not in ("same-origin", "none")
        # Over plain HTTP browsers leave that header out, other than on the machine itself.
        origin = headers.get("origin")
        return origin is not None and origin.partition("://")[2] != headers.get("host", "")


class Token:
    """Lets nobody in without ``Authorization: Bearer TOKEN``, except to the page itself and to the health check."""

    def __init__(self, app: ASGIApp, *, token: str) -> None:
        self.app = app
        self.digest = hashlib.sha256(token.encode()).digest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] != "http" or is_open(scope) or self.knows(Headers(scope=scope)):
            await self.app(scope, receive, send)
        else:
            detail = "this server asks for a token: send it as Authorization: Bearer TOKEN"
            await refuse(send, 401, detail, [("www-authenticate", "Bearer")])

    def knows(self, headers: Headers) -> bool:
        """Whether the token is the right one, in a time that does not depend on how nearly it is."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        digest = hashlib.sha256(given.strip().encode("latin-1")).digest()
        return hmac.compare_digest(digest, self.digest) and scheme.lower() == "bearer"


def is_open(scope: Scope) -> bool:
    """Whether anyone may ask for this: the page, its files and the health check hold nothing of a photo."""
    path = scope["path"]
    return scope["method"] in ("GET", "HEAD") and (path in OPEN_TO_ALL or path.startswith("/static/"))
