"""The job of one photo in memory."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.engine.options import Options
from photochrom.errors import AlreadyColorError, ModelError, PhotoError, TooLargeError
from photochrom.media import provenance
from photochrom.pipeline.job import as_error, colorize, recorded
from photochrom.pipeline.python import Colorizer
from photochrom.pipeline.request import ColorizeRequest

Put = Callable[..., Path]


def test_a_result_has_the_format_the_luma_and_the_origin_of_the_photo(put: Put, colorizer: Colorizer) -> None:
    path = put("a.png")
    photo, (result,) = colorize(colorizer, path, ColorizeRequest())
    assert (photo.name, result.format, result.suffix, result.number) == ("a.png", "PNG", ".png", None)
    data = result.encode()
    with Image.open(io.BytesIO(data)) as made, Image.open(path) as grey:
        assert (made.mode, made.size) == ("RGB", grey.size)
        assert np.abs(np.asarray(made.convert("L")).astype(int) - np.asarray(grey)).max() <= 1
    mark = provenance.read(data)
    assert mark is not None
    assert mark.source_digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert mark.options == recorded(colorizer, ColorizeRequest())[0]


def test_candidates_are_numbered_and_each_can_be_made_alone(put: Put, colorizer: Colorizer) -> None:
    request = ColorizeRequest(Options(candidates=3), format="JPEG", jpeg_quality=80)
    _, found = colorize(colorizer, put("a.png"), request)
    assert [(each.number, each.suffix) for each in found] == [(1, ".jpg"), (2, ".jpg"), (3, ".jpg")]
    assert len({each.encode() for each in found}) == 3


def test_a_photo_in_color_needs_force(put: Put, colorizer: Colorizer) -> None:
    path = put("a.png", color=True)
    with pytest.raises(AlreadyColorError):
        colorize(colorizer, path, ColorizeRequest())
    # The bytes of a file have no name of their own.
    photo, found = colorize(colorizer, path.read_bytes(), ColorizeRequest(force=True), name="b.png")
    assert (photo.name, len(found)) == ("b.png", 1)


def test_every_exception_becomes_an_error_that_names_the_photo() -> None:
    own = PhotoError("a.jpg", "is damaged")
    assert as_error(own, "b.jpg") is own
    for memory in (MemoryError(), RuntimeError("std::bad_alloc"), RuntimeError("Failed to allocate 9 bytes")):
        error = as_error(memory, "a.jpg")
        assert isinstance(error, TooLargeError)
        assert (error.path, error.code) == ("a.jpg", "memory")
    error = as_error(ModelError("m.onnx", "cannot be run"), "a.jpg")
    assert str(error) == "a.jpg: m.onnx: cannot be run"
    error = as_error(ZeroDivisionError("division\nby zero"), "a.jpg")
    assert str(error) == "a.jpg: could not be colorized (ZeroDivisionError: division by zero)"
    assert error.code == "unexpected"
