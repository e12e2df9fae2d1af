"""``/api/jobs``: many photos at once, their progress as events, and all results as one zip."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from photochrom.studio.job import Job
from photochrom.studio.names import disposition
from photochrom.studio.routes.common import ERRORS, CurrentStudio, Owner, Stream, references_of
from photochrom.studio.routes.request_bodies import ColorizeForm, colorize_request, document
from photochrom.studio.routes.uploads import receive
from photochrom.studio.zip_stream import zip_stream

router = APIRouter(prefix="/api/jobs", tags=["jobs"], responses=ERRORS)

POSITIONS_SECONDS = 1.0
"""Each photo that is done moves the positions of all that wait. They are sent at most this often."""
TICK = 0.25
"""How often a stream looks for a change of positions, and whether the server is to stop."""


def _job(id: str, studio: CurrentStudio) -> Job:
    return studio.registry.job(id)


RequestedJob = Annotated[Job, Depends(_job)]
"""The job of the path. As a dependency it can answer 404 before a stream has begun."""


@router.post(
    "",
    status_code=202,
    summary="Send photos",
    openapi_extra=document(ColorizeForm, files=True),
)
async def begin(request: Request, studio: CurrentStudio, owner: Owner) -> dict[str, Any]:
    """Queue photos. The fields `file` and `reference` may be repeated; all fields but `file` hold for all photos.

    A file that is no photo becomes a photo with the state "failed"; the others go on.
    """
    studio.workers.check(owner)
    form = await receive(request, studio.store, owner, studio.workers.share)
    try:
        references = await references_of(form, studio)
        wanted = colorize_request(form.fields, studio.settings.max_candidates, references)
    except BaseException:
        studio.store.drop(*(blob for _, blob in form.files))
        raise
    job = studio.registry.begin(owner, form.files, wanted)
    return job.public(studio.registry.positions())


@router.get("/{id}", summary="How far a job is")
async def state(job: RequestedJob, studio: CurrentStudio) -> dict[str, Any]:
    """The photos of a job, and how many of them are in each state."""
    return job.public(studio.registry.positions())


@router.delete("/{id}", status_code=204, summary="Forget a job and its photos")
async def remove(job: RequestedJob, studio: CurrentStudio) -> Response:
    """Work on the photos stops."""
    studio.forget(*job.items)
    return Response(status_code=204)


@router.get(
    "/{id}/events", summary="A job's progress as server-sent events", response_class=EventSourceResponse
)
async def events(job: RequestedJob, studio: CurrentStudio) -> AsyncIterator[ServerSentEvent]:
    """Event "photo" has a photo as JSON: first the state of all photos, then each change. Event "end" is the last.

    A stream that begins anew tells the state of all photos again, so events have no id.
    """
    loop = asyncio.get_running_loop()
    news = asyncio.Event()
    sent: dict[str, dict[str, Any]] = {}
    positions_sent = float("-inf")

    def wake() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended before the last photo
            loop.call_soon_threadsafe(news.set)

    with job.watched(wake):
        # When the server stops, the stream ends without the event "end", and the client asks again.
        while not studio.stopping.is_set():
            news.clear()
            ended, now = job.ended, time.monotonic()
            with_positions = ended or now - positions_sent >= POSITIONS_SECONDS
            if with_positions:
                positions_sent = now
            for photo in job.public(studio.registry.positions())["photos"]:
                before = sent.get(photo["id"])
                if before is None or with_positions:
                    changed = photo != before
                else:
                    changed = photo | {"position": None} != before | {"position": None}
                if changed:
                    sent[photo["id"]] = photo
                    yield ServerSentEvent(event="photo", data=photo)
            if ended:
                yield ServerSentEvent(event="end", data={})
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await news.wait()


@router.get(
    "/{id}/zip",
    summary="All finished photos of a job",
    response_class=Response,
    responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def archive(job: RequestedJob, studio: CurrentStudio) -> Stream:
    """The finished results under their own names. Equal names are numbered."""
    results = [result for item in job.items if item.state == "done" for result in item.results]
    hold = studio.store.hold([result.blob for result in results])
    hold.__enter__()
    return Stream(
        zip_stream(studio.store, results),
        release=lambda: hold.__exit__(None, None, None),
        media_type="application/zip",
        headers={"Content-Disposition": disposition("photochrom.zip")},
    )
