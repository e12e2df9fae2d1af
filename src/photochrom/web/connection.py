"""Limits of one client's connection that uvicorn does not have."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["Connection"]

HEAD_SECONDS = 20.0
"""From the beginning of a connection, or the first byte of a later request, to the end of the request's head."""
STALL_SECONDS = 60.0
"""How long a client may leave an answer unread."""
MOST_CONNECTIONS = 500
"""Below the 1,024 files that a process may commonly have open."""


class Connection(H11Protocol):
    """Uvicorn's HTTP/1.1, which closes connections that take too long or are too many.

    It ends heads that never end and answers that nobody reads. A body that comes too slowly is left to `BodyLimit`,
    which can still answer.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or drop it if there are too many."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
            return
        self._head = self.loop.call_later(HEAD_SECONDS, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Take bytes, and start or stop the timer of the head."""
        super().data_received(data)
        in_head = self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])
        if not in_head and self._head is not None:
            self._head.cancel()
            self._head = None
        elif in_head and self._head is None:
            self._head = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def pause_writing(self) -> None:
        """Start the timer of the answer: the client reads more slowly than the server sends."""
        super().pause_writing()
        self._stall = self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop that timer: the client has read what was waiting."""
        super().resume_writing()
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all timers."""
        for timer in (self._head, self._stall):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)
