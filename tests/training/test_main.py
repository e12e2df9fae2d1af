"""``python -m photochrom.training``, from photos on disk to a checkpoint."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from photochrom.data.shards import PhotoSet
from photochrom.nets.mobilenetv2 import MobileNetV2
from photochrom.training.__main__ import main
from photochrom.training.checkpoint import load_checkpoint

RECIPE = 'net = "test_photochrom"\n[[stages]]\nsize = 32\nbatch = 2\nshare = 1\n'


@pytest.fixture
def command(tmp_path: Path, photos: PhotoSet) -> list[str]:
    """The arguments that every run here needs."""
    (tmp_path / "tiny.toml").write_text(RECIPE)
    for key, pixels in zip(photos.keys, photos.photos, strict=True):
        (tmp_path / "photos").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{key}.png")
    return [str(tmp_path / "tiny.toml"), "--data", str(tmp_path / "photos"), "--out", str(tmp_path / "run")]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr("sys.argv", ["photochrom.training", *arguments])
    main()


def test_trains_and_goes_on(
    tmp_path: Path,
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(monkeypatch, *command, "--steps", "2")
    assert capsys.readouterr().out.startswith("8 photos in 0 MB; left out: 0 grey, 0 unreadable\n")
    assert load_checkpoint(tmp_path / "run" / "last.safetensors")[1]["step"] == "2"
    run(monkeypatch, *command, "--steps", "3", "--resume")
    assert load_checkpoint(tmp_path / "run" / "last.safetensors")[1]["step"] == "3"


def test_limit_and_encoder(
    tmp_path: Path,
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    torch.manual_seed(3)
    weights = MobileNetV2().state_dict() | {"stem.weight": torch.randn(32, 3, 3, 3)}
    save_file(weights, tmp_path / "encoder.safetensors")
    encoder = ["--encoder", str(tmp_path / "encoder.safetensors")]
    run(monkeypatch, *command, *encoder, "--limit", "5", "--steps", "1")
    assert capsys.readouterr().out.startswith("5 photos")
    tensors, _ = load_checkpoint(tmp_path / "run" / "last.safetensors")
    torch.testing.assert_close(
        tensors["net.encoder.stem.weight"], weights["stem.weight"].sum(dim=1, keepdim=True)
    )


def test_a_budget_is_asked_for(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="either minutes or steps"):
        run(monkeypatch, *command)
