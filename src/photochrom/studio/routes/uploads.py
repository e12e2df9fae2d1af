"""Forms with photos (multipart/form-data), written to the store as they arrive."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from photochrom.engine.reference import MOST_REFERENCES
from photochrom.jobs.names import clean_name
from photochrom.studio.api_error import ApiError
from photochrom.studio.store import Blob, Draft, Store

__all__ = ["Form", "receive"]

FILE = "file"
REFERENCE = "reference"
LONGEST_FIELD = 128 * 1024
"""Five hundred hints are about 30 KB of JSON."""
MOST_FIELDS = 32


@dataclass(slots=True)
class Form:
    """The photos and the references of a form, by their cleaned names, and its other fields."""

    files: list[tuple[str, Blob]] = field(default_factory=list)
    references: list[tuple[str, Blob]] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)


async def receive(request: Request, store: Store, owner: str, most: int) -> Form:
    """Read a form. Its files are in the store and belong to the caller.

    If an error or a client that leaves ends the reading, no file stays.

    Parameters
    ----------
    most : files; if it is 0, the form has only references

    Raises
    ------
    ApiError
        413 for too many files or too long a field, 415 for another kind of body, 422 for a broken form, 429 if the
        store is full.
    ClientDisconnect
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data":
        raise ApiError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send the photo as multipart/form-data in the field file"
        )
    reader = _Reader(store, owner, most)
    try:
        parser = MultipartParser(options.get(b"boundary", b""), reader.callbacks())
        async with aclosing(request.stream()) as stream:
            async for chunk in stream:
                # A disk may be slow; the loop must not wait for it.
                await run_in_threadpool(parser.write, chunk)
        if not reader.ended:
            raise ApiError(
                HTTPStatus.UNPROCESSABLE_ENTITY, "the form breaks off before its end; send it again"
            )
    except FormParserError:
        reader.discard()
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "the form is damaged; send it again") from None
    except BaseException:
        reader.discard()
        raise
    if most and not reader.form.files:
        reader.discard()
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "file: there is no photo in the form")
    return reader.form


class _Reader:
    """The callbacks of the parser. At most one file is open at a time."""

    def __init__(self, store: Store, owner: str, most: int) -> None:
        self.store, self.owner, self.most = store, owner, most
        self.form = Form()
        self.ended = False
        self._header = self._value = b""
        self._name, self._file_name = "", ""
        self._text = bytearray()
        self._draft: Draft | None = None

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_header,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._start,
            "on_part_data": self._add,
            "on_part_end": self._finish,
            "on_end": self._end,
        }

    def discard(self) -> None:
        if self._draft is not None:
            self._draft.__exit__(None, None, None)
            self._draft = None
        self.store.drop(*(blob for _, blob in (*self.form.files, *self.form.references)))

    def _begin(self) -> None:
        self._header = self._value = b""
        self._name = self._file_name = ""
        self._text = bytearray()

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            self._name = options.get(b"name", b"").decode("utf-8", "replace")
            # Browsers write a quotation mark as %22.
            file_name = options.get(b"filename", b"").replace(b"%22", b'"')
            self._file_name = file_name.decode("utf-8", "replace")
        self._header = self._value = b""

    def _start(self) -> None:
        if self._name == FILE:
            if not self.most:
                raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "file: send pictures in the field reference")
            if len(self.form.files) >= self.most:
                words = "one photo at a time" if self.most == 1 else f"at most {self.most} photos at a time"
                raise ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"file: {words}")
            self._draft = self.store.draft(self.owner)
        elif self._name == REFERENCE:
            if len(self.form.references) >= MOST_REFERENCES:
                words = f"reference: at most {MOST_REFERENCES} pictures are taken"
                raise ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words)
            self._draft = self.store.draft(self.owner)
        elif len(self.form.fields) >= MOST_FIELDS:
            raise ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the form has too many fields")
        elif self._name in self.form.fields:
            raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, f"{self._name[:40]}: is there twice")

    def _add(self, data: bytes, start: int, end: int) -> None:
        if self._draft is not None:
            self._draft.write(data[start:end])
            return
        self._text += data[start:end]
        if len(self._text) > LONGEST_FIELD:
            advice = "; photos go into the field file" if self._file_name else ""
            raise ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{self._name[:40]}: is too long{advice}")

    def _finish(self) -> None:
        if self._draft is None:
            self.form.fields[self._name] = self._text.decode("utf-8", "replace")
            return
        blob = self._draft.finish()
        self._draft = None
        if not blob.bytes and not self._file_name:
            self.store.drop(blob)  # a browser's form in which no file was chosen
            return
        kept = self.form.references if self._name == REFERENCE else self.form.files
        kept.append((clean_name(self._file_name), blob))

    def _end(self) -> None:
        self.ended = True
