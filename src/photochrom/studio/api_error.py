"""`ApiError`: an error response, with a status and one sentence that states the problem and the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from photochrom.errors import PhotochromError, Remedy
from photochrom.pipeline.job import as_error
from photochrom.web.answers import report_error, validation_sentence

__all__ = ["ApiError", "invalid_error", "photo_error"]

RETRY_SECONDS = 10
STATUS = {
    "error": HTTPStatus.BAD_REQUEST,
    "unsupported": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "in_color": HTTPStatus.CONFLICT,
    "option": HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""The status of an error by its code; for other codes that of its class, or of the class above it."""
ELSEWHERE = "this server cannot read it; convert it to PNG or TIFF first"
REMEDIES = {
    Remedy.FORCE: "send force=true to colorize it anew",
    Remedy.SALVAGE: "send salvage=true to colorize what is left of it",
    Remedy.RAISE_MAX_PIXELS: "make it smaller first",
    Remedy.FEWER_AT_ONCE: "make it smaller first",
    # The client cannot install anything on the server.
    Remedy.INSTALL_PHOTO: ELSEWHERE,
    Remedy.INSTALL_CODECS: ELSEWHERE,
    Remedy.INSTALL_VIDEO: "this server cannot colorize films",
    Remedy.USE_FILM: "send it to /api/jobs, which takes films",
}
"""The remedies that the HTTP interface says in its own words."""


class ApiError(Exception):
    """An error response to a request.

    Attributes
    ----------
    status
        The HTTP status.
    code
        The code of the original error, such as "in_color"; empty if there is no original error.
    headers
        More headers of the response, such as Retry-After if a second try may succeed.
    """

    def __init__(self, status: HTTPStatus, why: str, *, code: str = "") -> None:
        # An escape in JSON may be half of a surrogate pair, which cannot be encoded.
        super().__init__(" ".join(why.encode("utf-8", "replace").decode().split()))
        self.status, self.code = status, code
        self.headers: dict[str, str] = {}
        if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
            self.headers["Retry-After"] = str(RETRY_SECONDS)


def photo_error(error: Exception, name: str) -> ApiError:
    """The answer to an error in the work on the photo called `name`.

    A damaged photo can make a decoder raise any exception. The cause is the photo and not the server, so the status is
    never 5xx. An error that is not of `photochrom.errors` is reported on stderr by its type and place.
    """
    if isinstance(error, ApiError):
        return error
    if not isinstance(error, (PhotochromError, MemoryError)):
        report_error(error)
        words = f"{name}: could not be colorized ({type(error).__name__})"
        return ApiError(HTTPStatus.BAD_REQUEST, words, code="unexpected")
    known = as_error(error, name)
    return ApiError(status_of(known), known.sentence(REMEDIES, path=name), code=known.code)


def status_of(error: PhotochromError) -> HTTPStatus:
    """The status by the error's code, or by the codes of its classes."""
    codes = [error.code, *(str(getattr(kind, "code", "")) for kind in type(error).__mro__)]
    return next((STATUS[code] for code in codes if code in STATUS), HTTPStatus.BAD_REQUEST)


def invalid_error(errors: Sequence[Any]) -> ApiError:
    """The first of pydantic's errors about a request, as a sentence."""
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, validation_sentence(errors))
