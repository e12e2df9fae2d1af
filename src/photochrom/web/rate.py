"""How many requests one client may make."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from photochrom.web.answers import send_error

__all__ = ["RateLimit", "client_network"]

MOST_CLIENTS = 10_000


class RateLimit:
    """Limits the requests that a client makes in a minute.

    A client is an IPv4 address or an IPv6 /64 network (`client_network`). It may use the requests of a minute all at
    once. One number is kept for each of the `MOST_CLIENTS` clients that were seen last.

    Parameters
    ----------
    per_minute : requests of one client in a minute
    unlimited : paths that are not counted, such as the one of a health check
    clock : gives seconds
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        per_minute: int,
        unlimited: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.app, self.per_minute, self.unlimited, self.clock = app, per_minute, unlimited, clock
        self.used_up: OrderedDict[str, float] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in self.unlimited:
            wait = self.wait(client_network(scope.get("client")))
            if wait > 0:
                detail = f"too many requests; at most {self.per_minute} a minute are taken"
                await send_error(send, 429, detail, [("retry-after", str(math.ceil(wait)))])
                return
        await self.app(scope, receive, send)

    def wait(self, client: str) -> float:
        """Count a request of `client`. Returns 0, or the seconds by which it came too early."""
        now = self.clock()
        # The generic cell rate algorithm (ITU-T I.371): each request uses 60 / per_minute seconds, and a client may
        # be 60 seconds ahead.
        until = max(self.used_up.get(client, now), now) + 60 / self.per_minute
        early = until - now - 60
        if early > 1e-6:
            return early
        self.used_up[client] = until
        self.used_up.move_to_end(client)
        # A client whose time is used up no further than now needs no entry.
        while len(self.used_up) > MOST_CLIENTS or next(iter(self.used_up.values())) <= now:
            self.used_up.popitem(last=False)
        return 0.0


def client_network(client: Any) -> str:
    """The IPv4 address, or the IPv6 /64 network that one customer has, of ASGI's ``scope["client"]``."""
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
