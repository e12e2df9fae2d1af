"""``GET /docs``: the interface as a plain page, made of its OpenAPI document, on which each operation can be tried."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request, Response

from photochrom.web.templates import templates

router = APIRouter(include_in_schema=False)

PAGES = templates("photochrom.studio")


@dataclass(frozen=True)
class Field:
    """One field of a request.

    Attributes
    ----------
    where
        "path", "query", or the media type of the body that it is in.
    words
        Type, range, choices, default and description.
    file, several
        Whether it is a file, and whether it may be repeated.
    """

    name: str
    where: str
    words: str
    required: bool
    file: bool
    several: bool


@dataclass(frozen=True)
class Operation:
    """One method of one path; the answers are the texts of a table's cells."""

    method: str
    path: str
    summary: str
    description: str
    fields: list[Field]
    answers: list[tuple[str, str, str]]

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """The fields as the texts of a table's cells."""
        return [
            (field.name, field.where, f"required; {field.words}" if field.required else field.words)
            for field in self.fields
        ]


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The page."""
    api = request.app.openapi()
    found = operations(api)
    page = PAGES.get_template("docs.html").render(
        title=f"{api['info']['title']} {api['info']['version']}",
        summary=api["info"]["summary"],
        operations=found,
        errors=common_errors(api),
    )
    return Response(page, media_type="text/html; charset=utf-8")


@router.get("/docs.css")
async def style() -> Response:
    """The style of the page."""
    return Response(_file("docs.css"), media_type="text/css; charset=utf-8")


@router.get("/docs.js")
async def script() -> Response:
    """The script of the page."""
    return Response(_file("docs.js"), media_type="text/javascript; charset=utf-8")


def _file(name: str) -> bytes:
    return files("photochrom.studio").joinpath("templates", name).read_bytes()


def common_errors(api: dict[str, Any]) -> list[tuple[str, str]]:
    """Status and meaning of every error, once, whatever operations have it."""
    found = {
        (status, answer["description"])
        for methods in api["paths"].values()
        for operation in methods.values()
        for status, answer in operation["responses"].items()
        if status >= "400"
    }
    return sorted(found)


def operations(api: dict[str, Any]) -> list[Operation]:
    """All operations of an OpenAPI document, in its order. Errors are left to `common_errors`."""
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
                if status < "400"
            ],
        )
        for path, methods in api["paths"].items()
        for method, operation in methods.items()
    ]


def _fields(operation: dict[str, Any]) -> list[Field]:
    """The fields of an operation; those that a request must have come first."""
    found = [
        _field(each["name"], each["in"], each["schema"], each.get("required", False))
        for each in operation.get("parameters", [])
    ]
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        required = body["schema"].get("required", [])
        found += [
            _field(name, kind, schema, name in required)
            for name, schema in body["schema"].get("properties", {}).items()
        ]
    return sorted(found, key=lambda field: not field.required)


def _field(name: str, where: str, schema: dict[str, Any], required: bool) -> Field:
    several = schema.get("type") == "array"
    file = (schema.get("items", {}) if several else schema).get("format") == "binary"
    return Field(name, where, _words(schema), required, file, several and file)


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
