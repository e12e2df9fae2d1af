"""``/api/photos/{id}``: one photo of a job, its files, and its live view."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from photochrom.jobs.names import portable_name
from photochrom.pipeline.naming import split_name
from photochrom.studio.api_error import ApiError
from photochrom.studio.items import JobItem
from photochrom.studio.names import disposition
from photochrom.studio.previews import jpeg, png
from photochrom.studio.routes.common import ERRORS, CurrentStudio, Owner, Stream, file_answer, result_of
from photochrom.studio.routes.request_bodies import Appearance, Comparison, Position, body_of, document
from photochrom.studio.studio import Studio

router = APIRouter(prefix="/api/photos/{id}", tags=["photos"], responses=ERRORS)

PICTURE = {"schema": {"type": "string", "format": "binary"}}
JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": PICTURE}}}
PNG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": PICTURE}}}
FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/*": PICTURE}}}


@router.get("", summary="How far a photo is")
async def state(id: str, studio: CurrentStudio) -> dict[str, Any]:
    """The state of the photo, and its size, format and error."""
    return studio.registry.item(id).public(studio.workers.positions())


@router.delete("", status_code=204, summary="Forget a photo")
async def remove(id: str, studio: CurrentStudio) -> Response:
    """The photo and its results are removed at once."""
    studio.forget(studio.registry.item(id))
    return Response(status_code=204)


@router.get("/result", summary="The file in colour", response_class=Response, responses=FILE)
async def result(id: str, studio: CurrentStudio, candidate: Annotated[int, Query(ge=0, lt=16)] = 0) -> Stream:
    """What `photochrom colorize` gives: same format, depth and metadata, full size."""
    item = studio.registry.item(id)
    _check(item)
    if item.state != "done":
        raise ApiError(HTTPStatus.CONFLICT, f"{item.name}: is not done yet; its events tell when it is")
    if candidate >= len(item.results):
        raise ApiError(
            HTTPStatus.NOT_FOUND, f"{item.name}: has {len(item.results)} candidates, counted from 0"
        )
    return file_answer(studio.store, item.results[candidate])


@router.post(
    "/result",
    summary="The file made anew, with another look",
    response_class=Response,
    responses=FILE,
    openapi_extra=document(Appearance),
)
async def remake(id: str, request: Request, studio: CurrentStudio, owner: Owner) -> Stream:
    """The live view at full size. The file is made for this answer and not kept."""
    look = await body_of(request, Appearance)
    item = studio.registry.item(id)
    _check(item)
    wanted = look.applied_to(item.request, studio.settings.max_candidates)
    task = studio.registry.colorize_once(owner, item.upload, item.name, wanted, candidate=look.candidate + 1)
    (made,) = await result_of(task, request, studio)
    return file_answer(studio.store, made, once=True)


@router.get("/before", summary="The photo as it was", response_class=Response, responses=JPEG)
async def before(id: str, request: Request, studio: CurrentStudio) -> Response:
    """Upright, at most a megapixel. A photo that is in colour already has its own colours."""
    item = studio.registry.item(id)
    if item.before is None:
        own = item.shows_own_colors
        data = await studio.previews.run(
            item, lambda preview: jpeg(preview.own_colors() if own else preview.grey), request.is_disconnected
        )
        await run_in_threadpool(studio.registry.keep_before, item, data)
    else:
        data = await run_in_threadpool(_read, studio, item)
    return Response(data, media_type="image/jpeg")


def _read(studio: Studio, item: JobItem) -> bytes:
    assert item.before is not None
    with studio.store.open(item.before) as file:
        return file.read()


@router.post(
    "/view",
    summary="The photo in colour, at once",
    response_class=Response,
    responses=JPEG,
    openapi_extra=document(Appearance),
)
async def view(id: str, request: Request, studio: CurrentStudio) -> Response:
    """At most a megapixel. For changes that are seen at once."""
    look = await body_of(request, Appearance)
    item = studio.registry.item(id)
    _check(item)
    options = look.applied_to(item.request, studio.settings.max_candidates).options
    data = await studio.previews.run(
        item,
        lambda preview: studio.previews.encode(
            preview.view(options, candidate=look.candidate, side=look.side)
        ),
        request.is_disconnected,
    )
    return Response(data, media_type="image/jpeg")


@router.post(
    "/share",
    summary="Before and after in one picture",
    response_class=Response,
    responses=FILE,
    openapi_extra=document(Comparison),
)
async def share(id: str, request: Request, studio: CurrentStudio) -> Response:
    """To show to others: a JPEG beside each other or split by a line, or a WebP or GIF that moves. At screen size."""
    look = await body_of(request, Comparison)
    item = studio.registry.item(id)
    _check(item)
    options = look.applied_to(item.request, studio.settings.max_candidates).options
    made = await studio.previews.run(
        item,
        lambda preview: studio.previews.share(
            preview, options, look.candidate, look.kind, look.cut, own_colors=item.shows_own_colors
        ),
        request.is_disconnected,
    )
    name = f"{split_name(portable_name(item.name))[0]}.compare{made.suffix}"
    return Response(made.data, media_type=made.type, headers={"Content-Disposition": disposition(name)})


@router.post("/palette", summary="Colours that a place may have", openapi_extra=document(Position))
async def palette(id: str, request: Request, studio: CurrentStudio) -> dict[str, Any]:
    """The likeliest first, each at the photo's own lightness there, with its share of the likelihood."""
    place = await body_of(request, Position)
    item = studio.registry.item(id)
    _check(item)
    swatches = await studio.previews.run(
        item, lambda preview: preview.palette(place.x, place.y), request.is_disconnected
    )
    return {"colors": [{"color": each.color, "share": round(each.share, 4)} for each in swatches]}


@router.get("/confidence", summary="Where the model is sure", response_class=Response, responses=PNG)
async def confidence(id: str, request: Request, studio: CurrentStudio) -> Response:
    """8-bit grey, at the size of the view: 255 is sure."""
    item = studio.registry.item(id)
    _check(item)
    data = await studio.previews.run(item, lambda preview: png(preview.confidence()), request.is_disconnected)
    return Response(data, media_type="image/png")


def _check(item: JobItem) -> None:
    """Raise the error of a photo that has failed."""
    if item.failure is not None:
        raise item.failure
