"""The page's files, and the interface's own description."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from photochrom.pipeline.looks import LOOKS
from photochrom.studio.routes.page import page_files


def test_the_page_and_its_files(studio: Any) -> None:
    index = studio.http.get("/")
    assert index.headers["content-type"] == "text/html; charset=utf-8"
    named = set(re.findall(r'(?:src|href)="static/([^"]+)"', index.text))
    assert named
    assert named <= set(page_files())
    for name, file in page_files().items():
        answer = studio.http.get(f"/static/{name}")
        assert (answer.status_code, answer.content) == (200, file.data)
        assert answer.headers["cache-control"] == "no-cache"
        again = studio.http.get(f"/static/{name}", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert studio.http.head(f"/static/{name}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/__init__.py",
        "/static/..%2Fsettings.py",
        "/static/%2e%2e/%2e%2e/settings.py",
        "/static//etc/passwd",
        "/static/index.html%00",
        "/index.html",
        "/api",
        "/api/photos/",
        "/docs/oauth2-redirect",
    ],
)
def test_there_is_nothing_else(studio: Any, path: str) -> None:
    answer = studio.http.get(path)
    assert (answer.status_code, answer.json()["detail"]) == (404, "there is nothing here")


def test_other_methods_are_refused_in_a_sentence(studio: Any) -> None:
    answer = studio.http.put("/api/models")
    assert (answer.status_code, answer.json()["detail"]) == (405, "that method is not taken here")
    assert answer.headers["allow"] == "GET"


def test_the_document_names_every_route_and_field(studio: Any) -> None:
    api = studio.http.get("/openapi.json").json()
    assert {f"{method.upper()} {path}" for path, methods in api["paths"].items() for method in methods} == {
        "GET /api/looks",
        "GET /api/models",
        "POST /api/colorize",
        "POST /api/jobs",
        "GET /api/jobs/{id}",
        "GET /api/jobs/{id}/events",
        "GET /api/jobs/{id}/zip",
        "DELETE /api/jobs/{id}",
        "GET /api/photos/{id}",
        "DELETE /api/photos/{id}",
        "GET /api/photos/{id}/result",
        "POST /api/photos/{id}/result",
        "GET /api/photos/{id}/before",
        "GET /api/photos/{id}/preview",
        "POST /api/photos/{id}/share",
        "POST /api/photos/{id}/reach",
        "POST /api/photos/{id}/references",
        "GET /api/photos/{id}/references",
        "DELETE /api/photos/{id}/references",
        "GET /api/photos/{id}/references/{number}",
        "DELETE /api/photos/{id}/references/{number}",
        "GET /api/photos/{id}/taken",
        "POST /api/photos/{id}/view",
        "POST /api/photos/{id}/palette",
        "GET /api/photos/{id}/confidence",
        "GET /healthz",
        "GET /metrics",
    }
    form = api["paths"]["/api/jobs"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["required"] == ["file"]
    assert form["properties"]["file"]["items"]["format"] == "binary"
    assert form["properties"]["strength"] == {
        "type": "number",
        "title": "Strength",
        "description": "How much colour: 0 none, 1 as inferred; by default the look's.",
        "minimum": 0,
        "maximum": 1.5,
    }
    assert form["properties"]["look"]["enum"] == list(LOOKS)
    look = api["paths"]["/api/photos/{id}/view"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    assert set(look["properties"]["hints"]["items"]["properties"]) == {"x", "y", "color", "reach", "radius"}
    assert "$ref" not in str((form, look))


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


def test_the_documentation_needs_nothing_from_elsewhere(studio: Any) -> None:
    page = studio.http.get("/docs")
    links = Links()
    links.feed(page.text)
    assert sorted(links.found) == ["data:,", "docs.css", "docs.js", "openapi.json"]
    assert "style" not in links.tags
    assert studio.http.get("/docs.css").headers["content-type"].startswith("text/css")
    for words in ("POST /api/colorize", "GET /api/jobs/{id}/events", "colorfulness", "from 0 to 1.5"):
        assert words in page.text
