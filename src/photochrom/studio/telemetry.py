"""Figures of the running server for Prometheus, and the health check. They hold nothing of a photo."""

from __future__ import annotations

import time
from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)

router = APIRouter(tags=["server"])


class Telemetry:
    """The server's counters. Each server has a registry of its own, so that two in one process stay apart.

    Attributes
    ----------
    requests : by method, route (the template, such as ``/api/jobs/{id}``; ``-`` for what met no route) and status
    seconds : histogram by route, from the request's head to the answer's end
    photos : by state, "done" or "failed"
    queue : photos that wait, as `watch_queue` is told
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        # It reads Linux's /proc. On other systems it adds nothing.
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "photochrom_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "photochrom_request_seconds",
            "Seconds from a request's head to its answer's end.",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.photos = Counter("photochrom_photos", "Photos worked on.", ["state"], registry=self.registry)
        self.queue = Gauge(
            "photochrom_queue_photos", "Photos that wait for their turn.", registry=self.registry
        )
        for state in ("done", "failed"):
            self.photos.labels(state)

    def photo(self, *, done: bool) -> None:
        """Count a photo."""
        self.photos.labels("done" if done else "failed").inc()

    def watch_queue(self, length: Callable[[], int]) -> None:
        """Call `length` for the length of the queue whenever the figures are read."""
        self.queue.set_function(lambda: float(length()))

    def text(self) -> bytes:
        """All figures in Prometheus's text format."""
        return generate_latest(self.registry)


class RequestCounter:
    """Counts and times every request. It must be the outermost middleware, so that refusals are counted too."""

    def __init__(self, app: ASGIApp, *, telemetry: Telemetry) -> None:
        self.app, self.telemetry = app, telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, counted)
        finally:
            # Only known words become labels. With its own words a client could fill the memory.
            method = scope["method"] if scope["method"] in METHODS else "-"
            route = template(scope)
            self.telemetry.requests.labels(method, route, str(status)).inc()
            self.telemetry.seconds.labels(route).observe(time.perf_counter() - began)


def template(scope: Scope) -> str:
    """The path of a request's route, with the names of its parameters; ``-`` if it has no route."""
    # FastAPI keeps the prefix of an included router in a place of its own.
    context = scope.get("fastapi", {}).get("effective_route_context")
    return str(getattr(context or scope.get("route"), "path", "-"))


@router.get("/healthz", summary="Whether the server answers")
async def healthz() -> dict[str, str]:
    """The answer is always the same; that it comes says that the server works."""
    return {"status": "ok"}


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
async def metrics(request: Request) -> Response:
    """Requests, photos, the queue and the process, in Prometheus's text format."""
    telemetry: Telemetry = request.app.state.telemetry
    return Response(telemetry.text(), headers={"content-type": CONTENT_TYPE_LATEST})
