"""The models that come with the package."""

from __future__ import annotations

from photochrom.engine.models import available, resolve
from photochrom.modelfile.table import MODELS


def test_available_describes_the_default_model() -> None:
    (info,) = [m for m in available() if m.name == "photochrom"]
    assert 1e6 < info.parameters <= 8e6
    assert info.bytes <= 16e6
    assert info.licence != "not stated"
    assert info.description


def test_available_lists_the_table() -> None:
    found = available()
    assert [info.name for info in found] == sorted(name for name, model in MODELS.items() if not model.url)
    for info in found:
        assert info.path == resolve(info.name)
        assert info.bytes == info.path.stat().st_size == MODELS[info.name].bytes
