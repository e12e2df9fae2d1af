"""Uvicorn around the studio: a socket of ours, no log, and an end that streams hear of."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

from photochrom.studio.connection import Connection
from photochrom.studio.settings import Settings

__all__ = ["Server", "listen"]

BACKLOG = 512


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes any that is free.

    Raises
    ------
    OSError
        If it cannot: another server is there, no such address, no right to.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


class Server(uvicorn.Server):
    """Serves one app until it is told to stop.

    Nothing of a request is logged. The first Ctrl-C or SIGTERM lets what runs finish for a short while, the second
    does not.

    Parameters
    ----------
    ready : called once requests are answered
    """

    def __init__(self, app: FastAPI, settings: Settings, ready: Callable[[], None] = lambda: None) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                ws="none",
                lifespan="on",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                # Addresses decide about limits; whoever sends X-Forwarded-For must not choose one unasked.
                proxy_headers=settings.forwarded,
                timeout_graceful_shutdown=max(1, round(settings.grace_seconds) + 1),
            )
        )
        # It quotes bytes of what it cannot read.
        logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
        self.app, self.ready = app, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        if self.started:
            self.ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop because of a signal; it is not raised once more at the end, which is an orderly one."""
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell the studio before waiting for connections: some last until it says that it ends."""
        studio = getattr(self.app.state, "studio", None)
        if studio is not None:
            studio.stop()
        await super().shutdown(sockets)
