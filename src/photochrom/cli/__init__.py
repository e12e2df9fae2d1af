"""The command line: one file per command. A command's file is imported only when the command is called."""

from __future__ import annotations

import importlib
import re
import signal
import sys
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup

from photochrom import resources
from photochrom._version import __version__
from photochrom.cli import process

__all__ = ["COMMANDS", "app", "main"]


class Command(NamedTuple):
    """A command in the list of ``photochrom --help``. Its module has a function, or a typer app named "app"."""

    panel: str
    summary: str


PHOTOS, LABORATORY, HELP_PANEL = "Photos", "Laboratory", "Help"
COMMANDS = {
    "colorize": Command(PHOTOS, "Colorize photos."),
    "film": Command(PHOTOS, "Colorize films."),
    "bulk": Command(PHOTOS, "Colorize an archive on this machine or a cluster."),
    "watch": Command(PHOTOS, "Colorize the photos that arrive in a folder, until Ctrl-C."),
    "serve": Command(PHOTOS, "Serve the studio: a page for a browser, and an API at /docs."),
    "telegram": Command(PHOTOS, "Run a Telegram bot that sends each photo back in colour."),
    "info": Command(
        PHOTOS,
        "Describe photos: format, size, bit depth, pages, grey or in colour, and the model that colorized them.",
    ),
    "models": Command(PHOTOS, "List the models that --model takes by name, their sizes and their terms."),
    "train": Command(LABORATORY, "Train a recipe."),
    "recipes": Command(LABORATORY, "List the recipes of the laboratory, or print one."),
    "export": Command(LABORATORY, "Export a trained generator to ONNX."),
    "evaluate": Command(
        LABORATORY, "Score models, and doing nothing, on colour photos that they get in grey."
    ),
    "compare": Command(LABORATORY, "Train each recipe on the same photos for the same time, then judge all."),
    "turing": Command(
        LABORATORY, "The colorization Turing test: can people tell inferred colours from true ones?"
    ),
    "import-weights": Command(LABORATORY, "Import published weights into a run for `photochrom export`."),
    "man": Command(HELP_PANEL, "Print the manual page."),
}
EMPTY_OPTION = re.compile(r"--[\w-]+=")
HELP = {"help_option_names": ["-h", "--help"]}


class LazyGroup(TyperGroup):
    """The commands of `COMMANDS`. Each is imported when it is requested."""

    def __init__(self, **options: Any) -> None:
        # The names are enough for the help and for "did you mean".
        super().__init__(**{**options, "commands": dict.fromkeys(COMMANDS), "rich_markup_mode": None})

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Parse the arguments, and refuse an empty one: as a path it would mean the current folder."""
        for before, each in zip(["", *args], args, strict=False):
            if each == "" or EMPTY_OPTION.fullmatch(each):
                named = f"{(each or before).rstrip('=')}: " if (each or before).startswith("-") else ""
                print(f"photochrom: {named}an argument is empty; give a name or a value", file=sys.stderr)
                raise typer.Exit(2)
        return super().parse_args(ctx, args)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        if self.commands[cmd_name] is None:
            self.commands[cmd_name] = _load(cmd_name)
        return self.commands[cmd_name]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands without importing any."""
        for panel in dict.fromkeys(command.panel for command in COMMANDS.values()):
            with formatter.section(panel):
                formatter.write_dl(
                    [(name, command.summary) for name, command in COMMANDS.items() if command.panel == panel]
                )


def _load(name: str) -> Any:
    if COMMANDS[name].panel == PHOTOS:
        resources.one_blas_thread()
        resources.one_heap()
    resources.spare_address_space()
    limit = resources.address_space()
    if limit is not None and limit < resources.LEAST_MEMORY:
        least = f"{resources.LEAST_MEMORY / 1e6:.0f} MB"
        print(f"photochrom: needs {least} of memory; allow more (ulimit -v)", file=sys.stderr)
        raise typer.Exit(1)
    module = importlib.import_module(f"photochrom.cli.{name.replace('-', '_')}")
    own: typer.Typer | None = getattr(module, "app", None)
    if own is None:
        own = typer.Typer(add_completion=False, context_settings=HELP)
        own.command(name)(getattr(module, module.__name__.rpartition(".")[2]))
    if name != "colorize":  # it does this itself, after its imports
        process.start_collector()
    command = typer.main.get_command(own)
    command.name = name
    return command


app = typer.Typer(
    cls=LazyGroup,
    name="photochrom",
    help="Colour for black-and-white photographs, on this machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings=HELP,
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"photochrom {__version__}")
        raise typer.Exit


@app.callback()
def _photochrom(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and stop.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Colour for black-and-white photographs, on this machine."""


def main() -> None:
    """Run the command in ``sys.argv`` and exit: 0 success, 1 something failed, 2 wrong usage, 130 Ctrl-C."""
    # SIGTERM, from `kill` or a container, ends a run like Ctrl-C: only complete files, and the counts.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    process.open_streams()
    code: object = 0
    try:
        app(prog_name="photochrom")
    except KeyboardInterrupt:
        print("photochrom: stopped", file=sys.stderr)
        code = 130
    except SystemExit as end:
        code = end.code
    process.end(code)
