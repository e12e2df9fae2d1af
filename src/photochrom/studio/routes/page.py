"""The page: its files, read once, and nothing else of the disk."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files

from fastapi import APIRouter, Request, Response

from photochrom.studio.api_error import ApiError

router = APIRouter(include_in_schema=False)

INDEX = "index.html"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file of the page."""

    data: bytes
    type: str
    tag: str


@functools.cache
def page_files() -> dict[str, File]:
    """All files of the page by name: a request can ask for these, whatever its path says."""
    found = {}
    for entry in files("photochrom.studio").joinpath("page").iterdir():
        kind = TYPES.get(entry.name[entry.name.rfind(".") :])
        if kind is not None and entry.is_file():
            data = entry.read_bytes()
            found[entry.name] = File(data, kind, f'"{hashlib.sha256(data).hexdigest()[:24]}"')
    return found


def _answer(request: Request, name: str) -> Response:
    file = page_files().get(name)
    if file is None:
        raise ApiError(HTTPStatus.NOT_FOUND, "there is nothing here")
    # Asked for each time, and sent only after an update: a page of two versions does not work.
    headers = {"Cache-Control": "no-cache", "ETag": file.tag}
    if request.headers.get("if-none-match") == file.tag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(file.data, headers=headers, media_type=file.type)


@router.api_route("/", methods=["GET", "HEAD"])
async def index(request: Request) -> Response:
    """The page."""
    return _answer(request, INDEX)


@router.api_route("/static/{name}", methods=["GET", "HEAD"])
async def static(name: str, request: Request) -> Response:
    """A file of the page."""
    return _answer(request, name)
