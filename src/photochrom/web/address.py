"""Where a server listens, and the address that its user is told. Needs nothing but Python."""

from __future__ import annotations

import ipaddress
import socket

__all__ = ["is_loopback", "listen", "page_url"]

BACKLOG = 512
EVERYWHERE = ("0.0.0.0", "::")


def listen(host: str, port: int) -> socket.socket:
    """Open a socket that listens there; port 0 takes any that is free.

    Raises
    ------
    OSError
        If it cannot: another server is there, no such address, no right to.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens at `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def page_url(host: str, port: int) -> str:
    """The address for a browser. Where the server listens at all addresses, it has the machine's name."""
    name = socket.gethostname() if host in EVERYWHERE else host
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/"
