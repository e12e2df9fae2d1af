"""`JobRegistry`: all jobs and their photos, from the upload until they expire."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from photochrom.engine.reference import MOST_REFERENCES, Reference
from photochrom.pipeline.request import ColorizeRequest
from photochrom.studio.api_error import ApiError
from photochrom.studio.film_service import FilmService
from photochrom.studio.items import JobItem, Kind, State
from photochrom.studio.job import Job
from photochrom.studio.service import ColorizeService, ResultFile
from photochrom.studio.store import Blob
from photochrom.studio.workers import Task, WorkerPool

__all__ = ["JobRegistry"]


class JobRegistry:
    """All jobs, photos and films that the server holds; safe from several threads.

    Parameters
    ----------
    keep_seconds : how long a photo stays after it is done or has failed
    films, film_workers : what colorizes films, and its own queue, so that photos do not wait for films; a film is
        refused as a photo if they are None
    finished : called for each photo that leaves the queue, with "done" or "failed" and the seconds that it took
    clock : seconds; tests replace it
    """

    def __init__(
        self,
        service: ColorizeService,
        workers: WorkerPool,
        keep_seconds: float,
        *,
        films: FilmService | None = None,
        film_workers: WorkerPool | None = None,
        finished: Callable[[State, float], None] = lambda state, seconds: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.service, self.workers, self.keep_seconds = service, workers, keep_seconds
        self.films, self.film_workers = films, film_workers or workers
        self._finished, self._clock = finished, clock
        self._items: dict[str, JobItem] = {}
        self._jobs: dict[str, Job] = {}
        self._job_of: dict[str, Job] = {}
        self._lock = threading.RLock()

    def begin(self, client: str, uploads: list[tuple[str, Blob]], request: ColorizeRequest) -> Job:
        """Take a job. From here on the uploads belong to the registry, even if it raises.

        Raises
        ------
        ApiError
            429 if the queue cannot take all photos, 503 if the server is shutting down.
        """
        items = [JobItem(name, upload, request, self._kind(upload, name)) for name, upload in uploads]
        job = Job(items)
        with self._lock:
            try:
                self._submit(client, items)
            except ApiError:
                self.service.store.drop(*(upload for _, upload in uploads))
                raise
            # A worker that begins already waits for the lock before it changes anything.
            for item in items:
                self._items[item.id] = item
                self._job_of[item.id] = job
            self._jobs[job.id] = job
        return job

    def positions(self) -> dict[Task, int]:
        """`WorkerPool.positions` of photos and of films, which wait apart."""
        return self.workers.positions() | self.film_workers.positions()

    def colorize_once(
        self, client: str, upload: Blob, name: str, request: ColorizeRequest, *, candidate: int | None = None
    ) -> Task:
        """Queue a photo that is not kept; the task's result is a list of `ResultFile`.

        The upload belongs to the caller, and so do the results once the task is done.

        Raises
        ------
        ApiError
            As `begin`.
        """

        def work(task: Task) -> list[ResultFile]:
            started = time.perf_counter()
            try:
                results = self.service.run(
                    upload, name, request, client, candidate=candidate, step=_checked(task)
                )
            except ApiError:
                self._finished("failed", time.perf_counter() - started)
                raise
            self._finished("done", time.perf_counter() - started)
            return results

        return self.workers.submit(client, [work])[0]

    def item(self, id: str) -> JobItem:
        """The photo with that id. Raises ApiError, 404."""
        with self._lock:
            item = self._items.get(id)
            if item is None or self._is_over(item):
                raise ApiError(HTTPStatus.NOT_FOUND, "there is no such photo, or its time is over")
            return item

    @property
    def items(self) -> list[JobItem]:
        """All photos."""
        with self._lock:
            return list(self._items.values())

    def __contains__(self, id: str) -> bool:
        with self._lock:
            item = self._items.get(id)
            return item is not None and not self._is_over(item)

    def job(self, id: str) -> Job:
        """The job with that id. Raises ApiError, 404."""
        with self._lock:
            self.sweep()
            job = self._jobs.get(id)
            if job is None:
                raise ApiError(HTTPStatus.NOT_FOUND, "there is no such job, or its time is over")
            return job

    def remove(self, *items: JobItem) -> None:
        """Forget photos and remove their files. Work on them stops at its next step."""
        for item in items:
            with self._lock:
                if item.gone:
                    continue
                item.gone = True
                self._items.pop(item.id, None)
                if item.task is not None:
                    self._pool(item).cancel(item.task)
                blobs = item.blobs
                job = self._job_of.pop(item.id, None)
                if job is not None:
                    job.items = [other for other in job.items if other is not item]
                    if not job.items:
                        self._jobs.pop(job.id, None)
            self.service.store.drop(*blobs)
            if job is not None:
                job.changed()

    def sweep(self) -> None:
        """Forget the photos whose time is over."""
        with self._lock:
            over = [item for item in self._items.values() if self._is_over(item)]
        self.remove(*over)

    def keep_before(self, item: JobItem, data: bytes) -> None:
        """Keep the page's picture of the original with the photo, if there is room."""
        with contextlib.suppress(ApiError):
            blob = self.service.store.write(data, item.upload.owner)
            with self._lock:
                if not item.gone and item.before is None:
                    item.before = blob
                    return
            self.service.store.drop(blob)

    def _kind(self, upload: Blob, name: str) -> Kind:
        return "film" if self.films is not None and self.films.takes(upload, name) else "photo"

    def _pool(self, item: JobItem) -> WorkerPool:
        return self.film_workers if item.kind == "film" else self.workers

    def _submit(self, client: str, items: list[JobItem]) -> None:
        """Queue all items, or none."""
        for kind in ("photo", "film"):
            of_kind = [item for item in items if item.kind == kind]
            if not of_kind:
                continue
            try:
                tasks = self._pool(of_kind[0]).submit(client, [self._work(item, client) for item in of_kind])
            except ApiError:
                for item in items:
                    if item.task is not None:
                        self._pool(item).cancel(item.task)
                raise
            for item, task in zip(of_kind, tasks, strict=True):
                item.task = task

    def refer(self, item: JobItem, references: tuple[Reference, ...], *, add: bool = False) -> None:
        """Replace a photo's references, for views and results that are made from now on.

        Parameters
        ----------
        add : keep the former ones too; one that is there already is not added again

        Raises
        ------
        ApiError
            413 if there would be more than `MOST_REFERENCES`.
        """
        with self._lock:
            former = item.request.options.references if add else ()
            found = tuple(dict.fromkeys((*former, *references)))
            if len(found) > MOST_REFERENCES:
                words = f"{item.name}: at most {MOST_REFERENCES} references are taken; remove one first"
                raise ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words)
            self._set_references(item, found)

    def forget_reference(self, item: JobItem, reference: Reference) -> None:
        """Forget one of a photo's references. If it is gone already, nothing happens."""
        with self._lock:
            left = tuple(each for each in item.request.options.references if each != reference)
            self._set_references(item, left)

    def _set_references(self, item: JobItem, references: tuple[Reference, ...]) -> None:
        options = replace(item.request.options, references=references)
        item.request = replace(item.request, options=options)

    def _is_over(self, item: JobItem) -> bool:
        return item.until is not None and self._clock() >= item.until

    def _change(self, item: JobItem, **values: Any) -> None:
        with self._lock:
            for name, value in values.items():
                setattr(item, name, value)
            if item.ended:
                item.task = None
                item.until = self._clock() + self.keep_seconds
            job = self._job_of.get(item.id)
        if job is not None:
            job.changed()

    def _work(self, item: JobItem, client: str) -> Callable[[Task], None]:
        def work(task: Task) -> None:
            started = time.perf_counter()
            self._change(item, state="running")
            try:
                results = self._results(item, client, task)
            except ApiError as error:
                self._change(item, state="failed", failure=error)
                self._finished("failed", time.perf_counter() - started)
                return
            with self._lock:
                if item.gone:
                    self.service.store.drop(*(result.blob for result in results))
                    return
                item.results = results
            self._change(item, state="done", progress=1.0)
            self._finished("done", time.perf_counter() - started)

        return work

    def _results(self, item: JobItem, client: str, task: Task) -> list[ResultFile]:
        about = (item.upload, item.name, item.request, client)
        step = _checked(task, lambda share: self._change(item, progress=share))

        def size(width: int, height: int) -> None:
            self._change(item, size=(width, height))

        if item.kind == "film" and self.films is not None:
            return self.films.run(
                *about, step=step, size=size, preview=lambda blob: self._preview(item, blob)
            )
        return self.service.run(*about, step=step, size=size)

    def _preview(self, item: JobItem, blob: Blob) -> None:
        with self._lock:
            if not item.gone:
                item.preview = blob
                self._change(item)
                return
        self.service.store.drop(blob)


def _checked(task: Task, step: Callable[[float], None] = lambda share: None) -> Callable[[float], None]:
    """Check whether the task was cancelled, then call `step`."""

    def checked(share: float) -> None:
        task.check()
        step(share)

    return checked
