"""``photochrom export``: a trained run as one file for the product."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from photochrom.cli.console import give_up, say
from photochrom.cli.laboratory import laboratory


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, or one of its checkpoints.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.onnx", help="The model to write.")],
    card: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json", help="Name, description, licence, size, temperature, ... of the model."
        ),
    ] = None,
) -> None:
    """Export a trained generator to ONNX, for `photochrom colorize --model FILE.onnx` at any picture size."""
    if output.suffix != ".onnx":
        give_up(f"-o {output}: name a file that ends in .onnx", 2)
    with laboratory():
        from photochrom.training.export import export as write
        from photochrom.training.export import load_trained

        about = _card(card) if card else {}
        trained = load_trained(run)
        difference = write(trained, output, about)
    size = output.stat().st_size / 1e6
    say(f"{output}: {size:.1f} MB; its colours are torch's to {difference:.1g} Lab units")


def _card(path: Path) -> dict[str, Any]:
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: not JSON ({error})") from None
    if not isinstance(about, dict):
        raise ValueError(f"{path}: must hold one JSON object")
    return about
