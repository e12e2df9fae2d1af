"""The server of the studio, whose event streams end when it is told to stop."""

from __future__ import annotations

import logging
from collections.abc import Callable

from fastapi import FastAPI

from photochrom.studio.settings import Settings
from photochrom.web.address import listen
from photochrom.web.server import Server as BaseServer

__all__ = ["Server", "listen"]


class Server(BaseServer):
    """Serves the studio's application with its settings. See `photochrom.web.server.Server`."""

    def __init__(self, app: FastAPI, settings: Settings, ready: Callable[[], object] = lambda: None) -> None:
        def end_streams() -> None:
            studio = getattr(app.state, "studio", None)
            if studio is not None:
                studio.stop()

        super().__init__(
            app,
            grace_seconds=settings.grace_seconds,
            forwarded=settings.forwarded,
            ready=ready,
            ending=end_streams,
        )
        # It quotes bytes of what it cannot read.
        logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
