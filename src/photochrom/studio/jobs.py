"""Jobs, and the desk on which all photos in hand lie until their time is over."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from photochrom.studio.api_error import ApiError
from photochrom.studio.darkroom import Darkroom, Print, Wish
from photochrom.studio.shots import Shot, State
from photochrom.studio.store import Blob, new_id
from photochrom.studio.workers import Task, WorkerPool

__all__ = ["Desk", "Job"]


class Job:
    """Photos that were sent together; watchers are called, on any thread, when one of them changes."""

    def __init__(self, shots: list[Shot]) -> None:
        self.id = new_id()
        self.created = datetime.now(UTC).isoformat(timespec="seconds")
        self.shots = shots
        self.watchers: set[Callable[[], None]] = set()
        for shot in shots:
            shot.job = self

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to its photos."""
        return all(shot.state in ("done", "failed") for shot in list(self.shots))

    def changed(self) -> None:
        """Tell the watchers."""
        for watcher in list(self.watchers):
            watcher()

    @contextlib.contextmanager
    def watched(self, watcher: Callable[[], None]) -> Iterator[None]:
        """Have `watcher` called while the block runs."""
        self.watchers.add(watcher)
        try:
            yield
        finally:
            self.watchers.discard(watcher)

    def public(self, positions: dict[Task, int]) -> dict[str, Any]:
        """What ``GET /api/jobs/{id}`` gives."""
        photos = [shot.public(positions) for shot in list(self.shots)]
        states = [photo["state"] for photo in photos]
        counts = {state: states.count(state) for state in ("queued", "running", "done", "failed")}
        return {"id": self.id, "created": self.created, "photos": photos, **counts}


