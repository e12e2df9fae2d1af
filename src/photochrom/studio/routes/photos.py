"""``/api/photos/{id}``: one photo of a job, its files, and its live view."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from photochrom.jobs.names import result_name
from photochrom.studio.api_error import ApiError
from photochrom.studio.live import jpeg, png
from photochrom.studio.routes.common import ERRORS, Owner, Stream, The, file_answer, result_of
from photochrom.studio.routes.looks import Look, Place, body_of, document
from photochrom.studio.shots import Shot
from photochrom.studio.studio import Studio

router = APIRouter(prefix="/api/photos/{id}", tags=["photos"], responses=ERRORS)

PICTURE = {"schema": {"type": "string", "format": "binary"}}
JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": PICTURE}}}
PNG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": PICTURE}}}
FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/*": PICTURE}}}


@router.get("", summary="How far a photo is")
async def state(id: str, studio: The) -> dict[str, Any]:
    """Its state, and what is known of it."""
    return studio.desk.shot(id).public(studio.workers.positions())


@router.delete("", status_code=204, summary="Forget a photo")
async def remove(id: str, studio: The) -> Response:
    """It is gone at once, with everything made of it."""
    studio.forget(studio.desk.shot(id))
    return Response(status_code=204)


@router.get("/result", summary="The file in colour", response_class=Response, responses=FILE)
async def result(id: str, studio: The, candidate: Annotated[int, Query(ge=0, lt=16)] = 0) -> Stream:
    """What `photochrom colorize` gives: same format, depth and metadata, full size."""
    shot = studio.desk.shot(id)
    _check(shot)
    if shot.state != "done":
        raise ApiError(HTTPStatus.CONFLICT, f"{shot.name}: is not done yet; its events tell when it is")
    if candidate >= len(shot.prints):
        raise ApiError(
            HTTPStatus.NOT_FOUND, f"{shot.name}: has {len(shot.prints)} candidates, counted from 0"
        )
    return file_answer(studio.store, shot.prints[candidate])


@router.post(
    "/result",
    summary="The file made anew, with another look",
    response_class=Response,
    responses=FILE,
    openapi_extra=document(Look),
)
async def remake(id: str, request: Request, studio: The, owner: Owner) -> Stream:
    """As the live view shows it, at full size. It is made for this answer, and not kept."""
    look = await body_of(request, Look)
    shot = studio.desk.shot(id)
    _check(shot)
    wish = look.wish(shot.wish, studio.settings.max_candidates)
    task = studio.desk.print(owner, shot.upload, shot.name, wish, candidate=look.candidate)
    (made,) = await result_of(task, request, studio)
    number = look.candidate if wish.options.candidates > 1 else None
    extension = made.name[made.name.rindex(".") :]
    return file_answer(studio.store, made, name=result_name(shot.name, extension, number), once=True)


@router.get("/before", summary="The photo as it was", response_class=Response, responses=JPEG)
async def before(id: str, request: Request, studio: The) -> Response:
    """Upright, at most a megapixel."""
    shot = studio.desk.shot(id)
    if shot.before is None:
        data = await studio.live.run(shot, lambda preview: jpeg(preview.grey), request.is_disconnected)
        await run_in_threadpool(studio.desk.keep_before, shot, data)
    else:
        data = await run_in_threadpool(_read, studio, shot)
    return Response(data, media_type="image/jpeg")


def _read(studio: Studio, shot: Shot) -> bytes:
    assert shot.before is not None
    with studio.store.open(shot.before) as file:
        return file.read()


@router.post(
    "/view",
    summary="The photo in colour, at once",
    response_class=Response,
    responses=JPEG,
    openapi_extra=document(Look),
)
async def view(id: str, request: Request, studio: The) -> Response:
    """At most a megapixel; for changes that are seen while they are made."""
    look = await body_of(request, Look)
    shot = studio.desk.shot(id)
    _check(shot)
    options = look.wish(shot.wish, studio.settings.max_candidates).options
    data = await studio.live.run(
        shot,
        lambda preview: studio.live.coloured(preview.view(options, candidate=look.candidate)),
        request.is_disconnected,
    )
    return Response(data, media_type="image/jpeg")


@router.post("/palette", summary="Colours that a place may have", openapi_extra=document(Place))
async def palette(id: str, request: Request, studio: The) -> dict[str, Any]:
    """The likeliest first, each at the photo's own lightness there, with its share of the likelihood."""
    place = await body_of(request, Place)
    shot = studio.desk.shot(id)
    _check(shot)
    swatches = await studio.live.run(
        shot, lambda preview: preview.palette(place.x, place.y), request.is_disconnected
    )
    return {"colors": [{"color": each.color, "share": round(each.share, 4)} for each in swatches]}


@router.get("/confidence", summary="Where the model is sure", response_class=Response, responses=PNG)
async def confidence(id: str, request: Request, studio: The) -> Response:
    """8-bit grey, at the size of the view: 255 is sure."""
    shot = studio.desk.shot(id)
    _check(shot)
    data = await studio.live.run(shot, lambda preview: png(preview.confidence()), request.is_disconnected)
    return Response(data, media_type="image/png")


def _check(shot: Shot) -> None:
    """A photo that failed has its reason, also for whoever asks for more of it."""
    if shot.failure is not None:
        raise ApiError(*shot.failure)
