"""What goes wrong in the laboratory is one line; what is a fault of the program keeps its traceback."""

from __future__ import annotations

import errno

import pytest
import typer

from photochrom.cli.laboratory import laboratory
from photochrom.errors import RecipeError


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RecipeError("mine.toml", "has no net"), "mine.toml: has no net"),
        (ValueError("size must be more than 0"), "size must be more than 0"),
        (RuntimeError("CUDA out of memory"), "CUDA out of memory"),
        (FloatingPointError("the loss is NaN"), "the loss is NaN"),
        (OSError("photos: a sentence of ours"), "photos: a sentence of ours"),
        (OSError(errno.ENOSPC, "No space left on device", "run"), "run: the disk is full"),
        (
            ModuleNotFoundError("gone", name="torch.nn"),
            'training needs torch.nn; install it with: pip install ".[train]"'
            " in the folder of Photochrom's source",
        ),
    ],
)
def test_an_error_is_one_line(error: Exception, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as raised, laboratory():
        raise error
    assert raised.value.exit_code == 1
    assert capsys.readouterr() == ("", f"photochrom: {words}\n")


def test_an_exit_keeps_its_code_and_says_nothing_more(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as raised, laboratory():
        raise typer.Exit(130)
    assert raised.value.exit_code == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("error", [ModuleNotFoundError("gone", name="photochrom.nets"), KeyError("net")])
def test_a_fault_of_the_program_keeps_its_traceback(error: Exception) -> None:
    with pytest.raises(type(error)), laboratory():
        raise error
