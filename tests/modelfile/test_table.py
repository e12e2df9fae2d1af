"""The table of models against the files."""

import hashlib
from pathlib import Path

import pytest

from photochrom.errors import ModelError
from photochrom.modelfile.onnx_file import read_metadata
from photochrom.modelfile.table import DEFAULT, MODELS, resolve

PACKAGED = sorted(name for name, model in MODELS.items() if model.url is None)


@pytest.mark.parametrize("name", PACKAGED)
def test_packaged_files_are_the_tables(name: str) -> None:
    model = MODELS[name]
    data = model.file.read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (model.bytes, model.sha256)
    assert len(data) < 16e6
    assert read_metadata(data)["name"] == name


def test_every_file_in_the_package_is_in_the_table() -> None:
    assert sorted(path.stem for path in MODELS[DEFAULT].file.parent.glob("*.onnx")) == PACKAGED


def test_terms_name_code_and_weights() -> None:
    assert MODELS[DEFAULT].terms.startswith("code: Apache-2.0; weights: trained ")


def test_resolve(tmp_path: Path) -> None:
    own = tmp_path / "own.onnx"
    own.write_bytes(b"")
    assert resolve(own) == own
    assert resolve(DEFAULT) == MODELS[DEFAULT].file
    with pytest.raises(ModelError, match="no model of that name; there are: photochrom, or give a file"):
        resolve("../photochrom")
    with pytest.raises(ModelError, match="there is no such model file"):
        resolve(tmp_path / "none.onnx")
