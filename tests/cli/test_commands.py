"""The list of commands: each is what it says, and none is imported before it is called."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys

import pytest
import typer

from photochrom.cli import COMMANDS, app

HEAVY = ("numpy", "cv2", "PIL", "torch", "onnxruntime", "asyncio", "rich", "pydantic", "fastapi")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_is_the_first_sentence_of_the_help(name: str) -> None:
    command = typer.main.get_command(app).get_command(None, name)
    words = " ".join((command.help or "").split())
    assert words.startswith(COMMANDS[name].summary.rstrip("."))


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_help_imports_no_command(arguments: list[str]) -> None:
    code = (
        "import sys; from photochrom.cli import main\n"
        f"sys.argv[1:] = {arguments!r}\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*(m for m in sys.modules if '.' not in m or m.startswith('photochrom.cli.')), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert not loaded & set(HEAVY)
    assert {module for module in loaded if module.startswith("photochrom.cli.")} == {"photochrom.cli.process"}
    assert "photochrom" in done.stdout + done.stderr


def test_help_lists_every_module_that_is_a_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "photochrom", "--help"], capture_output=True, text=True, check=True
    )
    for name, command in COMMANDS.items():
        importlib.import_module(f"photochrom.cli.{name.replace('-', '_')}")
        assert f"  {name} " in done.stdout
        assert command.panel in done.stdout


def test_a_wrong_name_is_a_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "photochrom", "colourise"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Did you mean 'colorize'?" in done.stderr


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("photochrom co", {"colorize", "compare"}),
        ("photochrom colorize --loo", {"--look"}),
        ("photochrom turing ", {"serve", "report"}),
    ],
)
def test_a_shell_completes_commands_and_options(words: str, wanted: set[str]) -> None:
    asked = {
        "_PHOTOCHROM_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    command = [sys.executable, "-m", "photochrom"]
    done = subprocess.run(command, env={**os.environ, **asked}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert set(done.stdout.split()) == wanted
