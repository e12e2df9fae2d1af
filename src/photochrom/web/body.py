"""How many bytes a request may bring and how long it may take over them."""

from __future__ import annotations

import asyncio
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photochrom.web.answers import send_error

__all__ = ["BodyLimit"]

SLOWEST_RATE = 32 * 1024
"""Bytes a second that a body must keep up after the allowed seconds: 200 MiB at 256 kbit/s are let through."""
LINGER_SECONDS, LINGER_BYTES = 5.0, 32 << 20
"""How much of a refused body is still read. A client that writes before it reads would never see the answer."""
BODIES_IN_FLIGHT = 4
"""How many bodies of the largest size may arrive at once, all clients together."""


class BodyLimit:
    """Limits the bytes of a request's body and the time that it takes.

    A body whose announced length is too large is refused before a byte is read. Every other body is counted while it
    passes; it is never buffered here. A body has `seconds`, and more only while it keeps `SLOWEST_RATE`. After an
    answer that did not wait for the end of the body, the connection is closed. The rest of the body is read for a
    while first, so that the client gets the answer.

    Parameters
    ----------
    most : bytes of one body
    seconds : in which a body must have arrived
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

        async def send_and_close(message: Message) -> None:
            """Close the connection after an answer that leaves a part of the body unread."""
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                if not body.complete:
                    MutableHeaders(scope=message)["connection"] = "close"
            elif not message.get("more_body", False) and not body.complete:
                await send({**message, "more_body": True})
                if not body.is_too_slow:  # such a client sends nothing that would have to be read
                    await body.linger()
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        async def send_unless_refused(message: Message) -> None:
            # The application complains about a body that was cut short. The reason for the cut is the right answer.
            if body.refusal is None or started:
                await send_and_close(message)

        length = Headers(scope=scope).get("content-length", "0")
        # int() refuses very long numbers with another error. No true length has more than 18 digits.
        if len(length) > 18 or (length.isdecimal() and int(length) > self.most):
            await send_error(send_and_close, 413, self.too_large)
            return
        try:
            await self.app(scope, body.receive, send_unless_refused)
        except Exception:
            if body.refusal is None and not body.gone:
                raise
        finally:
            self.in_flight -= body.received
        if body.refusal is not None and not started:
            status, detail = body.refusal
            headers = [("retry-after", "10")] if status == 429 else []
            await send_error(send_and_close, status, detail, headers)


class _Body:
    """The body of one request while it arrives.

    Attributes
    ----------
    complete : whether its end has come, or there is none
    gone : whether the client has left
    refusal : status and sentence, once the body has broken a limit
    """

    def __init__(self, limits: BodyLimit, receive: Receive, scope: Scope) -> None:
        self.limits, self._receive = limits, receive
        self.began = time.monotonic()
        self.received = 0
        # A request without either header has no body.
        headers = Headers(scope=scope)
        self.complete = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
        self.gone = False
        self.refusal: tuple[int, str] | None = None

    @property
    def is_too_slow(self) -> bool:
        """Whether the body was refused because it came too slowly."""
        return self.refusal is not None and self.refusal[0] == 408

    async def receive(self) -> Message:
        """The next part. After a refusal the application is told that the client left, so that it stops."""
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
            words = f"the request came too slowly: {self.received:,} bytes were there when time was up"
            self.refusal = 408, words
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
            self.refusal = 429, "too much is on its way to this server; try again in a moment"
        return message if self.refusal is None else {"type": "http.disconnect"}

    async def linger(self) -> None:
        """Read the rest and drop it, within `LINGER_SECONDS` and `LINGER_BYTES`."""
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
