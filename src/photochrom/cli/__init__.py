"""The command line: one file per command, and nothing heavy imported before a command needs it."""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated

import typer

from photochrom._version import __version__
from photochrom.cli import (
    colorize,
    compare,
    evaluate,
    export,
    import_weights,
    info,
    models,
    recipes,
    serve,
    telegram,
    train,
    turing,
    watch,
)

__all__ = ["app", "main"]

LABORATORY = "Laboratory"

app = typer.Typer(
    name="photochrom",
    help="Colour for black-and-white photographs, on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("colorize")(colorize.colorize)
app.command("watch")(watch.watch)
app.command("serve")(serve.serve)
app.command("telegram")(telegram.telegram)
app.command("info")(info.info)
app.command("models")(models.models)
app.command("train", rich_help_panel=LABORATORY)(train.train)
app.command("recipes", rich_help_panel=LABORATORY)(recipes.recipes)
app.command("export", rich_help_panel=LABORATORY)(export.export)
app.command("evaluate", rich_help_panel=LABORATORY)(evaluate.evaluate)
app.command("compare", rich_help_panel=LABORATORY)(compare.compare)
app.add_typer(turing.app, name="turing", rich_help_panel=LABORATORY)
app.command("import-weights", rich_help_panel=LABORATORY)(import_weights.import_weights)


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
    """Run the command in ``sys.argv`` and exit: 0 all well, 1 something failed, 2 usage, 130 Ctrl-C."""
    # `kill` and a container's stop end a run as Ctrl-C does: whole files only, and the counts.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    code: object = 0
    try:
        app(prog_name="photochrom")
    except KeyboardInterrupt:
        print("photochrom: stopped", file=sys.stderr)
        code = 130
    except SystemExit as end:
        code = end.code
    if not _threads_abandoned() and code != 130 and not _one_of_several():
        sys.exit(code)  # type: ignore[arg-type]
    # After Ctrl-C, threads may be deep in a network; a normal exit would wait for them for seconds.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)


def _threads_abandoned() -> bool:
    """Whether Ctrl-C left threads at work in a network."""
    batch = sys.modules.get("photochrom.jobs.batch")
    return batch is not None and bool(batch.threads_abandoned())


def _one_of_several() -> bool:
    """Whether this process trains together with others.

    The threads that talk to them (gloo) may still drop tensors while Python ends, which aborts the process now and
    then (pytorch/pytorch#179291). All is written by then, so such a process ends without Python's own end.
    """
    distributed = sys.modules.get("torch.distributed")
    return distributed is not None and bool(distributed.is_available() and distributed.is_initialized())
