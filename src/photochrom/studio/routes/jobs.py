"""``/api/jobs``: many photos at once, their progress as events, and all results as one zip."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import zipfile
from collections.abc import AsyncIterator, Iterator
from typing import Any

from fastapi import APIRouter, Request, Response

from photochrom.studio.job import Job
from photochrom.studio.names import disposition, unique
from photochrom.studio.routes.common import ERRORS, CurrentStudio, Owner, Stream
from photochrom.studio.routes.request_bodies import ColorizeForm, colorize_request, document
from photochrom.studio.routes.uploads import receive
from photochrom.studio.service import ResultFile
from photochrom.studio.store import Store
from photochrom.studio.studio import Studio

router = APIRouter(prefix="/api/jobs", tags=["jobs"], responses=ERRORS)

CHUNK = 1 << 20
POSITIONS_SECONDS = 1.0
"""Positions of all that wait move with each photo that is done; so often they are worth an event."""
ALIVE_SECONDS = 15.0
TICK = 0.25


@router.post(
    "",
    status_code=202,
    summary="Send photos",
    openapi_extra=document(ColorizeForm, files=True),
)
async def begin(request: Request, studio: CurrentStudio, owner: Owner) -> dict[str, Any]:
    """Queue photos; the field `file` may be repeated, the other fields hold for all.

    A file that is no photo becomes a photo of the state "failed"; the others go on.
    """
    studio.workers.check(owner)
    form = await receive(request, studio.store, owner, studio.workers.share)
    try:
        wanted = colorize_request(form.fields, studio.settings.max_candidates)
    except BaseException:
        studio.store.drop(*(blob for _, blob in form.files))
        raise
    job = studio.registry.begin(owner, form.files, wanted)
    return job.public(studio.workers.positions())


@router.get("/{id}", summary="How far a job is")
async def state(id: str, studio: CurrentStudio) -> dict[str, Any]:
    """Its photos and how many are in which state."""
    return studio.registry.job(id).public(studio.workers.positions())


@router.delete("/{id}", status_code=204, summary="Forget a job and its photos")
async def remove(id: str, studio: CurrentStudio) -> Response:
    """What is at work on them stops."""
    studio.forget(*studio.registry.job(id).items)
    return Response(status_code=204)


@router.get(
    "/{id}/events",
    summary="A job's progress as server-sent events",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def events(id: str, studio: CurrentStudio) -> Stream:
    """Event "photo" with a photo as JSON: first the present state of all, then each change; at last event "end"."""
    job = studio.registry.job(id)
    return Stream(_events(job, studio), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _events(job: Job, studio: Studio) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    news = asyncio.Event()
    sent: dict[str, dict[str, Any]] = {}
    placed = spoken = float("-inf")

    def wake() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended before the last photo
            loop.call_soon_threadsafe(news.set)

    with job.watched(wake):
        # A stream that lasts must not outlast the server: it breaks off without an end, and the client asks again.
        while not studio.stopping.is_set():
            news.clear()
            over, now = job.ended, time.monotonic()
            with_positions = over or now - placed >= POSITIONS_SECONDS
            if with_positions:
                placed = now
            for photo in job.public(studio.workers.positions())["photos"]:
                before = sent.get(photo["id"])
                if before is None or with_positions:
                    changed = photo != before
                else:
                    changed = photo | {"position": None} != before | {"position": None}
                if changed:
                    sent[photo["id"]] = photo
                    spoken = now
                    yield _event("photo", photo)
            if over:
                yield _event("end", {})
                return
            if now - spoken >= ALIVE_SECONDS:
                spoken = now
                yield b": still here\n\n"
            try:
                async with asyncio.timeout(TICK):
                    await news.wait()
            except TimeoutError:
                pass


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode("ascii")


@router.get(
    "/{id}/zip",
    summary="All finished photos of a job",
    response_class=Response,
    responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def archive(id: str, studio: CurrentStudio) -> Stream:
    """The results that are there, under their own names; those of one name are numbered."""
    results = [
        made for item in studio.registry.job(id).items if item.state == "done" for made in item.results
    ]
    hold = studio.store.hold([made.blob for made in results])
    hold.__enter__()
    return Stream(
        _zip(studio.store, results),
        release=lambda: hold.__exit__(None, None, None),
        media_type="application/zip",
        headers={"Content-Disposition": disposition("photochrom.zip")},
    )


class _Pipe:
    """What a zip file is written to, and taken out of in parts; it cannot be wound back."""

    def __init__(self) -> None:
        self._parts = bytearray()

    def write(self, data: bytes) -> int:
        self._parts += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def take(self) -> bytes:
        taken = bytes(self._parts)
        self._parts.clear()
        return taken


def _zip(store: Store, results: list[ResultFile]) -> Iterator[bytes]:
    pipe: Any = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as bundle:  # pictures are as small as they get
        for made, name in zip(results, unique(made.name for made in results), strict=True):
            entry = zipfile.ZipInfo(name, time.localtime()[:6])
            entry.file_size = made.blob.bytes
            with store.open(made.blob) as file, bundle.open(entry, "w") as into:
                while data := file.read(CHUNK):
                    into.write(data)
                    yield pipe.take()
    yield pipe.take()
