"""Export: one file per net, the same colours as torch at every size, and metadata that says what it is."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from torch import Tensor

import photochrom
from photochrom._version import __version__
from photochrom.color.quantize import ab_bins
from photochrom.data.dataset import PhotoDataset
from photochrom.errors import CheckpointError
from photochrom.modelfile.names import METADATA_KEY
from photochrom.training import export as exporting
from photochrom.training.budget import Budget
from photochrom.training.checkpoint import BEST, LAST, load_checkpoint, save_checkpoint
from photochrom.training.export import Trained, describe, export, load_trained
from photochrom.training.loop import Saving, train
from photochrom.training.networks import build_generator
from photochrom.training.recipe import Recipe, validate

MakeRecipe = Callable[..., Recipe]

# An export takes seconds: these have all that its code tells apart but a net without hints, which is one of those
# that test_recipes.py exports.
FAMILIES: dict[str, dict[str, Any]] = {
    "rgb": {"net": {"name": "test_cnn4", "args": {"stride": 2}}, "data": {"space": "rgb", "inputs": 3}},
    "spectral": {
        "net": {"name": "test_resnet_unet", "args": {"spectral_norm": True}},
        "data": {"space": "lab"},
        "ema": 0.5,
    },
    "hinted": {
        "net": {"name": "test_siggraph17"},
        "steps": {"train": {"kind": "classification", "huber": 10, "mix": 0.5}},
    },
}


@dataclass
class Exported:
    """A trained net, its file, and what the export said."""

    trained: Trained
    path: Path
    difference: float
    run: Path

    def __post_init__(self) -> None:
        self.session = ort.InferenceSession(self.path, providers=["CPUExecutionProvider"])
        properties = self.session.get_modelmeta().custom_metadata_map
        assert set(properties) == {METADATA_KEY}
        self.about = json.loads(properties[METADATA_KEY])


@pytest.fixture(scope="module")
def exported(
    tmp_path_factory: pytest.TempPathFactory, photos: PhotoDataset, recipe: MakeRecipe
) -> Callable[[str], Exported]:
    """Trains a family's net for a moment and exports it, once."""
    done: dict[str, Exported] = {}

    def get(family: str) -> Exported:
        if family not in done:
            folder = tmp_path_factory.mktemp("export")
            settings = recipe(
                **FAMILIES[family], stages=[{"size": 64, "batch": 2}], title=f"A net for {family}"
            )
            saving = Saving(name=family, licence="CC0-1.0")
            train(settings, photos, folder / "run", Budget(steps=2), saving=saving)
            difference = export(load_trained(folder / "run"), folder / "model.onnx", {"prior_strength": 0.25})
            # Once more, for the export changes the net that it is given.
            done[family] = Exported(
                load_trained(folder / "run"), folder / "model.onnx", difference, folder / "run"
            )
        return done[family]

    return get


def colors(trained: Trained, inputs: dict[str, Tensor]) -> Tensor:
    """The a and b of a trained net, not by way of the export's own wrappers."""
    net, space = trained.net, trained.space
    with torch.no_grad():
        if hasattr(net, "predict"):
            hints = inputs.get("hints")
            ab, _, _ = net.predict(
                inputs["lightness"], hints, inputs["temperature"], inputs["prior_strength"]
            )
            return torch.as_tensor(ab)
        # L* to encoded grey, by CIE's and sRGB's own formulas.
        f = (inputs["lightness"].double() + 16) / 116
        y = torch.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
        grey = torch.where(y > 0.0031308, 1.055 * y ** (1 / 2.4) - 0.055, 12.92 * y).float()
        return space.to_ab(net(space.grey_to_input(grey)), grey)


@pytest.mark.parametrize("family", FAMILIES)
def test_colors_are_torchs_at_shapes_the_export_never_saw(
    exported: Callable[[str], Exported], family: str
) -> None:
    model = exported(family)
    multiple = int(model.trained.net.multiple)
    assert 0 <= model.difference < 0.011
    names = {node.name for node in model.session.get_inputs()}
    generator = torch.Generator().manual_seed(1)
    for batch, rows, columns in ((3, 1, 5), (1, 4, 2)):
        shape = (batch, rows * multiple, columns * multiple)
        hints = torch.zeros(shape[0], 3, *shape[1:])
        hints[0, :, 1:4, 2:6] = torch.tensor([40.0, -30.0, 1.0]).view(3, 1, 1)
        every = {
            "lightness": 100 * torch.rand(shape[0], 1, *shape[1:], generator=generator),
            "hints": hints,
            "temperature": torch.tensor(0.4),
            "prior_strength": torch.tensor(0.7),
        }
        inputs = {name: value for name, value in every.items() if name in names}
        got = dict(
            zip(
                [node.name for node in model.session.get_outputs()],
                model.session.run(None, {name: value.numpy() for name, value in inputs.items()}),
                strict=True,
            )
        )
        wanted = colors(model.trained, inputs)
        assert wanted.std() > 1e-4
        np.testing.assert_allclose(got["ab"], wanted.numpy(), atol=0.011)
        assert set(got) == ({"ab", "confidence", "logits"} if "temperature" in names else {"ab"})


