"""`Studio`: the parts of one running server, from the model to the temporary files."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import cv2

from photochrom import resources
from photochrom.engine.colorizer import Colorizer
from photochrom.engine.models import available
from photochrom.engine.session import Session
from photochrom.jobs.memory import give_back
from photochrom.studio.film_service import FilmService
from photochrom.studio.items import JobItem
from photochrom.studio.previews import PreviewService
from photochrom.studio.registry import JobRegistry
from photochrom.studio.service import ColorizeService
from photochrom.studio.settings import Settings
from photochrom.studio.store import Store
from photochrom.studio.telemetry import Telemetry
from photochrom.studio.workers import WorkerPool

__all__ = ["Studio"]

FILMS_AT_ONCE = 1
TOGETHER = 8
"""The number of photos of equal size in one run of the network, if more photos wait than there are cores."""


class Studio:
    """Makes the parts of a server and ends them.

    Attributes
    ----------
    colorizer, store, workers
        The model, the files and the threads.
    service, registry, previews
        The work on one photo, all photos, and those that are open for live changes.
    stopping
        Set when the server is told to stop, so that event streams end.
    unfinished
        How many photos waited or ran when the studio was closed.

    Raises
    ------
    ModelError, OSError
        If the model cannot be run, or there is no folder for photos.
    """

    def __init__(self, settings: Settings, telemetry: Telemetry) -> None:
        self.settings, self.telemetry = settings, telemetry
        # One core for each photo. Joint runs on all cores took 1.2 times as long (benchmarks/server.py).
        jobs, threads = resources.share_cores(resources.cores(), settings.jobs, None)
        if jobs > 1:
            # Otherwise OpenCV would start a thread per core for each photo.
            cv2.setNumThreads(max(1, resources.cores() // jobs))
        self.colorizer = Colorizer(settings.model, threads=threads, batch=TOGETHER)
        self.store = Store(settings.keep_bytes)
        self.workers = WorkerPool(jobs, settings.queue)
        self.service = ColorizeService(self.colorizer, self.store, settings.max_pixels)
        # Films have a queue of their own. Otherwise a few of them would keep all photos waiting for minutes.
        self.film_workers = WorkerPool(FILMS_AT_ONCE, settings.queue)
        films = FilmService(
            self.service, settings.max_film_seconds, settings.max_film_bytes, threads or resources.cores()
        )
        self.registry = JobRegistry(
            self.service,
            self.workers,
            60 * settings.keep_minutes,
            films=films,
            film_workers=self.film_workers,
            finished=self._count,
        )
        self.previews = PreviewService(self.service, max(2, jobs))
        self.stopping = threading.Event()
        self.unfinished = 0
        self._deadline = 0.0
        self._closed = False
        self._models: list[dict[str, Any]] | None = None
        self._counts = {"done": 0, "failed": 0}
        telemetry.watch_queue(lambda: self.workers.waiting + self.film_workers.waiting)

    @property
    def counts(self) -> dict[str, int]:
        """How many photos are "done" and "failed" since the start."""
        return dict(self._counts)

    def models(self) -> list[dict[str, Any]]:
        """The answer of ``GET /api/models``: the models that came with the package, and the one in use."""
        if self._models is None:
            in_use = self.colorizer.info
            others = [info for info in available() if info.path != in_use.path]
            self._models = [
                {
                    "name": info.name,
                    "description": info.description,
                    "licence": info.licence,
                    "parameters": info.parameters,
                    "bytes": info.bytes,
                    "default": info is in_use,
                    "distribution": session.has_distribution,
                }
                for info, session in [
                    (in_use, self.colorizer.session),
                    *((info, Session(info.path, threads=1)) for info in others),
                ]
            ]
        return self._models

    def forget(self, *items: JobItem) -> None:
        """Forget photos before their time is over; call it on the event loop's thread."""
        self.registry.remove(*items)
        self.previews.keep(self.registry.__contains__)

    async def sweep(self) -> None:
        """Regularly delete expired photos and return freed memory to the system."""
        pause = min(15.0, 15 * self.settings.keep_minutes)
        while True:
            await asyncio.sleep(pause)
            await asyncio.to_thread(self.registry.sweep)
            self.previews.keep(self.registry.__contains__)
            await asyncio.to_thread(give_back)

    def stop(self) -> None:
        """Take no more photos and let the streams end. Running photos have `grace_seconds` from now."""
        if not self.stopping.is_set():
            self._deadline = time.monotonic() + self.settings.grace_seconds
            self.stopping.set()
            self.unfinished = self.workers.stop() + self.film_workers.stop()

    def close(self) -> None:
        """Wait for running photos until their time is up, then remove every photo. May be called twice."""
        self.stop()
        if self._closed:
            return
        self._closed = True
        for pool in (self.workers, self.film_workers):
            self.unfinished += pool.close(max(0.0, self._deadline - time.monotonic()))
        self.previews.close()
        self.store.close()

    def _count(self, state: str, seconds: float) -> None:
        self._counts[state] += 1
        self.telemetry.photo(done=state == "done")
