"""``/api/photos/{id}``: one photo of a job, its files, and its live view."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from photochrom.engine.reference import Reference
from photochrom.jobs.names import portable_name
from photochrom.pipeline.naming import split_name
from photochrom.studio.api_error import ApiError
from photochrom.studio.items import JobItem
from photochrom.studio.names import disposition
from photochrom.studio.previews import jpeg, png
from photochrom.studio.routes.common import (
    ERRORS,
    CurrentStudio,
    Owner,
    Stream,
    file_answer,
    references_of,
    result_of,
)
from photochrom.studio.routes.request_bodies import (
    REFERENCES,
    Appearance,
    Comparison,
    Position,
    ReachOf,
    body_of,
    document,
)
from photochrom.studio.routes.uploads import receive
from photochrom.studio.store import Blob
from photochrom.studio.studio import Studio

router = APIRouter(prefix="/api/photos/{id}", tags=["photos"], responses=ERRORS)

PICTURE = {"schema": {"type": "string", "format": "binary"}}
WEBP: dict[int | str, dict[str, Any]] = {200: {"content": {"image/webp": PICTURE}}}
JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": PICTURE}}}
PNG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": PICTURE}}}
FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/*": PICTURE}}}


@router.get("", summary="How far a photo is")
async def state(id: str, studio: CurrentStudio) -> dict[str, Any]:
    """The state of the photo, and its size, format and error."""
    return studio.registry.item(id).public(studio.registry.positions())


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
    item = _photo(studio, id)
    wanted = look.applied_to(item.request, studio.settings.max_candidates)
    task = studio.registry.colorize_once(owner, item.upload, item.name, wanted, candidate=look.candidate + 1)
    (made,) = await result_of(task, request, studio)
    return file_answer(studio.store, made, once=True)


@router.get(
    "/preview", summary="The first seconds of a film in colour", response_class=Response, responses=WEBP
)
async def preview(id: str, studio: CurrentStudio) -> Response:
    """An animated WebP at most 640 pixels wide. It is there before the rest of the film is done."""
    item = studio.registry.item(id)
    if item.preview is None:
        _check(item)
        words = "has no preview yet; its events tell when it has" if item.kind == "film" else "is no film"
        raise ApiError(HTTPStatus.CONFLICT, f"{item.name}: {words}")
    data = await run_in_threadpool(_read, studio, item.preview)
    return Response(data, media_type="image/webp")


@router.get("/before", summary="The photo as it was", response_class=Response, responses=JPEG)
async def before(id: str, request: Request, studio: CurrentStudio) -> Response:
    """Upright, at most a megapixel. A photo that is in colour already has its own colours."""
    item = studio.registry.item(id)
    _refuse_film(item)
    if item.before is None:
        own = item.shows_own_colors
        data = await studio.previews.run(
            item, lambda preview: jpeg(preview.own_colors() if own else preview.grey), request.is_disconnected
        )
        await run_in_threadpool(studio.registry.keep_before, item, data)
    else:
        data = await run_in_threadpool(_read, studio, item.before)
    return Response(data, media_type="image/jpeg")


def _read(studio: Studio, blob: Blob) -> bytes:
    with studio.store.open(blob) as file:
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
    item = _photo(studio, id)
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
    item = _photo(studio, id)
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
    item = _photo(studio, id)
    swatches = await studio.previews.run(
        item, lambda preview: preview.palette(place.x, place.y), request.is_disconnected
    )
    return {"colors": [{"color": each.color, "share": round(each.share, 4)} for each in swatches]}


@router.post(
    "/reach",
    summary="Where a hint acts",
    response_class=Response,
    responses=PNG,
    openapi_extra=document(ReachOf),
)
async def reach(id: str, request: Request, studio: CurrentStudio) -> Response:
    """8-bit grey, at the size of the view: 255 where the hint acts in full, 0 where it does not."""
    hint = (await body_of(request, ReachOf)).hint()
    item = _photo(studio, id)
    data = await studio.previews.run(item, lambda preview: png(preview.reach(hint)), request.is_disconnected)
    return Response(data, media_type="image/png")


@router.post(
    "/references",
    summary="Colour pictures from which the photo takes colours",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {"reference": REFERENCES},
                        "required": ["reference"],
                    }
                }
            },
        }
    },
)
async def refer(
    id: str,
    request: Request,
    studio: CurrentStudio,
    owner: Owner,
    add: Annotated[bool, Query(description="Keep the photo's former references too.")] = False,
) -> dict[str, Any]:
    """They replace the photo's former ones, for views and results that are made from now on.

    `fitness` says how much of each counts, from 0 (it does not fit) to 1.
    """
    item = _photo(studio, id)
    form = await receive(request, studio.store, owner, 0)
    given = await references_of(form, studio)
    if not given:
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "reference: there is no picture in the form")
    studio.registry.refer(item, given, add=add)
    return await _fits(item, request, studio)


@router.get("/references", summary="A photo's references")
async def references(id: str, request: Request, studio: CurrentStudio) -> dict[str, Any]:
    """Their names, and how well each of them fits, from 0 to 1."""
    return await _fits(_photo(studio, id), request, studio)


async def _fits(item: JobItem, request: Request, studio: Studio) -> dict[str, Any]:
    options = item.request.options
    fits = await studio.previews.run(item, lambda preview: preview.fitness(options), request.is_disconnected)
    return {
        "references": [
            {"name": each.name, "fitness": round(fit, 3)}
            for each, fit in zip(options.references, fits, strict=True)
        ]
    }


@router.delete("/references", status_code=204, summary="Forget a photo's references")
async def forget_references(id: str, studio: CurrentStudio) -> Response:
    """Views and results that are made from now on do without."""
    item = studio.registry.item(id)
    _refuse_film(item)
    studio.registry.refer(item, ())
    return Response(status_code=204)


@router.get("/references/{number}", summary="A reference, small", response_class=Response, responses=JPEG)
async def reference(id: str, number: int, studio: CurrentStudio) -> Response:
    """The colours that the photo can take, whatever the format of the file was. `number` counts from 0."""
    item = studio.registry.item(id)
    _refuse_film(item)
    return Response(jpeg(_reference(item, number).rgb), media_type="image/jpeg")


@router.delete("/references/{number}", status_code=204, summary="Forget one reference")
async def forget_reference(id: str, number: int, studio: CurrentStudio) -> Response:
    """The references behind it move up by one number."""
    item = studio.registry.item(id)
    _refuse_film(item)
    studio.registry.forget_reference(item, _reference(item, number))
    return Response(status_code=204)


@router.get("/taken", summary="What took colour from the references", response_class=Response, responses=PNG)
async def taken(
    id: str,
    request: Request,
    studio: CurrentStudio,
    reference: Annotated[int | None, Query(ge=0, description="Only of this one, counted from 0.")] = None,
) -> Response:
    """8-bit grey, at the size of the view: 255 where all of the colour is the references'."""
    item = _photo(studio, id)
    options = item.request.options
    if reference is not None:
        options = replace(options, references=(_reference(item, reference),))
    data = await studio.previews.run(
        item, lambda preview: png(preview.taken(options)), request.is_disconnected
    )
    return Response(data, media_type="image/png")


