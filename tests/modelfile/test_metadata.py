"""What a model's file says of itself."""

import json
import subprocess
import sys

import pytest

from photochrom.errors import ModelError
from photochrom.modelfile.metadata import parse, properties


def test_what_is_written_is_read() -> None:
    metadata = {"name": "n", "prior_strength": 0.45, "trained": {"recipe": {"kind": "x"}}}
    assert parse(properties(metadata), "n.onnx") == (metadata, 2)
    assert json.loads(properties(metadata)["photochrom"])["schema"] == 2


def test_a_file_without_a_schema_is_of_the_first() -> None:
    said = {"photochrom": json.dumps({"vividness": 0.3, "size": 192})}
    assert parse(said, "old.onnx") == ({"prior_strength": 0.3, "size": 192}, 1)


@pytest.mark.parametrize(
    "text", [None, "", "not JSON", "[1, 2]", "3", "null", '{"schema": "two"}', '{"schema": null}']
)
def test_other_files_are_refused(text: str | None) -> None:
    with pytest.raises(ModelError, match=r"^x\.onnx: an ONNX file, but not a Photochrom model"):
        parse({} if text is None else {"photochrom": text}, "x.onnx")


def test_a_newer_file_says_what_to_do() -> None:
    with pytest.raises(ModelError, match="newer version of Photochrom; install that version"):
        parse({"photochrom": '{"schema": 3}'}, "x.onnx")


def test_the_contract_loads_no_framework() -> None:
    code = (
        "import sys, pkgutil, importlib, photochrom.modelfile as room\n"
        "for m in pkgutil.iter_modules(room.__path__): importlib.import_module(f'{room.__name__}.{m.name}')\n"
        "print(sorted({'torch', 'onnx', 'onnxruntime', 'numpy', 'cv2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
