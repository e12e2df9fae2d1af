"""``POST /api/colorize``: a photo in, the photo in colour out."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack

from fastapi import APIRouter, Request, Response

from photochrom.studio.routes.common import (
    ERRORS,
    CurrentStudio,
    Owner,
    Stream,
    file_answer,
    references_of,
    result_of,
)
from photochrom.studio.routes.request_bodies import ColorizeForm, colorize_request, document
from photochrom.studio.routes.uploads import receive
from photochrom.studio.service import ResultFile
from photochrom.studio.store import Store

router = APIRouter(prefix="/api", tags=["colorize"])

CHUNK = 3 << 16  # a multiple of three, so that the parts of base64 join


@router.post(
    "/colorize",
    summary="Colorize one photo",
    response_class=Response,
    responses={
        200: {
            "description": "The photo in colour; JSON where more than one candidate is asked for.",
            "content": {
                "image/*": {"schema": {"type": "string", "format": "binary"}},
                "application/json": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "candidates": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "properties": {
                                        name: {"type": "string"} for name in ("type", "name", "data")
                                    },
                                },
                            }
                        },
                    }
                },
            },
        },
        **ERRORS,
    },
    openapi_extra=document(ColorizeForm, files=False),
)
async def colorize(request: Request, studio: CurrentStudio, owner: Owner) -> Response:
    """The answer is the file that `photochrom colorize` writes: same format, depth and metadata, full size.

    Nothing of it is kept. With several candidates the answer is JSON, each picture in base64.
    """
    # Before the body is read: a photo that finds no place need not be sent.
    studio.workers.check(owner)
    form = await receive(request, studio.store, owner, 1)
    ((name, upload),) = form.files
    try:
        references = await references_of(form, studio)
        wanted = colorize_request(form.fields, studio.settings.max_candidates, references)
        task = studio.registry.colorize_once(owner, upload, name, wanted)
        results: list[ResultFile] = await result_of(task, request, studio)
    finally:
        studio.store.drop(upload)
    if wanted.options.candidates == 1:
        return file_answer(studio.store, results[0], once=True)
    return _json_answer(studio.store, results)


def _json_answer(store: Store, results: list[ResultFile]) -> Stream:
    blobs = [each.blob for each in results]
    stack = ExitStack()
    stack.callback(store.drop, *blobs)
    stack.enter_context(store.hold(blobs))
    return Stream(_json(store, results), release=stack.close, media_type="application/json")


def _json(store: Store, results: list[ResultFile]) -> Iterator[bytes]:
    """The document in parts: sixteen large TIFFs need not be in memory together."""
    yield b'{"candidates":['
    for number, made in enumerate(results):
        about = json.dumps({"type": made.type, "name": made.name, "notes": made.notes})[:-1]
        yield f'{"," if number else ""}{about},"data":"'.encode("ascii")
        with store.open(made.blob) as file:
            while data := file.read(CHUNK):
                yield base64.b64encode(data)
        yield b'"}'
    yield b"]}"