class Desk:
    """All photos in hand; safe from several threads.

    Parameters
    ----------
    keep_seconds : how long a photo stays after it is done or failed
    finished : told of each photo that left the queue: "done" or "failed", and the seconds it took
    clock : seconds, for the tests
    """

    def __init__(
        self,
        darkroom: Darkroom,
        workers: WorkerPool,
        keep_seconds: float,
        *,
        finished: Callable[[State, float], None] = lambda state, seconds: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.darkroom, self.workers, self.keep_seconds = darkroom, workers, keep_seconds
        self._finished, self._clock = finished, clock
        self._shots: dict[str, Shot] = {}
        self._jobs: dict[str, Job] = {}
        self._lock = threading.RLock()

    def begin(self, client: str, uploads: list[tuple[str, Blob]], wish: Wish) -> Job:
        """Take a job. The desk owns the uploads from here on, also if it refuses them.

        Raises
        ------
        ApiError
            429 where the queue cannot take all of them, 503 at the end.
        """
        shots = [Shot(name, upload, wish) for name, upload in uploads]
        job = Job(shots)
        with self._lock:
            try:
                tasks = self.workers.submit(client, [self._work(shot, client) for shot in shots])
            except ApiError:
                self.darkroom.store.drop(*(upload for _, upload in uploads))
                raise
            # A worker that is quicker waits for the lock before it changes anything.
            for shot, task in zip(shots, tasks, strict=True):
                shot.task = task
                self._shots[shot.id] = shot
            self._jobs[job.id] = job
        return job

    def print(
        self, client: str, upload: Blob, name: str, wish: Wish, *, candidate: int | None = None
    ) -> Task:
        """Queue a photo whose files nobody keeps; the task's result is a list of `Print`.

        The caller owns the upload and, once the task is done, the prints.

        Raises
        ------
        ApiError
            As `begin`.
        """

        def work(task: Task) -> list[Print]:
            started = time.perf_counter()
            try:
                prints = self._develop(upload, name, wish, client, task, candidate=candidate)
            except ApiError:
                self._finished("failed", time.perf_counter() - started)
                raise
            self._finished("done", time.perf_counter() - started)
            return prints

        return self.workers.submit(client, [work])[0]

    def shot(self, id: str) -> Shot:
        """The photo of that id. Raises ApiError, 404."""
        with self._lock:
            shot = self._shots.get(id)
            if shot is None or self._is_over(shot):
                raise ApiError(HTTPStatus.NOT_FOUND, "there is no such photo, or its time is over")
            return shot

    @property
    def shots(self) -> list[Shot]:
        """All photos in hand."""
        with self._lock:
            return list(self._shots.values())

    def __contains__(self, id: str) -> bool:
        with self._lock:
            shot = self._shots.get(id)
            return shot is not None and not self._is_over(shot)

    def job(self, id: str) -> Job:
        """The job of that id. Raises ApiError, 404."""
        with self._lock:
            self.sweep()
            job = self._jobs.get(id)
            if job is None:
                raise ApiError(HTTPStatus.NOT_FOUND, "there is no such job, or its time is over")
            return job

    def remove(self, *shots: Shot) -> None:
        """Forget photos and remove their files; what is at work on them stops at its next step."""
        for shot in shots:
            with self._lock:
                if shot.gone:
                    continue
                shot.gone = True
                self._shots.pop(shot.id, None)
                if shot.task is not None:
                    self.workers.cancel(shot.task)
                blobs = shot.blobs
                job = shot.job
                if job is not None:
                    job.shots = [each for each in job.shots if each is not shot]
                    if not job.shots:
                        self._jobs.pop(job.id, None)
            self.darkroom.store.drop(*blobs)
            if job is not None:
                job.changed()

    def sweep(self) -> None:
        """Forget the photos whose time is over."""
        with self._lock:
            over = [shot for shot in self._shots.values() if self._is_over(shot)]
        self.remove(*over)

    def keep_before(self, shot: Shot, data: bytes) -> None:
        """Keep what the page shows of the original with the photo, if there is room."""
        with contextlib.suppress(ApiError):
            blob = self.darkroom.store.write(data, shot.upload.owner)
            with self._lock:
                if not shot.gone and shot.before is None:
                    shot.before = blob
                    return
            self.darkroom.store.drop(blob)

    def _is_over(self, shot: Shot) -> bool:
        return shot.until is not None and self._clock() >= shot.until

    def _change(self, shot: Shot, **values: Any) -> None:
        with self._lock:
            for name, value in values.items():
                setattr(shot, name, value)
            if shot.state in ("done", "failed"):
                shot.task = None
                shot.until = self._clock() + self.keep_seconds
        if shot.job is not None:
            shot.job.changed()

    def _work(self, shot: Shot, client: str) -> Callable[[Task], None]:
        def step(share: float) -> None:
            self._change(shot, progress=share)

        def size(width: int, height: int) -> None:
            self._change(shot, size=(width, height))

        def work(task: Task) -> None:
            started = time.perf_counter()
            self._change(shot, state="running")
            try:
                prints = self._develop(shot.upload, shot.name, shot.wish, client, task, step=step, size=size)
            except ApiError as error:
                self._change(shot, state="failed", failure=(error.status, str(error)))
                self._finished("failed", time.perf_counter() - started)
                return
            with self._lock:
                if shot.gone:
                    self.darkroom.store.drop(*(each.blob for each in prints))
                    return
                shot.prints = prints
            self._change(shot, state="done", progress=1.0)
            self._finished("done", time.perf_counter() - started)

        return work

    def _develop(
        self,
        upload: Blob,
        name: str,
        wish: Wish,
        client: str,
        task: Task,
        *,
        candidate: int | None = None,
        step: Callable[[float], None] = lambda share: None,
        size: Callable[[int, int], None] = lambda width, height: None,
    ) -> list[Print]:
        def at(share: float) -> None:
            task.check()
            step(share)

        at(0.05)
        photo = self.darkroom.open(upload, name)
        height, width = photo.pages[0].pixels.shape[:2]
        size(width, height)
        self.darkroom.check(photo, wish)
        at(0.2)
        return self.darkroom.develop(photo, wish, client, candidate=candidate, step=at)
