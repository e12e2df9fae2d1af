"""``photochrom recipes``: what can be trained."""

from __future__ import annotations

from typing import Annotated

import typer

from photochrom.cli.laboratory import laboratory


def recipes(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Print this one whole.")] = None,
) -> None:
    """List the recipes of the laboratory, or print one: copy it to a file of your own and change it."""
    with laboratory():
        from photochrom.training.recipe_files import read_table, recipe_names, recipe_path

        if name is not None:
            read_table(name)
            typer.echo(recipe_path(name).read_text(encoding="utf-8"), nl=False)
            return
        names = recipe_names()
        for each in names:
            typer.echo(f"{each:<{max(map(len, names))}}  {read_table(each)['title']}")
