"""Figures for Prometheus, read back with Prometheus's own parser."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, HTTPException
from prometheus_client.parser import text_string_to_metric_families

from photochrom.studio import telemetry
from photochrom.studio.limits import guard
from photochrom.studio.settings import Settings
from photochrom.studio.telemetry import Telemetry


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    guard(app, Settings(max_bytes=1024))
    app.include_router(telemetry.router)
    jobs = APIRouter()

    @jobs.get("/jobs/{id}")
    async def job(id: str) -> str:
        if id == "none":
            raise HTTPException(404, "no such job")
        return id

    @jobs.get("/broken")
    async def broken() -> None:
        raise RuntimeError

    app.include_router(jobs, prefix="/api")
    return app


@pytest.fixture
def client(app: FastAPI, asgi_client: Any) -> Any:
    return asgi_client(app)


def figures(client: Any) -> dict[tuple[str, ...], float]:
    got = client.get("/metrics")
    assert got.status_code == 200
    assert got.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(got.text)
        for sample in family.samples
    }


def test_health(client: Any) -> None:
    got = client.get("/healthz")
    assert (got.status_code, got.json()) == (200, {"status": "ok"})


def test_requests_are_counted_by_route_and_status(client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for path in ("/api/jobs/1", "/api/jobs/2", "/api/jobs/none", "/api/broken", "/secret/name.jpg"):
        client.get(path)
    client.post("/api/jobs/1")
    client.post("/api/jobs/1", content=b"x" * 2000)
    got = figures(client)
    count = {key[1:]: value for key, value in got.items() if key[0] == "photochrom_requests_total"}
    assert count == {
        ("GET", "/api/jobs/{id}", "200"): 2,
        ("GET", "/api/jobs/{id}", "404"): 1,
        ("GET", "/api/broken", "500"): 1,
        ("POST", "/api/jobs/{id}", "405"): 1,
        ("POST", "-", "413"): 1,
        ("GET", "-", "404"): 1,
    }
    assert got["photochrom_request_seconds_count", "/api/jobs/{id}"] == 4
    assert 0 < got["photochrom_request_seconds_sum", "/api/jobs/{id}"] < 60


def test_clients_cannot_add_names(client: Any) -> None:
    for number in range(20):
        client.request(f"X{number}", f"/{number}")
    assert [key for key in figures(client) if key[0] == "photochrom_requests_total"] == [
        ("photochrom_requests_total", "-", "-", "404")
    ]


def test_photos_and_the_queue(client: Any) -> None:
    figures_of: Telemetry = client.app.state.telemetry
    assert figures(client)["photochrom_photos_total", "failed"] == 0
    waiting = [1, 2, 3]
    figures_of.watch_queue(lambda: len(waiting))
    for done in (True, True, False):
        figures_of.photo(done=done)
    got = figures(client)
    assert got["photochrom_photos_total", "done"] == 2
    assert got["photochrom_photos_total", "failed"] == 1
    assert got["photochrom_queue_photos",] == 3
    waiting.clear()
    assert figures(client)["photochrom_queue_photos",] == 0


def test_servers_in_one_process_do_not_meet() -> None:
    first, second = Telemetry(), Telemetry()
    first.photo(done=True)
    assert b'photochrom_photos_total{state="done"} 1.0' in first.text()
    assert b'photochrom_photos_total{state="done"} 0.0' in second.text()
