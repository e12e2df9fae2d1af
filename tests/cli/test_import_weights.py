"""``photochrom import-weights``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from photochrom.nets import registry
from photochrom.nets.eccv16 import test_eccv16 as tiny_eccv16
from photochrom.training.checkpoint import LAST


def test_published_weights_become_a_run_in_the_folder_that_is_named(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.DISTRIBUTION_NETS, "eccv16", tiny_eccv16)
    torch.save(tiny_eccv16().state_dict(), tmp_path / "release.pth")
    result = run("import-weights", "eccv16", "release.pth", "-o", "mine")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "mine: imported; try it with: photochrom export mine -o eccv16.onnx\n"
    assert (tmp_path / "mine" / LAST).is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["eccv17", "any.pth"], "eccv17: no published weights are known"),
        (["eccv16", "none.pth"], "none.pth: there is no such file"),
    ],
)
def test_what_cannot_be_imported_is_one_line(
    run: Any, tmp_path: Path, arguments: list[str], words: str
) -> None:
    result = run("import-weights", *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"photochrom: {words}")
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
