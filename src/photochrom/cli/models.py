"""``photochrom models``: list the available models and their terms."""

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
        from photochrom.modelfile.table import MODELS

        found = [(model, MODELS[model.name]) for model in available()]
        if as_json:
            print_json(
                [
                    {
                        "name": model.name,
                        "purpose": entry.purpose,
                        "path": str(model.path),
                        "url": entry.url,
                        "bytes": model.bytes,
                        "sha256": entry.sha256,
                        "parameters": model.parameters,
                        "licence": model.licence,
                        "code": entry.code,
                        "photos": entry.photos,
                        "description": model.description,
                        "metadata": model.metadata,
                    }
                    for model, entry in found
                ]
            )
            return
        for model, entry in found:
            typer.echo(f"{model.name}: {entry.purpose}")
            typer.echo(f"    {model.bytes / 1e6:.1f} MB, {model.parameters / 1e6:.1f} M parameters")
            typer.echo(f"    licence of the code: {entry.code}")
            typer.echo(f"    terms of the training photos: {entry.photos}")
