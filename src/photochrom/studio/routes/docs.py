"""``GET /docs``: the interface as a plain page, made of its own OpenAPI document; no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import APIRouter, Request, Response

router = APIRouter(include_in_schema=False)

STYLE = """
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif }
body { max-width: 50rem; margin: 2rem auto; padding: 0 1rem }
section { border-top: 1px solid GrayText; margin-top: 2rem }
code, td:first-child { font-family: ui-monospace, monospace; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .2rem 1rem .2rem 0 }
"""


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The page."""
    return Response("".join(_page(request.app.openapi())), media_type="text/html; charset=utf-8")


@router.get("/docs.css")
async def style() -> Response:
    """How it looks."""
    return Response(STYLE, media_type="text/css; charset=utf-8")


def _page(api: dict[str, Any]) -> Iterator[str]:
    info = api["info"]
    title = escape(f"{info['title']} {info['version']}")
    yield '<!doctype html><html lang="en"><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f'<title>{title}: API</title><link rel="stylesheet" href="docs.css"><main><h1>{title}: API</h1>'
    yield f'<p>{escape(info["summary"])} For programs: <a href="openapi.json">openapi.json</a>.</p>'
    yield "<p>Where the server has a token, send <code>Authorization: Bearer TOKEN</code>."
    yield ' Every refusal is <code>{"detail": "one sentence"}</code>.</p>'
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            yield from _operation(method.upper(), path, operation)
    yield "</main></html>"


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"<section><h2><code>{method} {escape(path)}</code></h2><p><b>{escape(operation['summary'])}.</b>"
    yield f" {escape(operation.get('description', ''))}</p>"
    rows = [(each["name"], each["in"], each["schema"]) for each in operation.get("parameters", [])]
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        rows += [(name, kind, schema) for name, schema in body["schema"].get("properties", {}).items()]
    yield from _table(
        ("Field", "In", "What"), ((name, where, _words(schema)) for name, where, schema in rows)
    )
    answers = operation["responses"].items()
    yield from _table(
        ("Status", "Means", "Is"),
        ((status, each["description"], ", ".join(each.get("content", {}))) for status, each in answers),
    )
    yield "</section>"


def _table(heads: tuple[str, ...], rows: Any) -> Iterator[str]:
    lines = ["".join(f"<td>{escape(str(cell))}</td>" for cell in row) for row in rows]
    if lines:
        yield f"<table><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>"
        yield "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


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
