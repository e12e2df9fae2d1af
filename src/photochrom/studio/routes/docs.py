"""``GET /docs``: the interface as a plain page, made of its OpenAPI document. It has no script and loads nothing."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request, Response

from photochrom.web.templates import templates

router = APIRouter(include_in_schema=False)

PAGES = templates("photochrom.studio")


@dataclass(frozen=True)
class Operation:
    """One method of one path; the rows of its two tables are the texts of their cells."""

    method: str
    path: str
    summary: str
    description: str
    fields: list[tuple[str, str, str]]
    answers: list[tuple[str, str, str]]


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The page."""
    api = request.app.openapi()
    page = PAGES.get_template("docs.html").render(
        title=f"{api['info']['title']} {api['info']['version']}",
        summary=api["info"]["summary"],
        operations=operations(api),
    )
    return Response(page, media_type="text/html; charset=utf-8")


@router.get("/docs.css")
async def style() -> Response:
    """The style of the page."""
    data = files("photochrom.studio").joinpath("templates", "docs.css").read_bytes()
    return Response(data, media_type="text/css; charset=utf-8")


def operations(api: dict[str, Any]) -> list[Operation]:
    """All operations of an OpenAPI document, in its order."""
    return [
        Operation(
            method.upper(),
            path,
            operation["summary"],
            operation.get("description", ""),
            _fields(operation),
            [
                (status, answer["description"], ", ".join(answer.get("content", {})))
                for status, answer in operation["responses"].items()
            ],
        )
        for path, methods in api["paths"].items()
        for method, operation in methods.items()
    ]


def _fields(operation: dict[str, Any]) -> list[tuple[str, str, str]]:
    rows = [(each["name"], each["in"], each["schema"]) for each in operation.get("parameters", [])]
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        rows += [(name, kind, schema) for name, schema in body["schema"].get("properties", {}).items()]
    return [(name, where, _words(schema)) for name, where, schema in rows]


def _words(schema: dict[str, Any]) -> str:
    """A schema in a few words: type, range, choices, default."""
    kind = schema.get("format") or schema.get("type", "")
    if "enum" in schema:
        kind = ", ".join(map(str, schema["enum"]))
    if kind == "array":
        kind = f"several {_words(schema['items'])}"
    limits = {"minimum": "from", "maximum": "to", "exclusiveMaximum": "below"}
    words = [str(kind), *(f"{word} {schema[key]:g}" for key, word in limits.items() if key in schema)]
    if schema.get("default") not in (None, []):
        words.append(f"(default {schema['default']})")
    if schema.get("description"):
        words.append(f"- {schema['description']}")
    return " ".join(words)
