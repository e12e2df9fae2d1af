"""Where a server listens, and the address that its user is told."""

from __future__ import annotations

import socket

import pytest

from photochrom.web.address import is_loopback, listen, page_url


def test_a_port_is_taken_once() -> None:
    with listen("127.0.0.1", 0) as first:
        host, port = first.getsockname()
        assert (host, port > 0) == ("127.0.0.1", True)
        with socket.create_connection((host, port), timeout=20):
            pass
        with pytest.raises(OSError, match="in use"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "only_here"),
    [
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("attic.example", False),
    ],
)
def test_who_can_reach_it(host: str, only_here: bool) -> None:
    assert is_loopback(host) is only_here


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/"),
        ("::1", "http://[::1]:8000/"),
        ("attic.example", "http://attic.example:8000/"),
        ("0.0.0.0", "http://thebox:8000/"),
        ("::", "http://thebox:8000/"),
    ],
)
def test_the_address_for_a_browser(monkeypatch: pytest.MonkeyPatch, host: str, url: str) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "thebox")
    assert page_url(host, 8000) == url
