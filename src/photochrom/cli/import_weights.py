"""``photochrom import-weights``: convert weights that a network's authors published into a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli.console import say
from photochrom.cli.laboratory import laboratory


def import_weights(
    name: Annotated[str, typer.Argument(metavar="eccv16|siggraph17")],
    file: Annotated[
        Path, typer.Argument(metavar="FILE.pth", help="The authors' file; no code in it is run.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the run. Default: runs/NAME.")
    ] = None,
) -> None:
    """Import published weights into a run for `photochrom export`."""
    with laboratory():
        from photochrom.training.pretrained import import_weights as take_over

        folder = out or Path("runs", name)
        take_over(name, file, folder)
    say(f"{folder}: imported; try it with: photochrom export {folder} -o {name}.onnx")
