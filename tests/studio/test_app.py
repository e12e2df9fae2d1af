"""The application: what it holds while it runs, and its answers to what is wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from photochrom._version import __version__
from photochrom.errors import ModelError
from photochrom.studio.app import create_app
from photochrom.studio.settings import Settings


def test_it_holds_a_studio_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    app = create_app(Settings(jobs=1, grace_seconds=0))

    async def live() -> None:
        async with app.router.lifespan_context(app):
            assert app.state.studio.store.folder.parent == tmp_path
            assert not app.state.studio.stopping.is_set()

    asyncio.run(live())
    assert app.state.studio.stopping.is_set()
    assert list(tmp_path.iterdir()) == []


def test_why_it_cannot_start_is_kept_for_the_command() -> None:
    app = create_app(Settings(model="nonesuch"))

    async def live() -> None:
        async with app.router.lifespan_context(app):
            pass

    with pytest.raises(ModelError, match="nonesuch"):
        asyncio.run(live())
    assert isinstance(app.state.failure, ModelError)


def test_every_refusal_is_json_with_one_sentence(asgi_client: Any) -> None:
    app = create_app(Settings())

    @app.get("/test/{number}")
    async def echo(number: int) -> int:
        return number

    client = asgi_client(app)
    assert client.get("/test/3").json() == 3
    for path, status, words in (
        ("/static/none.js", 404, "there is nothing here"),
        ("/test/three", 422, "path.number: "),
        ("/redoc", 404, "there is nothing here"),
    ):
        answer = client.get(path)
        assert (answer.status_code, list(answer.json())) == (status, ["detail"])
        assert answer.json()["detail"].startswith(words)


def test_its_document_has_the_version_of_the_package() -> None:
    info = create_app(Settings()).openapi()["info"]
    assert (info["version"], info["license"]) == (__version__, {"name": "Apache-2.0"})


def test_a_wrong_variable_of_the_environment_is_a_value_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOCHROM_QUEUE", "many")
    with pytest.raises(ValueError, match="queue"):
        create_app()
