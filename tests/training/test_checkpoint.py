"""Checkpoints: what is saved comes back, and a failure never costs the one before."""

import errno
import json
import re
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from photochrom import files
from photochrom.errors import CheckpointError
from photochrom.training.checkpoint import (
    load_checkpoint,
    optimizer_tensors,
    restore_optimizer,
    revision,
    save_checkpoint,
    under,
)


def tensors(seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        "net.weight": torch.randn(8, 3, 5, 5, generator=generator),
        "net.count": torch.tensor(seed),
        "ema.half": torch.randn(4, generator=generator).half(),
    }


def assert_same(got: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert got.keys() == expected.keys()
    for key, value in expected.items():
        assert got[key].dtype == value.dtype
        assert torch.equal(got[key], value)


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    save_checkpoint(path, tensors(), {"step": 12, "recipe": '{"net": "x"}', "metrics": {"loss": 0.5}})
    got, metadata = load_checkpoint(path)
    assert_same(got, tensors())
    assert metadata["recipe"] == '{"net": "x"}'
    assert json.loads(metadata["step"]) == 12
    assert json.loads(metadata["metrics"]) == {"loss": 0.5}
    assert [p.name for p in tmp_path.iterdir()] == ["last.safetensors"]


def test_tensors_may_be_views_with_gradients_in_any_memory_order(tmp_path: Path) -> None:
    weight = tensors()["net.weight"].to(memory_format=torch.channels_last).requires_grad_()
    save_checkpoint(tmp_path / "a.safetensors", {"w": weight, "t": torch.eye(3, 4).T}, {})
    got, _ = load_checkpoint(tmp_path / "a.safetensors")
    assert_same(got, {"w": weight.detach(), "t": torch.eye(4, 3)})


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.99])
def test_a_checkpoint_cut_short_is_named(tmp_path: Path, share: float) -> None:
    path = tmp_path / "last.safetensors"
    save_checkpoint(path, tensors(), {"step": 1})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(
        CheckpointError, match=r"last\.safetensors: not a whole checkpoint .*; use another one"
    ):
        load_checkpoint(path)


def test_something_else_is_named(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0" * 100)
    with pytest.raises(CheckpointError, match=r"photo\.jpg: not a whole checkpoint"):
        load_checkpoint(path)


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "last.safetensors", tmp_path):
        with pytest.raises(CheckpointError, match=rf"{path.name}: there is no such checkpoint; train first"):
            load_checkpoint(path)


@pytest.mark.parametrize("stage", ["writing", "renaming"])
def test_failed_save_leaves_the_previous_checkpoint_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    path = tmp_path / "last.safetensors"
    save_checkpoint(path, tensors(1), {"step": 1})

    def full_disk(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def no_permission(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    if stage == "writing":
        monkeypatch.setattr(files.os, "fsync", full_disk)
    else:
        monkeypatch.setattr(files.os, "replace", no_permission)
    with pytest.raises(
        CheckpointError,
        match=r"last\.safetensors: (the disk is full|may not be written); the one before is whole; ",
    ):
        save_checkpoint(path, tensors(2), {"step": 2})
    got, metadata = load_checkpoint(path)
    assert_same(got, tensors(1))
    assert metadata["step"] == "1"
    assert [p.name for p in tmp_path.iterdir()] == ["last.safetensors"]


KINDS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adamw": torch.optim.AdamW,
    "sgd with momentum": partial(torch.optim.SGD, momentum=0.9),
    "plain sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_optimizer_goes_on_as_if_it_had_not_stopped(kind: str) -> None:
    inputs = torch.randn(6, 4, 5, generator=torch.Generator().manual_seed(0))

    def build() -> tuple[nn.Linear, torch.optim.Optimizer]:
        torch.manual_seed(1)
        net = nn.Linear(5, 2)
        return net, KINDS[kind]([{"params": [net.weight]}, {"params": [net.bias], "lr": 0.1}], lr=0.01)

    def steps(net: nn.Linear, optimizer: torch.optim.Optimizer, batches: Tensor) -> None:
        for batch in batches:
            optimizer.zero_grad()
            net(batch).square().mean().backward()
            optimizer.step()

    unbroken, first = build()
    steps(unbroken, first, inputs)

    stopped, second = build()
    steps(stopped, second, inputs[:3])
    resumed, third = build()
    resumed.load_state_dict(stopped.state_dict())
    saved = optimizer_tensors("optimizer.generator", second)
    names = {
        "adamw": ("step", "exp_avg", "exp_avg_sq"),
        "sgd with momentum": ("momentum_buffer",),
        "rmsprop": ("step", "square_avg"),
    }
    assert set(saved) == {f"optimizer.generator.{i}.{k}" for i in (0, 1) for k in names.get(kind, ())}
    others = {"net.weight": torch.zeros(1), "optimizer.generators.0.step": torch.tensor(99.0)}
    restore_optimizer("optimizer.generator", third, saved | others)
    steps(resumed, third, inputs[3:])
    assert torch.equal(resumed.weight, unbroken.weight)
    assert torch.equal(resumed.bias, unbroken.bias)
    assert [group["lr"] for group in third.param_groups] == [0.01, 0.1]


def test_tensors_under_a_prefix() -> None:
    named = {"net.a.b": torch.tensor(1), "net2.a": torch.tensor(2), "ema.net.a": torch.tensor(3)}
    assert under("net", named) == {"a.b": torch.tensor(1)}
    assert under("discriminator", named) == {}


def test_revision_is_the_commit_or_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    # In a checkout or in an installed package, whichever this is.
    assert re.fullmatch(r"[0-9a-f]{12}\+?|unknown", revision())

    def no_git(*_: object, **__: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "git")

    monkeypatch.setattr(subprocess, "run", no_git)
    assert revision() == "unknown"
