"""Shared code of the commands that serve a page: the optional packages and the port."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from photochrom.cli.console import give_up, needs_extra
from photochrom.files import words_of

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


def needs_studio(what: str) -> AbstractContextManager[None]:
    """If a package is missing, print one line that names the extra that `what` needs."""
    return needs_extra("studio", f"{what} needs", NEEDED)


def open_browser(url: str) -> None:
    """Open a page in the desktop's browser, on a thread of its own; do nothing on a machine without a desktop.

    A login over SSH has no desktop, even if its windows are forwarded. There, Python would start a browser in the
    terminal, such as w3m.
    """
    desktop = sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    if desktop and not os.environ.get("SSH_CONNECTION"):
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def open_listener(host: str, port: int) -> socket.socket:
    """Open a listening socket. If that fails, print one line with the reason and exit."""
    from photochrom.web.address import listen

    try:
        return listen(host, port)
    except OSError as error:
        give_up(f"{host}:{port}: cannot listen there ({words_of(error)}); give another --port or --host")
