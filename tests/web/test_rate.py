"""Requests of one client in a minute."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI

from photochrom.web import rate
from photochrom.web.rate import RateLimit, client_network


def test_a_client_may_make_so_many_requests(asgi_client: Any) -> None:
    app = FastAPI()
    app.add_middleware(RateLimit, per_minute=3, unlimited=("/health",))
    client = asgi_client(app)
    got = [client.get("/") for _ in range(4)]
    assert [each.status_code for each in got] == [404, 404, 404, 429]
    assert 1 <= int(got[-1].headers["retry-after"]) <= 20
    assert "3 a minute" in got[-1].json()["detail"]
    assert client.get("/health").status_code == 404


def test_the_rate_over_time_by_client_and_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    limit = RateLimit(lambda *_: None, per_minute=60, clock=lambda: now)  # type: ignore[arg-type,return-value]
    assert [limit.wait("a") for _ in range(60)] == [0] * 60
    assert limit.wait("a") == pytest.approx(1)
    assert limit.wait("a") == pytest.approx(1)  # asking too early costs nothing more
    assert limit.wait("b") == 0
    now += 1
    assert limit.wait("a") == 0
    assert limit.wait("a") == pytest.approx(1)
    now += 3600
    assert [limit.wait("a") for _ in range(60)] == [0] * 60
    assert len(limit.used_up) == 1  # b was forgotten
    monkeypatch.setattr(rate, "MOST_CLIENTS", 100)
    for number in range(1000):
        limit.wait(str(number))
    assert len(limit.used_up) == 100


@pytest.mark.parametrize(
    ("client", "known_by"),
    [
        (("192.0.2.7", 5), "192.0.2.7"),
        (("::ffff:192.0.2.7", 5), "192.0.2.7"),
        (("2001:db8:1:2:3:4:5:6", 5), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:ffff::", 5), "2001:db8:1:2::/64"),
        (("testclient", 5), "testclient"),
        (("x" * 1000, 5), "x" * 64),
        (None, ""),
    ],
)
def test_clients(client: Any, known_by: str) -> None:
    assert client_network(client) == known_by