def _reference(item: JobItem, number: int) -> Reference:
    """The reference of that number, counted from 0."""
    references = item.request.options.references
    if not 0 <= number < len(references):
        words = f"{item.name}: has {len(references)} references, counted from 0"
        raise ApiError(HTTPStatus.NOT_FOUND, words)
    return references[number]


@router.get("/confidence", summary="Where the model is sure", response_class=Response, responses=PNG)
async def confidence(id: str, request: Request, studio: CurrentStudio) -> Response:
    """8-bit grey, at the size of the view: 255 is sure."""
    item = _photo(studio, id)
    data = await studio.previews.run(item, lambda preview: png(preview.confidence()), request.is_disconnected)
    return Response(data, media_type="image/png")


def _photo(studio: Studio, id: str) -> JobItem:
    """The photo of that number, if it can be shown. Films have no live view, and a failed photo raises its error."""
    item = studio.registry.item(id)
    _refuse_film(item)
    _check(item)
    return item


def _check(item: JobItem) -> None:
    """Raise the error of a photo that has failed."""
    if item.failure is not None:
        raise item.failure


def _refuse_film(item: JobItem) -> None:
    """Raise an error if the item is a film."""
    if item.kind == "film":
        words = "is a film and has no live view; its first seconds are at /preview"
        raise ApiError(HTTPStatus.CONFLICT, f"{item.name}: {words}")
