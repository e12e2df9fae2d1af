"""Answers other than success: a status, and one sentence that says what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from photochrom.errors import ModelError, PhotoError, TooLargeError, UnsupportedError
from photochrom.web.answers import report_error, validation_sentence

__all__ = ["Refusal", "invalid", "of_photo"]

RETRY_SECONDS = 10


class Refusal(Exception):
    """What a request is answered instead of what it asked for.

    Attributes
    ----------
    status
        The HTTP status.
    headers
        Such as Retry-After, where trying again makes sense.
    """

    def __init__(self, status: HTTPStatus, why: str) -> None:
        # Halves of surrogate pairs come in JSON's escapes; no encoder takes them back.
        super().__init__(" ".join(why.encode("utf-8", "replace").decode().split()))
        self.status = status
        self.headers: dict[str, str] = {}
        if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
            self.headers["Retry-After"] = str(RETRY_SECONDS)


def of_photo(error: Exception, name: str) -> Refusal:
    """What an error in the work on a photo means for who sent it.

    A photograph can do anything to a decoder; whatever it does is the photograph's fault, and no failure of
    the server. What was not foreseen is reported on stderr, without names or content.
    """
    if isinstance(error, Refusal):
        return error
    if isinstance(error, TooLargeError):
        words = str(error).replace("raise max_pixels to open it", "make it smaller first")
        return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words)
    if isinstance(error, UnsupportedError):
        return Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, str(error))
    if isinstance(error, PhotoError):
        return Refusal(HTTPStatus.BAD_REQUEST, str(error))
    if isinstance(error, ModelError):
        return Refusal(HTTPStatus.BAD_REQUEST, f"{name}: {error}")
    if isinstance(error, MemoryError):
        words = f"{name}: not enough memory for it on this server; make it smaller first"
        return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words)
    report_error(error)
    return Refusal(HTTPStatus.BAD_REQUEST, f"{name}: could not be colorized ({type(error).__name__})")


def invalid(errors: Sequence[Any]) -> Refusal:
    """The first of pydantic's complaints about a request, as a sentence."""
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, validation_sentence(errors))
