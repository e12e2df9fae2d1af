"""Two processes make of half a batch each what one makes of the whole."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

import photochrom
from photochrom.cli import app
from photochrom.data.dataset import PhotoDataset
from photochrom.training.checkpoint import LAST, load_checkpoint

# Every step takes over the weights, and wraps them anew. Nothing here differs between a batch and its halves: there
# is no batch norm, no dropout, no chance in labels and no random point between real and fake.
RECIPE = """
ema = 0.9
[net]
name = "cnn4"
[data]
space = "rgb"
split = "2"
aged = 0.5
[[stages]]
size = 32
batch = 4
share = 0.4
step = "alone"
[[stages]]
size = 32
batch = 2
share = 0.3
step = "game"
[[stages]]
size = 64
batch = 2
share = 0.3
step = "distance"
[steps.alone]
kind = "regression"
optimizer = { rate = 1e-3, clip = 0.5 }
[steps.game]
kind = "adversarial"
gan = { discriminator = { name = "test_patchgan", args = { norm = "none" } }, alternate = 1 }
optimizer = { rate = 1e-3, discriminator_rate = 1e-3 }
[steps.distance]
kind = "wasserstein"
critic = { name = "test_patchgan", args = { norm = "none" } }
critic_steps = 2
clip_weights = 0.05
optimizer = { rate = 1e-3 }
"""
STEPS = 10


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment() -> dict[str, str]:
    """This process's, with the package that is tested here, one thread, and talk on this machine only."""
    source = str(Path(photochrom.__file__).parents[1])
    paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
    local = {"GLOO_SOCKET_IFNAME": "lo"} if sys.platform == "linux" else {}
    return os.environ | local | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}


def launch(folder: Path, processes: int, *arguments: str) -> str:
    """``photochrom ARGUMENTS`` in so many processes; returns what all of them said."""
    address = [f"--nproc-per-node={processes}", "--master-addr=127.0.0.1", f"--master-port={free_port()}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", *address, "-m", "photochrom", *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=300)
    except subprocess.TimeoutExpired:
        # With its children, which would go on waiting for each other.
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert process.returncode == 0, said
    return said


def test_two_processes_equal_one_with_the_joint_batch(
    tmp_path: Path, photos: PhotoDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipe.toml").write_text(RECIPE)
    (tmp_path / "photos").mkdir()
    for i in range(8):
        Image.fromarray(photos[i]).save(tmp_path / "photos" / f"{i}.png")
    train = ["train", "recipe.toml", "photos", "--steps", str(STEPS), "--device", "cpu", "--out"]

    said = launch(tmp_path, 2, *train, "two")
    assert "Traceback" not in said
    assert said.count("parameters, on cpu") == 1, "only the first process speaks"
    alone = CliRunner().invoke(app, [*train, "one"])
    assert alone.exit_code == 0, alone.output

    one, one_about = load_checkpoint(tmp_path / "one" / LAST)
    two, two_about = load_checkpoint(tmp_path / "two" / LAST)
    assert position(one_about) == position(two_about) == [STEPS, 28, 6]
    assert one.keys() == two.keys()
    assert {key.split(".")[0] for key in one} == {"net", "ema", "discriminator0", "optimizer"}
    for key, value in one.items():
        # An optimizer's squares of gradients may be large; weights are below 1.
        relative = 1e-4 if key.startswith("optimizer") else 0
        torch.testing.assert_close(
            two[key], value, atol=1e-5, rtol=relative, msg=lambda m, key=key: f"{key}: {m}"
        )
    assert float(two_about["best"]) == pytest.approx(float(one_about["best"]), abs=1e-3)
    first, second = ((tmp_path / name / "log.csv").read_text().splitlines() for name in ("one", "two"))
    assert [row.split(",")[0] for row in first] == [row.split(",")[0] for row in second]


def position(metadata: dict[str, str]) -> list[int]:
    """Steps and photos, of all processes together."""
    at = json.loads(metadata["position"])
    return [at["step"], at["photos"], at["stage_photos"]]
