"""A model file in ONNX Runtime: what is refused, what comes out, and what it holds and tells."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from photochrom.engine.models import resolve
from photochrom.engine.session import PROVIDERS, Session
from photochrom.errors import ModelError
from photochrom.modelfile.metadata import properties


def test_a_file_that_is_not_ours(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    path = tmp_path / "other.onnx"
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "g",
        [value],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    with pytest.raises(ModelError, match=r"other\.onnx.*not a Photochrom model"):
        Session(path)
    path.write_bytes(b"not onnx at all")
    with pytest.raises(ModelError, match=r"other\.onnx.*ONNX Runtime"):
        Session(path)
    with pytest.raises(ModelError, match="photochrom"):
        resolve("no-such-model")
    with pytest.raises(ModelError, match="no such device"):
        Session(resolve("photochrom"), device="abacus")


def test_a_large_run_gives_its_memory_back() -> None:
    """Measured, not mocked: what the process holds after a run at 1024 px is near what it held before."""
    code = """
import numpy as np
from photochrom.engine.models import resolve
from photochrom.engine.session import Session

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6

session = Session(resolve("photochrom"), threads=1)
small = np.full((1, 1, 192, 192), 50, np.float32)
session.run(small, ["ab"])
before = resident()
session.run(np.full((1, 1, 1536, 1536), 50, np.float32), ["ab"])
print(resident() - before)
for _ in range(3):
    logits = session.run(np.full((2, 1, 768, 768), 50, np.float32), ["logits"])
del logits
session.run(small, ["ab"])
print(resident() - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    at_once, after_another = map(float, done.stdout.split())
    assert at_once < 150
    assert after_another < 200  # what the C library keeps for the next run


def test_the_runtime_tells_nobody(tmp_path: Path) -> None:
    code = "import photochrom.engine.session, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    environment = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=environment | {"TMPDIR": str(tmp_path)},
    )
    assert done.stdout.strip() == "1"
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(resolve("photochrom"), device="cpu", threads=1)


def test_a_device_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError) as caught:
        Session(resolve("photochrom"), device="abacus")
    assert all(name in str(caught.value) for name in ("abacus", "auto", *PROVIDERS))
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ModelError, match="choose the device cpu"):
        Session(resolve("photochrom"), device="cuda")


def test_auto_takes_the_processor_where_there_is_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    found = Session(resolve("photochrom"), threads=1)
    assert found._session.get_providers() == ["CPUExecutionProvider"]


def test_outputs_come_in_the_order_asked_for(session: Session) -> None:
    lightness = np.linspace(0, 100, 2 * 64 * 96, dtype=np.float32).reshape(2, 1, 64, 96)
    confidence, ab, logits = session.run(lightness, ["confidence", "ab", "logits"])
    assert ab.shape == (2, 2, 16, 24)
    assert confidence.shape == (2, 1, 16, 24)
    assert logits.shape == (2, len(session.bins), 16, 24)
    np.testing.assert_array_equal(session.run(lightness, ["ab"])[0], ab)


def test_hints_are_given_and_a_net_without_a_distribution_claims_the_same_everywhere(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    # A net whose a and b are the hints'.
    lightness, hints, ab = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", channels, "H", "W"])
        for name, channels in (("lightness", 1), ("hints", 3), ("ab", 2))
    )
    bounds = [
        helper.make_tensor(name, TensorProto.INT64, [1], [at]) for name, at in (("s", 0), ("e", 2), ("a", 1))
    ]
    node = helper.make_node("Slice", ["hints", "s", "e", "a"], ["ab"])
    graph = helper.make_graph([node], "g", [lightness, hints], [ab], bounds)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, properties({"name": "echo"}))
    onnx.save(model, tmp_path / "echo.onnx")
    session = Session(tmp_path / "echo.onnx", threads=1)
    assert (session.takes_hints, session.has_distribution, session.has_affinity) == (True, False, False)
    given = np.random.default_rng(0).random((1, 3, 4, 6), np.float32)
    grey = np.zeros((1, 1, 4, 6), np.float32)
    sure, found = session.run(grey, ["confidence", "ab"], hints=given)
    np.testing.assert_array_equal(found, given[:, :2])
    np.testing.assert_array_equal(sure, np.ones((1, 1, 4, 6)))
    np.testing.assert_array_equal(session.run(grey, ["ab"])[0], np.zeros((1, 2, 4, 6)))


def test_a_size_that_the_network_cannot_run_is_a_sentence(session: Session) -> None:
    with pytest.raises(ModelError, match=r"photochrom.*failed at 33x31"):
        session.run(np.zeros((1, 1, 31, 33), np.float32), ["ab"])