@pytest.mark.parametrize("family", FAMILIES)
def test_metadata_says_what_it_is_and_nothing_of_this_machine(
    exported: Callable[[str], Exported], family: str
) -> None:
    model = exported(family)
    about, net = model.about, model.trained.net
    assert about["name"] == family
    assert about["description"] == f"A net for {family}"
    assert (about["licence"], about["version"]) == ("CC0-1.0", __version__)
    assert (about["size"], about["multiple"]) == (64, net.multiple)
    assert about["parameters"] == sum(p.numel() for p in net.parameters())
    assert about["data"].startswith("8 photos")
    assert about["prior_strength"] == 0.25, "the card is stronger"
    assert validate(about["trained"]["recipe"], "metadata") == model.trained.recipe
    assert about["trained"]["position"]["step"] == 2
    assert np.array_equal(about.get("bins", []), net.bins.numpy() if hasattr(net, "bins") else [])

    data = model.path.read_bytes()
    package = Path(photochrom.__file__).parent
    for place in (
        package,
        package.parent,
        Path(sys.prefix),
        Path(torch.__file__).parent,
        model.run,
        Path.home(),
    ):
        assert len(str(place)) == 1 or str(place).encode() not in data, place
    assert b"site-packages" not in data
    assert b".py" not in data
    assert sorted(p.name for p in model.path.parent.iterdir()) == ["model.onnx", "run"]


def test_the_products_own_bins_need_no_saying(recipe: MakeRecipe) -> None:
    settings = recipe(net={"name": "test_photochrom"}, steps={"train": {"kind": "classification"}})
    net, space = build_generator(settings)
    about = describe(Trained(net, space, settings, {}), {})
    assert np.array_equal(net.bins.numpy(), ab_bins())
    assert "bins" not in about
    assert (about["prior_strength"], about["licence"], about["data"]) == (1.0, "not stated", "not stated")
    assert 0 < about["temperature"] <= 1


def test_averaged_weights_are_the_ones_exported(exported: Callable[[str], Exported]) -> None:
    tensors, _ = load_checkpoint(exported("spectral").run / LAST)
    bias = exported("spectral").trained.net.head.bias
    assert torch.equal(bias, tensors["ema.head.bias"])
    assert not torch.equal(bias, tensors["net.head.bias"])


def test_spectral_norms_are_folded(exported: Callable[[str], Exported]) -> None:
    model = exported("spectral")
    proto = onnx.load(model.path)
    convolutions = [node for node in proto.graph.node if node.op_type == "Conv"]
    constants = {tensor.name for tensor in proto.graph.initializer}
    assert len(convolutions) > 20
    # A weight that is still computed from a spectral norm would come out of another node.
    assert all(node.input[1] in constants for node in convolutions)
    assert any("parametrizations" in key for key in model.trained.net.state_dict())


def test_hints_of_the_file_have_an_effect(exported: Callable[[str], Exported]) -> None:
    model = exported("hinted")
    inputs = {
        "lightness": np.full((1, 1, 32, 32), 50, np.float32),
        "temperature": np.array(0.4, np.float32),
        "prior_strength": np.array(1, np.float32),
    }
    hints = np.zeros((1, 3, 32, 32), np.float32)
    (plain,) = model.session.run(["ab"], inputs | {"hints": hints})
    hints[:, :, 8:16, 8:16] = np.array([60, 40, 1], np.float32)[:, None, None]
    (hinted,) = model.session.run(["ab"], inputs | {"hints": hints})
    assert np.abs(hinted - plain).max() > 1e-3


def test_a_run_is_its_last_checkpoint_or_the_one_named(
    exported: Callable[[str], Exported], tmp_path: Path
) -> None:
    tensors, metadata = load_checkpoint(exported("rgb").run / LAST)
    save_checkpoint(tmp_path / LAST, tensors, metadata)
    zeros = {key: torch.zeros_like(value) for key, value in tensors.items()}
    save_checkpoint(tmp_path / BEST, zeros, metadata)
    assert any(p.abs().max() > 0 for p in load_trained(tmp_path).net.parameters())
    assert all((p == 0).all() for p in load_trained(tmp_path / BEST).net.parameters())


@pytest.fixture
def last(exported: Callable[[str], Exported], tmp_path: Path) -> Callable[..., Path]:
    """Writes a checkpoint like the one of "rgb", but for some of its tensors or metadata."""
    tensors, metadata = load_checkpoint(exported("rgb").run / LAST)

    def write(change: dict[str, Tensor], **about: str | None) -> Path:
        said = {key: value for key, value in (metadata | about).items() if value is not None}
        save_checkpoint(tmp_path / LAST, {**tensors, **change}, said)
        return tmp_path / LAST

    return write


def test_a_broken_checkpoint_is_named(last: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"last\.safetensors: there is no such checkpoint"):
        load_trained(tmp_path)
    half = last({})
    half.write_bytes(half.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r"last\.safetensors: not a whole checkpoint"):
        load_trained(tmp_path)
    for recipe in (None, "{}", "not json", '{"net": "photochrom"}'):
        with pytest.raises(CheckpointError, match=r"last\.safetensors: not a checkpoint of this version"):
            load_trained(last({}, recipe=recipe))
    with pytest.raises(CheckpointError, match=r"last\.safetensors: does not hold the net test_cnn4"):
        load_trained(last({"net.layers.0.weight": torch.zeros(1, 1, 3, 3)}))
    with pytest.raises(CheckpointError, match=r"last\.safetensors: does not hold the net test_cnn4"):
        load_trained(last({"net.more": torch.zeros(1)}))


def test_a_file_that_differs_from_torch_is_not_written(
    exported: Callable[[str], Exported], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, model = tmp_path / "model.onnx", exported("rgb")
    path.write_bytes(b"the one before")
    monkeypatch.setattr(exporting, "_to_onnx", lambda *_: onnx.load(model.path))
    monkeypatch.setattr(exporting, "TOLERANCE", -1.0)
    with pytest.raises(RuntimeError, match=r"colours differ from the trained one's by .* Lab units"):
        export(load_trained(model.run), path)
    assert path.read_bytes() == b"the one before"
    assert [p.name for p in tmp_path.iterdir()] == ["model.onnx"]
