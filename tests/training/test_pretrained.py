"""Published weights: the authors' keys are taken over, and nothing in a file is run."""

import json
import pickle
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from photochrom.errors import CheckpointError
from photochrom.nets.eccv16 import test_eccv16 as tiny_eccv16
from photochrom.nets.registry import DISTRIBUTION_NETS
from photochrom.nets.siggraph17 import test_siggraph17 as tiny_siggraph17
from photochrom.training.checkpoint import LAST, load_checkpoint
from photochrom.training.export import load_trained
from photochrom.training.pretrained import import_weights, read_tensors

NETS = {"eccv16": tiny_eccv16, "siggraph17": tiny_siggraph17}


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The published nets with a sixteenth of their channels: the keys are the same, and 130 MB are 1."""
    for name, builder in NETS.items():
        monkeypatch.setitem(DISTRIBUTION_NETS, name, builder)


def norm(prefix: str, width: int) -> dict[str, tuple[int, ...]]:
    names = ("weight", "bias", "running_mean", "running_var")
    return {f"{prefix}.{name}": (width,) for name in names}


def eccv16_shapes(w: int = 4) -> dict[str, tuple[int, ...]]:
    """The keys of the authors' release, from the paper's table and its `nn.Sequential`s."""
    shapes: dict[str, tuple[int, ...]] = {}

    def convolutions(name: str, widths: list[int]) -> None:
        for i, (below, width) in enumerate(pairwise(widths)):
            shapes[f"{name}.{2 * i}.weight"], shapes[f"{name}.{2 * i}.bias"] = (width, below, 3, 3), (width,)
        shapes.update(norm(f"{name}.{2 * len(widths) - 2}", widths[-1]))

    convolutions("model1", [1, w, w])
    convolutions("model2", [w, 2 * w, 2 * w])
    convolutions("model3", [2 * w, *[4 * w] * 3])
    convolutions("model4", [4 * w, *[8 * w] * 3])
    for name in ("model5", "model6", "model7"):
        convolutions(name, [8 * w] * 4)
    shapes |= {"model8.0.weight": (8 * w, 4 * w, 4, 4), "model8.0.bias": (4 * w,)}
    for i in (2, 4):
        shapes |= {f"model8.{i}.weight": (4 * w, 4 * w, 3, 3), f"model8.{i}.bias": (4 * w,)}
    shapes |= {"model8.6.weight": (313, 4 * w, 1, 1), "model8.6.bias": (313,)}
    return shapes | {"model_out.weight": (2, 313, 1, 1)}


def random_state(shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {key: torch.rand(shape, generator=generator) for key, shape in shapes.items()}


def siggraph17_state() -> dict[str, Tensor]:
    """Whatever the net itself publishes: all but what is ours alone."""
    state = tiny_siggraph17().state_dict()
    assert "model10up.0.weight" in state
    assert "model_class.0.bias" in state
    return {key: value for key, value in state.items() if key != "log_weights"}


@pytest.mark.parametrize("name", NETS)
def test_the_authors_file_becomes_a_run(tmp_path: Path, name: str) -> None:
    state = random_state(eccv16_shapes()) if name == "eccv16" else siggraph17_state()
    torch.save(state, tmp_path / "release.pth")
    path = import_weights(name, tmp_path / "release.pth", tmp_path / "runs" / name)
    assert path == tmp_path / "runs" / name / LAST
    _, metadata = load_checkpoint(path)
    assert "Zhang et al. 201" in metadata["licence"]
    assert metadata["name"] == name
    trained = load_trained(path.parent)
    assert not trained.net.training
    ours = trained.net.state_dict()
    assert all(torch.equal(ours[key], value) for key, value in state.items())
    assert (trained.net.log_weights == 0).all()
    assert json.loads(metadata["recipe"])["net"]["name"] == name


def test_a_safetensors_file_will_do_too(tmp_path: Path) -> None:
    save_file(random_state(eccv16_shapes()), tmp_path / "release.safetensors")
    assert import_weights("eccv16", tmp_path / "release.safetensors", tmp_path / "run").is_file()


class Code:
    """A pickle that does something when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("how", ["torch", "pickle"])
def test_a_file_with_code_in_it_is_refused(tmp_path: Path, how: str) -> None:
    file, trace = tmp_path / "release.pth", tmp_path / "executed"
    state = random_state(eccv16_shapes()) | {"more": Code(trace)}
    if how == "torch":
        torch.save(state, file)
    else:
        file.write_bytes(pickle.dumps(Code(trace)))
    with pytest.raises(CheckpointError, match=r"release\.pth: not a readable file of weights") as caught:
        import_weights("eccv16", file, tmp_path / "run")
    assert "\n" not in str(caught.value)
    assert not trace.exists()
    assert not (tmp_path / "run").exists()


def test_weights_of_another_net_are_refused(tmp_path: Path) -> None:
    torch.save(siggraph17_state(), tmp_path / "release.pth")
    with pytest.raises(CheckpointError, match=r"release\.pth: not the published weights of eccv16") as caught:
        import_weights("eccv16", tmp_path / "release.pth", tmp_path / "run")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600
    with pytest.raises(
        CheckpointError, match="photochrom: no published weights are known; there are: eccv16"
    ):
        import_weights("photochrom", tmp_path / "release.pth", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_what_is_not_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"none\.pth: there is no such file"):
        read_tensors(tmp_path / "none.pth")
    with pytest.raises(CheckpointError, match="there is no such file"):
        read_tensors(tmp_path)
    for name, content in (
        ("half.pth", b"PK\x03\x04 and then"),
        ("half.safetensors", b"\x10"),
        ("no.pth", b""),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CheckpointError, match=rf"{name}: not a readable file of weights"):
            read_tensors(tmp_path / name)
    for value in ([torch.zeros(1)], {"epoch": 3}, {"state_dict": {"a": torch.zeros(1)}}):
        torch.save(value, tmp_path / "other.pth")
        with pytest.raises(CheckpointError, match=r"other\.pth: holds something else than named tensors"):
            read_tensors(tmp_path / "other.pth")
