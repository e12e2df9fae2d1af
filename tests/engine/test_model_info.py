"""What a model's file says of itself."""

from __future__ import annotations

from pathlib import Path

from photochrom.engine.model_info import ModelInfo


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
