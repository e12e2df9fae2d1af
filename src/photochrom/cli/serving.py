"""What the commands that serve a page share: the optional packages that they need, and the port."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from photochrom.cli.console import give_up

if TYPE_CHECKING:
    import socket

NEEDED = {
    "fastapi",
    "starlette",
    "uvicorn",
    "h11",
    "anyio",
    "jinja2",
    "pydantic",
    "pydantic_settings",
    "python_multipart",
    "prometheus_client",
}


@contextmanager
def needs_studio(what: str) -> Iterator[None]:
    """Say in one line which extra `what` needs, where one of its packages is missing."""
    try:
        yield
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in NEEDED:
            raise
        give_up(f'{what} needs {missing}; install it with: pip install "photochrom[studio]"')


def open_listener(host: str, port: int) -> socket.socket:
    """A socket that listens there, or one line that says why there is none."""
    from photochrom.web.address import listen

    try:
        return listen(host, port)
    except OSError as error:
        # Python's own words repeat the address. For an unknown host, the number is none of the system's.
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        give_up(f"{host}:{port}: cannot listen there ({reason}); give another --port or --host")
