"""Uvicorn with a socket of ours, with no log, and with an end that long answers hear of."""

from __future__ import annotations

import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from photochrom.web.connection import Connection

__all__ = ["Server"]


class Server(uvicorn.Server):
    """Serves one application until it is told to stop.

    Nothing of a request is logged. The first Ctrl-C or SIGTERM lets running requests finish for a short while, the
    second does not.

    Parameters
    ----------
    grace_seconds : for which running requests may finish once the server is told to stop
    forwarded : whether a proxy on this machine says in X-Forwarded-For who its clients are
    ready : called once requests are answered
    ending : called when the server is told to stop, before it waits for connections
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        grace_seconds: float = 5,
        forwarded: bool = False,
        ready: Callable[[], object] = lambda: None,
        ending: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                ws="none",
                lifespan="on",  # "auto" would serve an application that could not start
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                # Limits are counted by address, so a client must not choose its own with X-Forwarded-For.
                proxy_headers=forwarded,
                timeout_graceful_shutdown=max(1, round(grace_seconds) + 1),
            )
        )
        self.ready, self.ending = ready, ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and call `ready`."""
        await super().startup(sockets)
        if self.started:
            self.ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop because of a signal. Uvicorn would raise the signal again after the end; this server ends in order."""
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Call `ending`, then wait for connections: some last until the application says that it ends."""
        self.ending()
        await super().shutdown(sockets)
