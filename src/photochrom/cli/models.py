"""``photochrom models``: which networks can be chosen, and on what terms."""

from __future__ import annotations

from typing import Annotated

import typer

from photochrom.cli.console import print_json, sentences


def models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with each model's metadata.")] = False,
) -> None:
    """List the models that --model takes by name, their sizes and their terms."""
    with sentences():
        from photochrom.engine.models import available

        found = available()
        if as_json:
            print_json(
                [
                    {
                        "name": model.name,
                        "path": str(model.path),
                        "bytes": model.bytes,
                        "parameters": model.parameters,
                        "licence": model.licence,
                        "description": model.description,
                        "metadata": model.metadata,
                    }
                    for model in found
                ]
            )
            return
        for model in found:
            parameters = "" if model.parameters is None else f", {model.parameters / 1e6:.1f} M parameters"
            typer.echo(f"{model.name}: {model.description or 'no description'}")
            typer.echo(f"    {model.bytes / 1e6:.1f} MB{parameters}, {model.licence}")
