"""The models that come with the package, and what each file says of itself."""

from __future__ import annotations

from pathlib import Path

from photochrom.engine.models import ModelInfo, available, resolve
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


def test_what_a_file_does_not_say_has_a_plain_value(tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    path.write_bytes(b"12345")
    info = ModelInfo.of(path, {})
    assert (info.name, info.bytes, info.parameters) == ("mine", 5, 0)
    assert (info.licence, info.description) == ("not stated", "")


def test_fingerprints_differ_between_models_of_one_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    path.write_bytes(b"12345")
    first = ModelInfo.of(path, {"name": "mine", "parameters": 7})
    other = ModelInfo.of(path, {"name": "mine", "parameters": 7, "description": "trained longer"})
    assert len(first.fingerprint) == 12
    assert int(first.fingerprint, 16) >= 0
    assert first.fingerprint == ModelInfo.of(path, {"parameters": 7, "name": "mine"}).fingerprint
    assert first.fingerprint != other.fingerprint
    path.write_bytes(b"123456")
    assert first.fingerprint != ModelInfo.of(path, {"name": "mine", "parameters": 7}).fingerprint
