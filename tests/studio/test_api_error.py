"""Errors become answers by their code, in the words of the HTTP interface."""

from __future__ import annotations

import pytest

from photochrom.errors import (
    AlreadyColorError,
    ModelError,
    OptionError,
    PhotochromError,
    PhotoError,
    Remedy,
    TooLargeError,
    UnreadableError,
    UnsupportedError,
)
from photochrom.studio.api_error import ApiError, invalid_error, photo_error


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (
            UnreadableError("x", "the file is empty", Remedy.COPY_AGAIN, code="empty"),
            400,
            "the file is empty; copy",
        ),
        (PhotoError("x", "has 3 pages and no picture"), 400, "has 3 pages"),
        (UnsupportedError("x", "PSD is not supported yet", Remedy.CONVERT, code="format"), 415, "PSD is not"),
        (
            UnsupportedError("x", "HEIC needs more", Remedy.INSTALL_PHOTO, code="extra"),
            415,
            "HEIC needs more; this server cannot read it; convert it",
        ),
        (TooLargeError("x", "is large", Remedy.RAISE_MAX_PIXELS), 413, "is large; make it smaller first"),
        (
            TooLargeError("x", "needs memory", Remedy.MAKE_SMALLER, code="memory"),
            413,
            "needs memory; make it",
        ),
        (AlreadyColorError("x", "is in colour", Remedy.FORCE), 409, "is in colour; send force=true"),
        (AlreadyColorError("x", "was colorized", Remedy.FORCE, code="colorized"), 409, "was colorized; send"),
        (ModelError("siggraph17", "has no candidates"), 400, "siggraph17: has no candidates"),
        (OptionError("strength", "must be below 1.5"), 422, "strength must be below 1.5"),
        (MemoryError(), 413, "there is not enough memory for it; make it smaller first"),
    ],
)
def test_status_and_sentence_of_each_error(error: Exception, status: int, words: str) -> None:
    answer = photo_error(error, "aunt.jpg")
    assert (answer.status, str(answer).startswith(f"aunt.jpg: {words}")) == (status, True), str(answer)


def test_every_error_of_the_tree_is_the_clients() -> None:
    kinds = [PhotochromError]
    for kind in kinds:
        kinds += kind.__subclasses__()
        assert 400 <= photo_error(kind("x", "is wrong"), "a.jpg").status < 500
    assert len(kinds) > 10


def test_an_unexpected_error_tells_nothing_of_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    answer = photo_error(ZeroDivisionError("in wedding.jpg"), "wedding.jpg")
    assert (answer.status, str(answer)) == (400, "wedding.jpg: could not be colorized (ZeroDivisionError)")
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert "wedding" not in said
    assert answer.code == "unexpected"


def test_an_answer_is_one_line_that_can_be_encoded() -> None:
    assert str(ApiError(400, "a\nb \ud800")) == "a b ?"  # type: ignore[arg-type]
    assert ApiError(429, "later").headers["Retry-After"]  # type: ignore[arg-type]
    assert not ApiError(404, "gone").headers  # type: ignore[arg-type]


def test_the_first_of_pydantics_errors_is_said() -> None:
    errors = [{"loc": ("body", "strength"), "msg": "Value error, is too much", "type": "value_error"}]
    assert str(invalid_error(errors)) == "strength: is too much"
    assert (
        str(invalid_error([{"loc": (1,), "msg": "at 1", "type": "json_invalid"}])) == "the body is not JSON"
    )
