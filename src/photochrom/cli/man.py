"""``photochrom man``: the manual page, made of the help of all commands."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import typer

from photochrom._version import __version__
from photochrom.cli.console import sentences, write_stdout

__all__ = ["man"]


def man() -> None:
    """Print the manual page. `photochrom man > photochrom.1 && man ./photochrom.1` shows it."""
    from photochrom.cli import COMMANDS, app

    group: Any = typer.main.get_command(app)
    context = group.make_context("photochrom", [], resilient_parsing=True)
    lines = [
        f'.TH PHOTOCHROM 1 "" "photochrom {__version__}"',
        ".SH NAME",
        f"photochrom \\- {_text(group.help)}",
        ".SH SYNOPSIS",
        ".B photochrom",
        "COMMAND [OPTIONS] [ARGUMENTS]",
        ".SH OPTIONS",
        *_options(group, context),
    ]
    for name in COMMANDS:
        command = group.get_command(context, name)
        lines += _command(command, f"photochrom {name}", context, ".SH")
    lines += [
        ".SH EXIT STATUS",
        "0: success. 1: something failed. 2: wrong usage. 130: stopped by Ctrl\\-C.",
    ]
    with sentences():
        write_stdout(("\n".join(lines) + "\n").encode())


def _command(command: Any, path: str, parent: Any, heading: str) -> Iterator[str]:
    context = type(parent)(command, info_name=path, parent=None)
    yield f'{heading} "{path}"'
    yield f".B {_text(path)}"
    yield _text(" ".join(command.collect_usage_pieces(context)))
    yield ".PP"
    yield from _paragraphs(command.help or "")
    yield from _options(command, context)
    for name in getattr(command, "commands", {}):
        yield from _command(command.get_command(context, name), f"{path} {name}", context, ".SS")


def _options(command: Any, context: Any) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            yield ".TP"
            yield f".B {_text(record[0])}"
            yield _text(record[1]) or "\\&"


def _paragraphs(help: str) -> Iterator[str]:
    for paragraph in inspect.cleandoc(help).split("\n\n"):
        yield _text(paragraph)
        yield ".PP"


def _text(words: str) -> str:
    """The words as troff reads them: a hyphen that is a minus sign, and no line that looks like a request."""
    line = " ".join(words.split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{line}" if line.startswith((".", "'")) else line
