"""What decoders raise, and the error about a file that it becomes."""

from __future__ import annotations

import pytest

from photochrom.errors import PhotoError, Remedy, TooLargeError, UnreadableError, UnsupportedError
from photochrom.media.fault import Damaged, Fault, TooLarge, Unsupported


@pytest.mark.parametrize(
    ("fault", "kind", "what", "remedy", "code"),
    [
        (Damaged(), UnreadableError, "is damaged or incomplete", Remedy.COPY_AGAIN, "damaged"),
        (Damaged("ends", Remedy.SALVAGE, code="part"), UnreadableError, "ends", Remedy.SALVAGE, "part"),
        (Unsupported("is odd", code="odd"), UnsupportedError, "is odd", Remedy.CONVERT, "odd"),
        (
            TooLarge("is big", Remedy.MAKE_SMALLER, code="b"),
            TooLargeError,
            "is big",
            Remedy.MAKE_SMALLER,
            "b",
        ),
    ],
    ids=["damaged", "in other words", "unsupported", "too large"],
)
def test_a_fault_becomes_the_error_of_its_kind(
    fault: Fault, kind: type[PhotoError], what: str, remedy: Remedy, code: str
) -> None:
    error = fault.of("old.jpg")
    assert type(error) is kind
    assert (error.path, error.what, error.remedy, error.code) == ("old.jpg", what, remedy, code)
    assert str(fault) == what
    assert str(error).startswith(f"old.jpg: {what}; ")


def test_a_fault_is_no_photo_error_itself() -> None:
    # `photo.open` tells the two apart: one has no file's name yet.
    assert not issubclass(Fault, PhotoError)
    assert not isinstance(Damaged(), OSError | ValueError)
