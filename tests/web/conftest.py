"""ASGI spoken by hand, for bodies that come in parts, late or not at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import pytest


class Wire:
    """Gives the parts of a body one by one, and notes how many were taken.

    A number among the parts is a byte that comes after so many seconds; None is a client that leaves.
    """

    def __init__(self, parts: Iterable[bytes | float | None], **headers: str) -> None:
        self.parts = list(parts)
        self.taken = 0
        self.sent: list[dict[str, Any]] = []
        self.taken_at_answer: int | None = None
        lines = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
        self.scope = {
            "type": "http",
            "method": "POST",
            "path": "/",
            "headers": lines,
            "client": ("192.0.2.1", 1),
            "query_string": b"",
            "scheme": "http",
            "server": ("studio", 80),
        }

    async def receive(self) -> dict[str, Any]:
        if self.taken == len(self.parts):
            return {"type": "http.disconnect"}
        part = self.parts[self.taken]
        self.taken += 1
        if part is None:
            return {"type": "http.disconnect"}
        if isinstance(part, float):
            await asyncio.sleep(part)
            part = b"-"
        return {"type": "http.request", "body": part, "more_body": self.taken < len(self.parts)}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.taken_at_answer = self.taken
        self.sent.append(message)

    def run(self, app: Any) -> tuple[int, Any]:
        """Status and JSON of the answer."""
        asyncio.run(app(self.scope, self.receive, self.send))
        assert not self.sent[-1].get("more_body", False)
        body = b"".join(message.get("body", b"") for message in self.sent[1:])
        return self.sent[0]["status"], json.loads(body)

    def header(self, name: bytes) -> bytes | None:
        return dict(self.sent[0]["headers"]).get(name)


@pytest.fixture
def wire() -> type[Wire]:
    """The class `Wire`."""
    return Wire
