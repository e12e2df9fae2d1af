"""The plain page of the interface, of an OpenAPI document of the test's own."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI, Query

from photochrom.studio.routes import docs


def app_of(router: APIRouter) -> FastAPI:
    app = FastAPI(title="A & B", summary="For <tests>.", version="3", docs_url=None, redoc_url=None)
    app.include_router(docs.router)
    app.include_router(router)
    return app


def test_every_operation_is_there_and_every_word_is_text(asgi_client: Any) -> None:
    router = APIRouter()

    @router.get("/cats/{id}", summary="Find a cat")
    async def find(id: str, most: int = Query(5, ge=1, le=9, description="At most, of <b>all</b>.")) -> str:
        """By its number."""
        return id

    @router.delete("/cats/{id}", summary="Let a cat go")
    async def free(id: str) -> None:
        pass

    app = app_of(router)
    found = docs.operations(app.openapi())
    assert [(each.method, each.path, each.summary) for each in found] == [
        ("GET", "/cats/{id}", "Find a cat"),
        ("DELETE", "/cats/{id}", "Let a cat go"),
    ]
    assert found[0].rows == [
        ("id", "path", "required; string"),
        ("most", "query", "integer from 1 to 9 (default 5) - At most, of <b>all</b>."),
    ]
    # An error that several operations have is said once.
    assert [status for status, *_ in found[0].answers] == ["200"]
    assert docs.common_errors(app.openapi()) == [("422", "Validation Error")]
    got = asgi_client(app).get("/docs")
    assert got.headers["content-type"] == "text/html; charset=utf-8"
    assert got.text.startswith("<!doctype html>")
    for words in ("A &amp; B 3: API", "For &lt;tests&gt;.", "of &lt;b&gt;all&lt;/b&gt;.", "GET /cats/{id}"):
        assert words in got.text
    assert got.text.count("Validation Error") == 1
    style = asgi_client(app).get("/docs.css")
    assert (style.headers["content-type"], "color-scheme" in style.text) == ("text/css; charset=utf-8", True)
    script = asgi_client(app).get("/docs.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"


def test_required_fields_come_first_and_files_are_files(studio: Any) -> None:
    found = {f"{each.method} {each.path}": each for each in docs.operations(studio.app.openapi())}
    for each in found.values():
        required = [field.required for field in each.fields]
        assert required == sorted(required, reverse=True)
    file, *others = found["POST /api/jobs"].fields
    assert (file.name, file.required, file.file, file.several) == ("file", True, True, True)
    assert {field.name for field in others if field.file or field.several} == {"reference"}
    assert found["POST /api/photos/{id}/view"].fields[0].name == "id"
    text = studio.http.get("/docs").text
    assert text.count("The photo is in colour already.") == 1
