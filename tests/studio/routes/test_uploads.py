"""Forms with photos: what is kept of them, and that nothing stays of a form that breaks off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import Request
from starlette.requests import ClientDisconnect

from photochrom.studio.api_error import ApiError
from photochrom.studio.routes.uploads import Form, receive
from photochrom.studio.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(100_000, tmp_path)
    yield made
    made.close()


def form(**parts: Any) -> tuple[bytes, str]:
    """The body and the content type of a form, as httpx writes it."""
    request = httpx.Request("POST", "http://studio/", **parts)
    return request.read(), request.headers["content-type"]


def read(store: Store, body: bytes, kind: str, *, step: int = 7, end: bool = True, most: int = 3) -> Form:
    """Receive a body that arrives in parts of `step` bytes; without an `end`, the client leaves after them."""
    parts = [body[start : start + step] for start in range(0, len(body), step)]
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": part, "more_body": True} for part in parts
    ]
    messages.append({"type": "http.request", "body": b""} if end else {"type": "http.disconnect"})

    async def next_message() -> dict[str, Any]:
        return messages.pop(0)

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}
    return asyncio.run(receive(Request(scope, next_message), store, "me", most))


@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_a_form_is_the_same_however_it_arrives(store: Store, step: int) -> None:
    files = [("file", ("box/Großmutter.jpg", b"\r\n--first\r\n")), ("file", ("b.png", b"second"))]
    got = read(store, *form(data={"strength": "0.5", "seed": ""}, files=files), step=step)
    assert got.fields == {"strength": "0.5", "seed": ""}
    assert [name for name, _ in got.files] == ["Großmutter.jpg", "b.png"]
    content = []
    for _, blob in got.files:
        assert blob.owner == "me"
        with store.open(blob) as file:
            content.append(file.read())
    assert content == [b"\r\n--first\r\n", b"second"]


@pytest.mark.parametrize(
    ("parts", "status", "words"),
    [
        ({"files": [("file", ("a", b"1"))] * 4}, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "at most 3 photos"),
        ({"files": {"photo": ("a", b"1")}}, HTTPStatus.UNPROCESSABLE_ENTITY, "there is no photo in the form"),
        (
            {"files": [("file", ("a", b"1")), ("photo", ("b", b"1" * 131_073))]},
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "photo: is too long; photos go into the field file",
        ),
        (
            {"files": {"file": ("a", b"1")}, "data": {str(n): "" for n in range(33)}},
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "the form has too many fields",
        ),
        (
            {"files": {"file": ("a", b"1")}, "data": {"seed": ["1", "2"]}},
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "seed: is there twice",
        ),
        ({"files": {"file": ("a", b"1" * 100_000)}}, HTTPStatus.TOO_MANY_REQUESTS, ""),
        ({"data": {"strength": "1"}}, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send the photo as multipart"),
    ],
)
def test_a_form_that_is_refused_leaves_no_file(
    store: Store, parts: dict[str, Any], status: HTTPStatus, words: str
) -> None:
    with pytest.raises(ApiError) as raised:
        read(store, *form(**parts), step=1000)
    assert raised.value.status == status
    assert words in str(raised.value)
    assert (store.files, store.used) == (0, 0)


def test_a_form_that_breaks_off_leaves_no_file(store: Store) -> None:
    body, kind = form(files=[("file", ("a.jpg", b"whole")), ("file", ("b.jpg", b"half" * 100))])
    with pytest.raises(ApiError, match="breaks off before its end") as raised:
        read(store, body[:-200], kind)
    assert raised.value.status == HTTPStatus.UNPROCESSABLE_ENTITY
    with pytest.raises(ClientDisconnect):
        read(store, body[:-200], kind, end=False)
    with pytest.raises(ApiError, match="the form is damaged"):
        read(store, b"?" + body, kind)
    assert (store.files, store.used) == (0, 0)


def test_a_field_for_a_photo_that_was_left_empty_is_no_photo(store: Store) -> None:
    kind = "multipart/form-data; boundary=x"
    empty = b'--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n'
    full = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a%22b.jpg"\r\n\r\n1\r\n'
    got = read(store, empty + full + b"--x--\r\n", kind)
    assert [name for name, _ in got.files] == ['a"b.jpg']
    assert store.files == 1
