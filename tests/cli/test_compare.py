"""``photochrom compare``: what its options mean. The training and the table are tested with the bench."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from photochrom.cli.compare import _by_recipe, _for_all

Put = Callable[..., Path]


@pytest.fixture
def compare(run: Any, put: Put) -> Callable[..., Any]:
    """Compares recipes on eight small photos."""
    for number in range(8):
        put(f"photos/{number}.png", colour=True, width=64 + number)
    data = ("--data", "photos", "--eval", "photos", "--minutes", "0.001", "--train-size", "32")
    return lambda *arguments: run("compare", *arguments, *data, "--device", "cpu")


def test_files_are_given_to_recipes_by_the_names_of_their_rows() -> None:
    recipes = ["cnn4-rgb", "own/mine.toml"]
    assert _for_all(["all.pth", "mine=b.pth"], recipes) == [
        "cnn4-rgb=all.pth",
        "own/mine.toml=all.pth",
        "mine=b.pth",
    ]
    # The last one counts, so a file for one recipe goes before a file for all.
    given = _for_all(["mine=b.pth", "all.pth"], recipes)
    assert _by_recipe("--features", given, recipes, str) == {"cnn4-rgb": "all.pth", "mine": "b.pth"}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["cnn4-rbg"], 1, "cnn4-rbg: no such recipe (did you mean cnn4-rgb?)"),
        (["cnn4-rgb", "--encoder", "a.pth"], 2, "--encoder a.pth: write RECIPE=FILE"),
        (["cnn4-rgb", "--start", "cnn4-rgb="], 2, "--start cnn4-rgb=: write RECIPE=FILE"),
        (
            ["cnn4-rgb", "--encoder", "mine=a.pth"],
            2,
            "--encoder mine=a.pth: mine is not among the recipes that are compared",
        ),
        (["cnn4-rgb", "--fit", "squash"], 1, "fit is crop or stretch"),
        (["cnn4-rgb", "--clock", "sun"], 1, "sun"),
    ],
)
def test_wrong_options_are_one_line_before_anything_is_trained(
    compare: Callable[..., Any], tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    result = compare(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert words in result.stderr.splitlines()[-1]
    assert not (tmp_path / "comparison").exists()


def test_tiny_networks_try_a_comparison(compare: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[Any] = []

    def note(comparison: Any, fabric: Any, say: Any) -> tuple[dict[str, str], list[str]]:
        trained.append(comparison.recipe("pix2pix-unet", 0))
        return {}, ["pix2pix-unet"]

    monkeypatch.setattr("photochrom.bench.compare.train_all", note)
    assert compare("pix2pix-unet", "--tiny", "--train-size", "64").exit_code == 0
    assert compare("pix2pix-unet", "--train-size", "64").exit_code == 0
    assert [recipe.net.name for recipe in trained] == ["test_pix2pix_unet", "pix2pix_unet"]
