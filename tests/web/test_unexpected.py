"""Errors that no handler expected: an answer, a report, and no word of the photo."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.responses import StreamingResponse

from photochrom.web.unexpected import UnexpectedErrors


def test_an_error_is_reported_without_its_words(asgi_client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    app = FastAPI()
    app.add_middleware(UnexpectedErrors)

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("grandmother-1931.jpg")

    @app.get("/half")
    async def half() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"half of "
            raise RuntimeError("grandmother-1931.jpg")

        return StreamingResponse(parts())

    client = asgi_client(app)
    got = client.get("/broken")
    assert got.status_code == 500
    assert got.json() == {"detail": "something went wrong here; the server has reported where"}
    with pytest.raises(ConnectionAbortedError, match="could not be finished"):
        client.get("/half")
    out, err = capsys.readouterr()
    assert err.count("RuntimeError at test_unexpected.py") == 2
    assert "grandmother" not in out + err + got.text
