"""How many bytes a request may bring and how long it may take over them, checked while they stream past."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SLOWEST_RATE = 32 * 1024
"""Bytes a second that a body must keep up beyond the allowed seconds: 200 MiB at 256 kbit/s may take its time."""
LINGER_SECONDS, LINGER_BYTES = 5.0, 32 << 20
"""How much of a body that nobody wants is still read: a client that only writes would never see the answer."""
BODIES_IN_FLIGHT = 4
"""Largest bodies that may be on their way at once, all clients together."""


async def refuse(send: Send, status: int, detail: str, headers: Iterable[tuple[str, str]] = ()) -> None:
    """Answer with ``{"detail": detail}``."""
    body = json.dumps({"detail": detail}).encode()
    lines = [("content-type", "application/json"), ("content-length", str(len(body))), *headers]
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


class _Body:
    """One request's body on its way in, and whether it was refused on the way."""

    def __init__(self, limits: Bodies, receive: Receive, scope: Scope) -> None:
        self.limits, self._receive = limits, receive
        self.began = time.monotonic()
        self.received = 0
        # Without either header there is no body.
        headers = Headers(scope=scope)
        self.complete = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
        self.gone = False
        self.refusal: tuple[int, str] | None = None

    async def receive(self) -> Message:
        """The next part. Once refused, the app is told that the client left: it stops reading and tidies up."""
        if self.refusal is not None:
            return {"type": "http.disconnect"}
        if self.complete or self.gone:
            return await self._receive()
        limits = self.limits
        left = limits.seconds + self.received / SLOWEST_RATE - (time.monotonic() - self.began)
        try:
            async with asyncio.timeout(max(left, 0)):
                message = await self._receive()
        except TimeoutError:
            self.refusal = (
                408,
                f"the request came too slowly: {self.received:,} bytes were there when time was up",
            )
            return {"type": "http.disconnect"}
        if message["type"] == "http.disconnect":
            self.gone = True
            return message
        size = len(message.get("body", b""))
        self.received += size
        limits.in_flight += size
        self.complete = not message.get("more_body", False)
        if self.received > limits.most:
            self.refusal = 413, limits.too_large
        elif limits.in_flight > limits.most * BODIES_IN_FLIGHT:
            self.refusal = 429, "too many photos are on their way to this server; try again in a moment"
        return message if self.refusal is None else {"type": "http.disconnect"}

    async def linger(self) -> None:
        """Read what is left and drop it, for a while."""
        dropped = 0
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while not self.complete and not self.gone and dropped < LINGER_BYTES:
                    message = await self._receive()
                    dropped += len(message.get("body", b""))
                    self.gone = message["type"] == "http.disconnect"
                    self.complete = not message.get("more_body", False)
        except TimeoutError:
            pass


class Bodies:
    """Limits how many bytes a request brings and how long it takes over them.

    An announced length above the limit is refused before a byte is read. Otherwise bytes are counted as they pass.
    A body has `seconds`, and more only while it keeps `SLOWEST_RATE`. After an answer that did not wait for the
    body's end the connection is closed, once the client has had a chance to read that answer.
    """

    def __init__(self, app: ASGIApp, *, most: int, seconds: float) -> None:
        self.app, self.most, self.seconds = app, most, seconds
        self.in_flight = 0
        self.too_large = f"the request is too large; at most {most:,} bytes are taken"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _Body(self, receive, scope)
        started = False

        async def parting(message: Message) -> None:
            """Closes the connection after an answer that leaves some of the body unread."""
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                if not body.complete:
                    MutableHeaders(scope=message)["connection"] = "close"
            elif not message.get("more_body", False) and not body.complete:
                await send({**message, "more_body": True})
                if body.refusal is None or body.refusal[0] != 408:  # who sends nothing has time to read
                    await body.linger()
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        async def unless_refused(message: Message) -> None:
            # What the app says to a body that was cut short is not the reason.
            if body.refusal is None or started:
                await parting(message)

        length = Headers(scope=scope).get("content-length", "0")
        # Longer than any true number: int() itself refuses such, in another way.
        if len(length) > 18 or (length.isdecimal() and int(length) > self.most):
            await refuse(parting, 413, self.too_large)
            return
        try:
            await self.app(scope, body.receive, unless_refused)
        except Exception:
            if body.refusal is None and not body.gone:
                raise
        finally:
            self.in_flight -= body.received
        if body.refusal is not None and not started:
            status, detail = body.refusal
            await refuse(parting, status, detail, [("retry-after", "10")] if status == 429 else [])
