"""Files of models as bytes: read, changed, brought up to date."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from photochrom.engine.session import Session
from photochrom.errors import ModelError
from photochrom.modelfile.onnx_file import read_metadata, restated, upgraded


def test_an_old_file_gives_what_it_gave_under_new_names(old_model: bytes, tmp_path: Path) -> None:
    lightness = np.random.default_rng(0).uniform(0, 100, (2, 1, 32, 64)).astype(np.float32)
    expected = np.concatenate([lightness * np.float32(0.7), lightness * np.float32(0.5)], axis=1)
    for name, model in (("old", old_model), ("new", upgraded(old_model))):
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(model)
        session = Session(path, device="cpu", threads=1)
        ab, affinity = session.run(lightness, ["ab", "affinity"], prior_strength=0.7)
        np.testing.assert_array_equal(ab, expected)
        np.testing.assert_array_equal(affinity, lightness)


def test_an_upgrade_renames_tensors_and_metadata(old_model: bytes) -> None:
    proto = onnx.load_from_string(upgraded(old_model))
    onnx.checker.check_model(proto, full_check=True)
    assert [x.name for x in proto.graph.input] == ["lightness", "temperature", "prior_strength"]
    assert [x.name for x in proto.graph.output] == ["ab", "affinity"]
    metadata = read_metadata(upgraded(old_model))
    assert (metadata["prior_strength"], metadata["name"]) == (0.25, "old")
    assert "vividness" not in metadata
    assert upgraded(upgraded(old_model)) == upgraded(old_model)


def test_changes_are_over_what_was_said(old_model: bytes) -> None:
    metadata = read_metadata(restated(old_model, name="other", note="n"))
    assert (metadata["name"], metadata["note"], metadata["size"]) == ("other", "n", 64)


@pytest.mark.parametrize("data", [b"", b"no model", onnx.ModelProto(ir_version=10).SerializeToString()])
def test_what_is_no_model_is_refused_by_name(data: bytes) -> None:
    for read in (read_metadata, upgraded):
        with pytest.raises(ModelError, match=r"^x\.onnx: "):
            read(data, "x.onnx")
