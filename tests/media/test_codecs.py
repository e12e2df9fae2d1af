"""The package imagecodecs: there, and named where it is missing."""

from __future__ import annotations

import sys

import imagecodecs
import pytest

from photochrom.errors import Remedy, UnsupportedError
from photochrom.media.codecs import codecs
from photochrom.media.fault import Unsupported


def test_the_codecs_are_there():
    assert imagecodecs.WEBP.available
    assert imagecodecs.JPEGXL.available


def test_the_module_is_the_package() -> None:
    assert codecs() is imagecodecs
    assert codecs("a picture") is imagecodecs


def test_where_it_is_missing_what_needs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    assert codecs() is None
    with pytest.raises(Unsupported) as caught:
        codecs("JPEG XR")
    error = caught.value.of("a.jxr")
    assert isinstance(error, UnsupportedError)
    assert (error.code, error.remedy) == ("extra", Remedy.INSTALL_CODECS)
    assert str(error).startswith("a.jxr: JPEG XR needs a further package")
