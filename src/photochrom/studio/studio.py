"""`Studio`: all that one running server has, from the model to the last temporary file."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from typing import Any

import cv2

from photochrom.engine.colorizer import Colorizer
from photochrom.engine.models import available
from photochrom.engine.session import Session
from photochrom.jobs.memory import give_back
from photochrom.studio.darkroom import Darkroom
from photochrom.studio.jobs import Desk
from photochrom.studio.live import Live
from photochrom.studio.settings import Settings
from photochrom.studio.shots import Shot
from photochrom.studio.store import Store
from photochrom.studio.telemetry import Telemetry
from photochrom.studio.workers import WorkerPool

__all__ = ["Studio"]

TOGETHER = 8
"""Photos of like size in one run of the network, where more ask than there are cores for."""


class Studio:
    """The parts of a server, made in one place and ended in one place.

    Attributes
    ----------
    colorizer, store, workers
        The model, the files, and the threads.
    darkroom, desk, live
        What is done to a photo, the photos in hand, and those open for live changes.
    stopping
        Set when the server is to end: streams that last must not keep it.
    unfinished
        Once closed: photos that waited or ran.

    Raises
    ------
    ModelError, OSError
        If the model cannot be run, or there is no folder for photos.
    """

    def __init__(self, settings: Settings, telemetry: Telemetry) -> None:
        self.settings, self.telemetry = settings, telemetry
        jobs = settings.photos_at_once
        if jobs > 1:
            # As in the command: each photo's own work would start a thread per core.
            cv2.setNumThreads(max(1, (os.cpu_count() or 1) // jobs))
        # A core for each photo: joint runs on all cores took 1.2 times as long (benchmarks/server.py).
        threads = max(1, (os.cpu_count() or 1) // jobs)
        self.colorizer = Colorizer(settings.model, threads=threads, batch=TOGETHER)
        self.store = Store(settings.keep_bytes)
        self.workers = WorkerPool(jobs, settings.queue)
        self.darkroom = Darkroom(self.colorizer, self.store, settings.max_pixels)
        self.desk = Desk(self.darkroom, self.workers, 60 * settings.keep_minutes, finished=self._count)
        self.live = Live(self.darkroom, max(2, jobs))
        self.stopping = threading.Event()
        self.unfinished = 0
        self._deadline = 0.0
        self._closed = False
        self._models: list[dict[str, Any]] | None = None
        self._counts = {"done": 0, "failed": 0}
        telemetry.watch_queue(lambda: self.workers.waiting)

    @property
    def counts(self) -> dict[str, int]:
        """How many photos were "done" and "failed" since the beginning."""
        return dict(self._counts)

    def models(self) -> list[dict[str, Any]]:
        """What ``GET /api/models`` gives: the models that came with the package, and the one in use."""
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

    def forget(self, *shots: Shot) -> None:
        """Let go of photos before their time; on the event loop's thread."""
        self.desk.remove(*shots)
        self.live.keep(self.desk.__contains__)

    async def sweep(self) -> None:
        """Let go of photos whose time is over, and of what work has left in memory, for as long as this runs."""
        pause = min(15.0, 15 * self.settings.keep_minutes)
        while True:
            await asyncio.sleep(pause)
            await asyncio.to_thread(self.desk.sweep)
            self.live.keep(self.desk.__contains__)
            await asyncio.to_thread(give_back)

    def stop(self) -> None:
        """Take nothing more, and let the streams end; the grace begins."""
        if not self.stopping.is_set():
            self._deadline = time.monotonic() + self.settings.grace_seconds
            self.stopping.set()
            self.unfinished = self.workers.stop()

    def close(self) -> None:
        """Let what runs use up its grace, then remove every photo. Once is enough, twice does no harm."""
        self.stop()
        if self._closed:
            return
        self._closed = True
        self.unfinished += self.workers.close(max(0.0, self._deadline - time.monotonic()))
        self.live.close()
        self.store.close()

    def _count(self, state: str, seconds: float) -> None:
        self._counts[state] += 1
        self.telemetry.photo(done=state == "done")
